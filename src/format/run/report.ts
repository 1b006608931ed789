/**
 * What a run has done, as people read it.
 *
 * In come reports and summaries of runs; out goes text.
 */
import { countLeftOut } from '../../data.ts'
import type { Plan } from '../../plan/plan.ts'
import type { Report, TableReport } from '../../run/run.ts'
import { formatColumns, indent, joinLines } from '../layout.ts'
import { formatLeft } from '../left.ts'
import { formatColumn, formatKey, formatTable } from '../names.ts'
import { formatCoverage } from '../plan/coverage.ts'
import { explainNothing } from '../plan/plan.ts'
import { formatLeftOut, formatNotInBackup } from '../plan/rest.ts'
import { formatCount, formatElapsed, joinCounts, plural } from '../quantities.ts'
import { wordRemaining } from '../reasons/remaining.ts'
import { sanitise } from '../sanitise.ts'
import type { Setting } from '../style.ts'

/** Changed keys are listed up to this many. */
const most = 20

const total = (tables: readonly TableReport[], count: (table: TableReport) => number): number =>
  tables.reduce((sum, table) => sum + count(table), 0)

/** Updates of a table that only re-link survivors are called so. */
const relinksOnly = (plan: Plan, table: string): boolean => {
  const updates = plan.steps.filter((step) => step.table === table && step.action === 'update')
  return updates.length > 0 && updates.every(({ because }) => because === 'survivor')
}

const summarise = (report: Report, plan: Plan): string => {
  const isUndo = plan.undoes !== null
  const relinked = total(report.tables, ({ table, updated }) => (relinksOnly(plan, table) ? updated : 0))
  const [inserted, updated, deleted] = [
    total(report.tables, (table) => table.inserted),
    total(report.tables, (table) => table.updated) - relinked,
    total(report.tables, (table) => table.deleted),
  ]
  return joinCounts([
    [deleted, 'deleted'],
    [inserted, isUndo ? 'inserted again' : 'back'],
    [relinked, 're-linked'],
    [updated, isUndo ? 'put back as before' : 'updated'],
  ])
}

const verdict = (report: Report, plan: Plan): string => {
  const against = plan.undoes === null ? ' against the backup' : ''
  const verified = report.verified ? `verified${against}` : 'not verified'
  switch (report.outcome) {
    case 'committed':
      return `${verified}, committed.`
    case 'rehearsed':
      return `${verified}, rolled back (a rehearsal): live is unchanged.`
    case 'partial':
      return `${verified}, stopped part way: run the same plan again.`
    case 'rolled-back':
      return 'rolled back. Live is unchanged.'
    case 'refused':
      return 'refused. Live is unchanged.'
    case 'unknown':
      return 'the outcome is unknown: run "rowgraft recover".'
    case 'nothing':
      return 'nothing was written.'
  }
}

/** What a run came to, in a sentence. */
export const reportHeadline = (report: Report, plan: Plan): string => {
  if (report.outcome === 'nothing') return `${explainNothing(plan)} Nothing was written.`
  const what = summarise(report, plan)
  return `${what === '' ? 'No rows' : what}, in ${formatElapsed(report.elapsed)}: ${verdict(report, plan)}`
}

const tableLine = (row: TableReport, report: Report, plan: Plan): readonly string[] => {
  const counts: readonly (readonly [number, string])[] = [
    [row.inserted, 'inserted'],
    [row.updated, relinksOnly(plan, row.table) ? 're-linked' : 'updated'],
    [row.deleted, 'deleted'],
    [row.linked, 'linked already'],
    [row.skipped, 'left out'],
  ]
  const isOpen = report.leftOut.some((left) => left.table === row.table && countLeftOut(left) === null)
  const known = counts.filter(([count]) => count > 0).map(([count, what]) => [formatCount(count), what] as const)
  const [first, ...rest] = isOpen ? [...known, ['some', 'left out'] as const] : known
  if (first === undefined) return []
  const keys = report.changedKeys.find(({ table }) => table === row.table)?.rows ?? 0
  const others = [...rest.map(([count, what]) => `${count} ${what}`), ...(keys > 0 ? [plural(keys, 'new key')] : [])]
  return [formatTable(row.table), first[0], [first[1], ...others].join(', ')]
}

const formatNewKeys = (report: Report, setting: Setting): readonly string[] => {
  if (report.keys.length === 0) return []
  const shown = report.keys.slice(0, most)
  const lines = [...Map.groupBy(shown, ({ table }) => table)].map(([table, keys]) => [
    formatTable(table),
    keys
      .map(({ backup, live }) => `${formatKey(Object.values(backup))} → ${formatKey(Object.values(live))}`)
      .join(' · '),
  ])
  const all = report.changedKeys.reduce((sum, { rows }) => sum + rows, 0)
  const rest = all - shown.length
  return [
    '',
    setting.style.heading(report.outcome === 'rehearsed' ? 'New keys, as they would be now' : 'New keys'),
    ...formatColumns(lines, { width: setting.width }),
    ...(rest > 0 ? [`  and ${formatCount(rest)} more${all > report.keys.length ? '' : '; --json lists all'}`] : []),
  ]
}

