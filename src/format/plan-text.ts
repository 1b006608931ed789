/**
 * A plan as people read it. The text depends on the plan's decisions alone: no times, ids of runs or hashes are in it, so that
 * two plans for the same thing read the same.
 */
import type { Plan, Step } from '../plan/plan.ts'
import { formatConflicts, openOnes } from './conflict-text.ts'
import { formatColumns, indent, joinLines } from './layout.ts'
import { firstOf, formatSentence, formatTable, keyRows } from './names.ts'
import { formatBytes, formatCount, joinCounts, plural } from './quantities.ts'
import { sanitise } from './sanitise.ts'
import { formatRowKeys, formatStep } from './step-text.ts'
import type { Setting } from './style.ts'

const sum = (steps: readonly Step[], matches: (step: Step) => boolean): number =>
  steps.filter(matches).reduce((rows, step) => rows + step.rows, 0)

/** `210 rows back, 14 re-linked`; for an undo what it takes away and puts back. Empty for an empty plan. */
export const summarisePlan = ({ steps }: Plan): string => {
  const isUndo = (step: Step): boolean => step.because === 'undo'
  const updates = ({ action, because }: Step): boolean =>
    action === 'update' && because !== 'survivor' && because !== 'undo'
  return joinCounts([
    [sum(steps, (step) => step.action === 'insert' && !isUndo(step)), 'back'],
    [sum(steps, ({ action, because }) => action === 'update' && because === 'survivor'), 're-linked'],
    [sum(steps, updates), 'updated'],
    [sum(steps, ({ action }) => action === 'delete'), 'deleted'],
    [sum(steps, (step) => step.action === 'update' && isUndo(step)), 'put back as before'],
    [sum(steps, (step) => step.action === 'insert' && isUndo(step)), 'inserted again'],
  ])
}

const standIns = (plan: Plan): readonly (readonly string[])[] =>
  plan.standIns
    .filter(({ backup }) => keyRows(backup).length > 0)
    .map(({ table, why, backup, live }) => {
      const count = keyRows(backup).length
      const [rows, them] = count === 1 ? ['a live row', 'it'] : ['live rows', 'them']
      const words =
        why === 'match' ? `${rows} in place of the backup's: what belongs there goes to ${them}` : 'restored before'
      const keys = formatRowKeys(backup, live)
      return [why === 'match' ? 'stands in' : 'is back', formatTable(table), formatCount(count), `${words} · ${keys}`]
    })

/** What both a plan and a report say about rows that stay out. */
interface LeftOut {
  readonly leftOut: readonly { readonly table: string; readonly key: string; readonly why: string }[]
}

type StaysOut = LeftOut['leftOut'][number]

const goneToo = /^(.+) (\S+) is gone from live too$/

/** Why a row stays out, without the row. */
const whyOf = ({ table, key, why }: StaysOut): string => {
  const row = `${table} ${key}: `
  return why.startsWith(row) ? why.slice(row.length) : why
}

/** One reason for several rows: links whose other ends are rows of one table stay out for one reason. */
const reasonOf = (row: StaysOut): string => JSON.stringify([row.table, goneToo.exec(row.why)?.[1] ?? whyOf(row)])

const formatReason = (rows: readonly StaysOut[]): string => {
  const reasons = [...new Set(rows.map(whyOf))]
  const [first = ''] = reasons
  if (reasons.length === 1) return formatSentence(first)
  const ends = reasons.map((why) => sanitise(goneToo.exec(why)?.[2] ?? ''))
  return `${formatSentence(goneToo.exec(first)?.[1] ?? '')} ${firstOf(ends)} are gone from live too`
}

const leftOut = (plan: LeftOut): readonly (readonly string[])[] =>
  [...Map.groupBy(plan.leftOut, reasonOf).values()].flatMap((group) => {
    const [first] = group
    if (first === undefined) return []
    const keys = firstOf(group.map(({ key }) => sanitise(key)))
    return [['left out', formatTable(first.table), formatCount(group.length), `${formatReason(group)} · ${keys}`]]
  })

/** Rows that stay out, one line for those of one table that stay out for different reasons, when there are many. */
export const formatLeftOut = (plan: LeftOut, most = 12): readonly (readonly string[])[] => {
  const lines = leftOut(plan)
  if (lines.length <= most) return lines
  return [...Map.groupBy(plan.leftOut, ({ table }) => table)].map(([table, rows]) => {
    const reasons = new Set(rows.map((row) => formatSentence(whyOf(row))))
    const some = [...reasons].slice(0, 3).join('; ')
    const words = reasons.size > 3 ? `${some}; and ${formatCount(reasons.size - 3)} more reasons` : some
    return ['left out', formatTable(table), formatCount(rows.length), words]
  })
}

/** What was asked for and the backup does not have, one line per table. */
export const formatNotInBackup = (plan: Pick<Plan, 'notInBackup'>): readonly (readonly string[])[] =>
  [...Map.groupBy(plan.notInBackup, ({ table }) => table)].map(([table, rows]) => {
    const keys = firstOf(rows.map(({ key }) => sanitise(key)))
    return ['not there', formatTable(table), formatCount(rows.length), `the backup does not have ${keys}`]
  })

