/** A run under way, and what became of it. Pure. */
import { formatProgress } from '../../format/progress.ts'
import { formatElapsed } from '../../format/quantities.ts'
import { cell, spinner } from '../lines/cells.ts'
import { failedLines, type ScreenAt } from '../lines/failed.ts'
import { blank, type Line, line } from '../lines/line.ts'
import { jobOf, type Size, type State } from '../state/state.ts'

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
    ...shown.map((phase, position) => {
      const isNow = position === shown.length - 1
      const how = isNow ? { idle: state.now - phase.at, holders: job?.progress?.holders ?? [] } : {}
      const text = formatProgress(phase, { ...how, room: columns - 4 })
      return line('   ', [cell(text, columns - 4), isNow ? 'strong' : 'plain'])
    }),
    blank,
    line(' ', [
      screen.phases.at(-1)?.stage === 'commit'
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
