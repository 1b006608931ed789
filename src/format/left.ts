/** What a restore leaves for people to do. */
import type { Plan } from '../plan/plan.ts'
import type { Report } from '../run/run.ts'
import { indent } from './layout.ts'
import { firstOf, formatColumn, formatTable } from './names.ts'
import { plural } from './quantities.ts'
import { sanitise } from './sanitise.ts'
import type { Setting } from './style.ts'

/** Files that do not exist, a sentence per column. */
export const formatMissingFiles = (missing: Plan['missingFiles']): readonly string[] =>
  missing.flatMap(({ table, column, keys, unchecked }) => {
    const name = `${formatTable(table)}.${formatColumn(column)}`
    const rows = firstOf(keys.map((key) => sanitise(key)))
    const verb = keys.length === 1 ? 'does' : 'do'
    return [
      ...(keys.length === 0 ? [] : [`${plural(keys.length, 'file')} of ${name} ${verb} not exist: those of ${rows}.`]),
      ...(unchecked === 0
        ? []
        : [`Nobody knows of ${plural(unchecked, 'file')} of ${name}: not looked for, or no answer.`]),
    ]
  })

/** Materialised views to refresh, in one sentence. */
export const formatViews = (views: Plan['materialisedViews']): readonly string[] =>
  views.length === 0 ? [] : [`Refresh afterwards, in this order: ${views.map(formatTable).join(', ')}.`]

const named = ({ table, trigger }: { readonly table: string; readonly trigger: string }): string =>
  sanitise(`${formatTable(table)}.${trigger}`)

/** What is left to do after a run, under a heading; nothing where nothing is. */
export const formatLeft = ({ left, outcome }: Report, { width, style }: Setting): readonly string[] => {
  const outward = left.firedOutward.map((fired) => `${named(fired)} (${sanitise(fired.how)})`).join(', ')
  const silent = left.notFired.map(named).join(', ')
  const isDone = outcome === 'committed' || outcome === 'partial'
  const lines = [
    ...(left.keysFiles.length === 0
      ? []
      : [`Old and new keys: ${firstOf(left.keysFiles.map((path) => sanitise(path)))}`]),
    ...formatMissingFiles(left.missingFiles),
    ...formatViews(left.materialisedViews),
    ...(outward === '' || !isDone ? [] : [`Reached outside, which no undo takes back: ${outward}.`]),
    ...(silent === '' ? [] : [`Did not fire: ${silent}. What they do is left undone.`]),
  ]
  if (lines.length === 0 || outcome === 'nothing') return []
  return [style.heading('Left for you'), ...lines.flatMap((line) => indent(line, { width, by: 2, hanging: 2 }))]
}