const relationName = (table: string, via: string): string =>
  sanitise(via.startsWith(`${table}.`) ? via.slice(table.length + 1) : via)

/** Everything about rows that the plan does not write. */
const restOfRows = (plan: Plan): readonly (readonly string[])[] => [
  ...standIns(plan),
  ...plan.unchanged.map(({ table, rows }) => [
    'the same',
    formatTable(table),
    formatCount(rows),
    `live has ${rows === 1 ? 'it' : 'them'} unchanged`,
  ]),
  ...plan.alreadyLinked.map(({ table, rows }) => ['linked', formatTable(table), formatCount(rows), 'linked already']),
  ...formatLeftOut(plan),
  ...formatNotInBackup(plan),
  ...plan.alsoMissing.map(({ table, via, rows }) => [
    'missing',
    formatTable(table),
    formatCount(rows),
    `belonged to it too, but ${relationName(table, via)} is not followed`,
  ]),
  ...plan.lost.map(({ table, column, values }) => [
    'lost',
    formatTable(table),
    formatCount(values),
    `${values === 1 ? 'value' : 'values'} of ${sanitise(column)}, a column that live no longer has`,
  ]),
]

const formatTriggers = (plan: Plan): readonly string[] => {
  if (plan.triggers.length === 0) return []
  const all = plan.triggers.map(({ table, name, events, reachesOutside }) => {
    const outside = reachesOutside === null ? '' : `; reaches outside: ${reachesOutside}`
    return sanitise(`${formatTable(table)}.${name} (${events.join(', ')}${outside})`)
  })
  const verb = plan.options.triggers === 'off' ? 'Does not fire' : 'Fires'
  return [`${verb} ${all.join(', ')}.`]
}

const formatSequences = (plan: Plan): readonly string[] => {
  const lagging = new Set(
    plan.sequences.flatMap(({ sequence, allocates }) => (sequence !== null && allocates === 0 ? [sequence] : [])),
  )
  return [
    ...plan.sequences
      .filter(({ allocates }) => allocates > 0)
      .map(({ table, column, sequence, allocates }) =>
        sequence === null
          ? `Makes ${plural(allocates, 'new key')} of ${formatTable(table)} as max(${sanitise(column)}) + 1, and locks the table for that.`
          : `Takes ${plural(allocates, 'new key')} of ${formatTable(table)} from ${formatTable(sequence)}.`,
      ),
    ...(lagging.size > 0 ? [`Raises ${[...lagging].map(formatTable).join(', ')} where behind.`] : []),
  ]
}

const formatDefaults = (plan: Plan): readonly string[] =>
  plan.defaults.length === 0
    ? []
    : [
        `Takes the default: ${plan.defaults
          .map(({ table, column, value }) => sanitise(`${formatTable(table)}.${column} = ${value}`))
          .join(', ')}.`,
      ]

const formatEffects = (plan: Plan): readonly string[] => {
  const locks = [
    plan.steps.some(({ action }) => action !== 'insert') ? 'the rows it changes' : '',
    plan.steps.some(({ action }) => action === 'insert') ? 'the parents of the rows it inserts' : '',
  ].filter((part) => part !== '')
  const accepted = plan.options.acceptTrigger.map((column) => formatTable(column)).join(', ')
  return [
    ...formatDefaults(plan),
    ...formatTriggers(plan),
    ...(accepted === '' ? [] : [`Accepts what triggers put into ${accepted}.`]),
    ...formatSequences(plan),
    `One transaction, verified before commit, undoable.${plan.bytes > 0 ? ` Writes about ${formatBytes(plan.bytes)}.` : ''}`,
    `Locks ${locks.join(' and ')} until it ends.`,
  ]
}

/** Why a plan has no steps. */
export const explainNothing = (plan: Plan): string => {
  const [restored, present] = [plan.standIns.some(({ why }) => why === 'restored'), plan.unchanged.length > 0]
  if (openOnes(plan).length > 0) return 'Nothing can be written as it is.'
  if (restored) return 'Nothing to restore: it was restored already.'
  if (present) return 'Nothing to restore: live has it unchanged.'
  if (plan.alreadyLinked.length > 0) return 'Nothing to restore: it is linked already.'
  if (plan.leftOut.length > 0) return 'Nothing to restore: everything is left out.'
  if (plan.notInBackup.length > 0) return 'Nothing to restore: the backup does not have it.'
  return 'Nothing to restore: nothing of this is missing.'
}

const headline = (plan: Plan): string => {
  if (plan.steps.length === 0) return explainNothing(plan)
  return `${plan.undoes === null ? 'Plan' : 'Undo'}: ${summarisePlan(plan)}. Nothing has been written yet.`
}

/** The whole plan as text. */
export const formatPlan = (plan: Plan, setting: Setting): string => {
  const { width, style } = setting
  const [steps, rest] = [plan.steps.map((step) => formatStep(plan, step)), restOfRows(plan)]
  return joinLines([
    ...indent(headline(plan), width, 0).map(style.heading),
    '',
    ...formatColumns([...steps, ...rest], { width, right: [2] }),
    ...formatConflicts(plan, setting),
    '',
    ...(plan.steps.length === 0 ? [] : formatEffects(plan).flatMap((line) => indent(line, width, 2, 2))),
  ])
}
