/** The lines of a report. Pure. */
import { formatTable } from '../../format/names.ts'
import { formatLeftOut } from '../../format/plan/rest.ts'
import { formatCount, plural } from '../../format/quantities.ts'
import { formatTriggerChanges, reportHeadline } from '../../format/run/report.ts'
import { sanitise } from '../../format/sanitise.ts'
import type { Plan, Report } from '../../index.ts'
import { undoCommand } from '../models/command.ts'
import type { Screen } from '../state/state.ts'
import { cell, paragraph, rightCell } from './cells.ts'
import { blank, type Line, line } from './line.ts'

export type ReportScreen = Extract<Screen, { at: 'report' }>

const relinks = (plan: Plan, table: string): boolean =>
  plan.steps
    .filter((step) => step.table === table && step.action === 'update')
    .every(({ because }) => because === 'survivor')

const tableLine = (report: Report, plan: Plan, own: Report['tables'][number]): readonly Line[] => {
  const counts: readonly (readonly [number, string])[] = [
    [own.inserted, 'inserted'],
    [own.updated, relinks(plan, own.table) ? 're-linked' : 'updated'],
    [own.deleted, 'deleted'],
    [own.linked, 'linked already'],
  ]
  const keys = report.keys.filter(({ table }) => table === own.table).length
  const told = counts.filter(([count]) => count > 0)
  return told.map(([count, what], position) =>
    line(
      '   ',
      cell(position === 0 ? formatTable(own.table) : '', 24),
      rightCell(formatCount(count), 9),
      ` ${cell(what, 14)}`,
      position === 0 && keys > 0 ? `  ${plural(keys, 'new id')}` : '',
    ),
  )
}

const leftOut = (report: Report, width: number): readonly Line[] =>
  formatLeftOut(report, 'unsaid').flatMap(([, table = '', count = '', why = '']) =>
    paragraph(`${count} ${table} left out: ${why}`, width, { by: 3, role: 'changed' }),
  )

/** What is left for somebody to do, in one breath. */
const leftForYou = ({ left, keys, outcome }: Report): string => {
  const isDone = outcome === 'committed' || outcome === 'partial'
  const files = left.missingFiles.reduce((sum, { keys: missing }) => sum + missing.length, 0)
  return [
    ...(keys.length > 0 ? [`${plural(keys.length, 'new id')} (enter)`] : []),
    ...(files > 0 ? [`${plural(files, 'file')} that do not exist (enter)`] : []),
    ...(left.materialisedViews.length > 0 ? [`refresh ${left.materialisedViews.map(formatTable).join(', ')}`] : []),
    ...(isDone
      ? left.firedOutward.map(
          ({ table, trigger, how }) => `${formatTable(table)}.${sanitise(trigger)} fired (${sanitise(how)})`,
        )
      : []),
    ...left.notFired.map(({ table, trigger }) => `${formatTable(table)}.${sanitise(trigger)} did not fire`),
  ].join(', ')
}

const undoLine = (report: Report): readonly Line[] => {
  if (report.outcome !== 'committed' && report.outcome !== 'partial') return []
  return [line(`   Run ${sanitise(report.run)}.  Undo:  `, [undoCommand(report), 'strong'])]
}

/** All of it, to be scrolled through. */
export const reportLines = ({ report, plan }: ReportScreen, columns: number): readonly Line[] => {
  const isGood = report.outcome === 'committed' || report.outcome === 'rehearsed' || report.outcome === 'nothing'
  const left = leftForYou(report)
  const failed = report.hooks.filter((hook) => hook.failed)
  const all = [
    ...paragraph(reportHeadline(report, plan), columns, { role: isGood ? 'strong' : 'error' }),
    blank,
    ...report.tables.flatMap((own) => tableLine(report, plan, own)),
    blank,
    ...leftOut(report, columns),
    ...(report.notInBackup.length === 0
      ? []
      : paragraph(
          `${plural(report.notInBackup.length, 'row')} asked for that the backup does not have (enter)`,
          columns,
          { by: 3, role: 'changed' },
        )),
    ...(report.complete
      ? []
      : paragraph('Not everything that was asked for is back.', columns, { by: 3, role: 'conflict' })),
    ...(report.stopped === null
      ? []
      : paragraph(`Stopped part way: ${report.stopped.message}`, columns, { by: 3, role: 'error' })),
    ...failed.flatMap(({ command, status }) =>
      paragraph(`A command of the config file failed (${status}): ${command}`, columns, { by: 3, role: 'error' }),
    ),
    ...formatTriggerChanges(report, plan).flatMap((sentence) => paragraph(sentence, columns, { by: 3 })),
    blank,
    ...(left === '' ? [] : paragraph(`Left for you: ${left}.`, columns, { by: 3 })),
    ...undoLine(report),
    ...(report.outcome === 'rehearsed' ? [line('   esc goes back to the review, where  R  restores for good.')] : []),
  ]
  return all.filter((own, position) => own !== blank || all[position - 1] !== blank)
}