/** What triggers of a run, or types of live, did to values that it wrote, a sentence each. */
export const formatTriggerChanges = (report: Report, { undoes }: Plan): readonly string[] => [
  ...report.rounded.map(
    ({ table, column, rows }) =>
      `${formatTable(table)}.${formatColumn(column)} was rounded in ${plural(rows, 'row')}, as live's type has it; that was accepted.`,
  ),
  ...report.setBack.map(({ table, column, rows }) => {
    const [it, to] = [rows === 1 ? 'it' : 'they', undoes === null ? "the backup's value" : 'what was there before']
    const what = `${formatTable(table)}.${formatColumn(column)} in ${plural(rows, 'row')}`
    return `Triggers changed ${what} after ${it} had been written; that was set back to ${to}.`
  }),
  ...report.kept.map(({ table, column, rows }) => {
    const what = `${formatTable(table)}.${formatColumn(column)} keeps in ${plural(rows, 'row')} what triggers made of it`
    return `${what}, not the backup's value: live had counted other things since.`
  }),
  ...report.triggerChanges.map(
    ({ table, column, rows }) =>
      `A trigger changed ${formatTable(table)}.${formatColumn(column)} in ${plural(rows, 'row')}; that was accepted.`,
  ),
]

const formatRemaining = (remaining: Report['remains'][number]): string =>
  sanitise(wordRemaining(remaining, formatTable))

const formatChanges = (report: Report, plan: Plan): readonly string[] => [
  ...report.replaced.map(({ table, rows, by }) => {
    const triggers = by.map((own) => sanitise(`${formatTable(own.table)}.${own.trigger}`)).join(', ')
    const what = `${plural(rows, 'row')} of ${formatTable(table)} that a trigger had just made (${triggers})`
    return `${what} made way for ${plan.undoes === null ? "the backup's" : 'those that were there before'}.`
  }),
  ...formatTriggerChanges(report, plan),
  ...report.generatedDifferences.map(
    ({ table, column, rows }) =>
      `The generated column ${formatTable(table)}.${formatColumn(column)} differs from the backup's in ${plural(rows, 'row')}.`,
  ),
  ...(report.remains.length > 0
    ? [`An undo does not take back: ${[...new Set(report.remains.map(formatRemaining))].join('; ')}.`]
    : []),
]

const formatHooks = ({ hooks }: Report, width: number): readonly string[] =>
  hooks
    .filter(({ failed }) => failed)
    .flatMap(({ command, status, output }) => [
      ...indent(`Committed, but a command of the config file failed (${sanitise(status)}): ${sanitise(command)}`, {
        width,
        by: 2,
        hanging: 2,
      }),
      ...output
        .trimEnd()
        .split('\n')
        .slice(-most)
        .filter((line) => line !== '')
        .map((line) => `    ${sanitise(line)}`),
    ])

const undoCommand = ({ outcome, run, runs }: Report): readonly string[] => {
  if (outcome !== 'committed' && outcome !== 'partial') return []
  if (runs.length === 1) return [`Run ${run}. Undo: rowgraft undo ${run}`]
  return [`${formatCount(runs.length)} runs, the last one ${run}. Undo all of them: rowgraft undo`]
}

/** Why a run in parts stopped, and how to go on. */
const formatStop = ({ stopped, units }: Report, width: number): readonly string[] => {
  if (stopped === null || units === null) return []
  const { message, detail, hint } = stopped
  return [
    ...indent(`Stopped after ${formatCount(units.done)} of ${formatCount(units.total)} parts: ${sanitise(message)}`, {
      width,
      by: 2,
      hanging: 2,
    }),
    ...(detail === null
      ? []
      : detail.split('\n').flatMap((line) => indent(sanitise(line), { width, by: 4, hanging: 2 }))),
    ...(hint === null ? [] : indent(`Hint: ${sanitise(hint)}`, { width, by: 2, hanging: 2 })),
    '',
  ]
}

/** A report as text. `plan` is what was run. */
export const formatReport = (report: Report, plan: Plan, setting: Setting): string => {
  const { width, style } = setting
  const stayedOut = [...formatLeftOut(report), ...formatNotInBackup(report)]
  return joinLines([
    ...indent(reportHeadline(report, plan), { width }).map(style.heading),
    '',
    ...formatCoverage(report, width),
    '',
    ...formatColumns(
      report.tables.map((row) => tableLine(row, report, plan)).filter((cells) => cells.length > 0),
      {
        width,
        right: [1],
      },
    ),
    ...formatNewKeys(report, setting),
    '',
    ...formatColumns(stayedOut, { width, right: [2] }),
    ...(report.complete ? [] : ['  Not everything that was asked for is back.']),
    '',
    ...formatChanges(report, plan).flatMap((line) => indent(line, { width, by: 2, hanging: 2 })),
    '',
    ...formatLeft(report, setting),
    '',
    ...formatHooks(report, width),
    '',
    ...formatStop(report, width),
    ...undoCommand(report).map((line) => `  ${line}`),
  ])
}
