/** A run under way, and what became of it. Pure. */
import { formatTable } from '../../format/names.ts'
import { formatCount, formatElapsed } from '../../format/quantities.ts'
import { cell, rightCell, spinner } from '../lines/cells.ts'
import { failedLines, type ScreenAt } from '../lines/failed.ts'
import { blank, type Line, line } from '../lines/line.ts'
import { jobOf, type Size, type State } from '../state/state.ts'

const phaseWords: Readonly<Record<string, string>> = {
  stage: 'copying the backup’s rows over',
  lock: 'locking rows, checking what the plan relies on',
  allocate: 'making new ids',
  insert: 'inserting',
  update: 'updating',
  delete: 'deleting',
  verify: 'comparing with the backup',
  journal: 'writing the journal',
  commit: 'committing',
}

export const drawRun = (state: State, screen: ScreenAt<'run'>, { columns, rows }: Size): readonly Line[] => {
  const job = jobOf(state, 'run')
  const since = job?.since ?? state.now
  const what = screen.isRehearsal
    ? 'Rehearsing: all of it is rolled back at the end'
    : screen.isUndo
      ? 'Undoing'
      : 'Restoring'
  const height = Math.max(1, rows - 5)
  const shown = screen.phases.slice(-height)
  return [
    line(' ', [`${what}  ${spinner(state)}  ${formatElapsed(Math.max(0, state.now - since))}`, 'strong']),
    blank,
    ...shown.map(({ phase, table, rows: count, at }, position) => {
      const isNow = position === shown.length - 1
      const seconds = Math.max(0.001, (at - since) / 1_000)
      const rate =
        isNow && count > 0 && (phase === 'insert' || phase === 'stage')
          ? `${formatCount(Math.round(count / seconds))} a second`
          : ''
      return line(
        '   ',
        [cell(phaseWords[phase] ?? phase, Math.min(46, columns - 40)), isNow ? 'strong' : 'plain'],
        ' ',
        cell(table === null ? '' : formatTable(table), 20),
        rightCell(count > 0 ? formatCount(count) : '', 10),
        '  ',
        [rate, 'dim'],
      )
    }),
    blank,
    line(' ', [
      screen.phases.at(-1)?.phase === 'commit'
        ? 'The commit is waited for.'
        : 'Ctrl-C asks, and rolls back. Nothing is in live until it is committed.',
      'dim',
    ]),
  ]
}

export const drawFailed = (screen: ScreenAt<'failed'>, { columns, rows }: Size): readonly Line[] => {
  const all = failedLines(screen, columns)
  const top = Math.max(0, Math.min(screen.cursor, all.length - rows))
  return all.slice(top, top + rows)
}
