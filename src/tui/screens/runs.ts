/** Every run on this live, newest first. Pure. */
import { formatCount, plural } from '../../format/quantities.ts'
import { sanitise } from '../../format/sanitise.ts'
import type { RunSummary } from '../../index.ts'
import { cell, cursorMark, describeJob, rightCell, spinner } from '../lines/cells.ts'
import { around, blank, type Line, line, type Role } from '../lines/line.ts'
import { jobOf, type Screen, type Size, type State } from '../state/state.ts'

const roleOf: Readonly<Record<RunSummary['state'], Role>> = {
  committed: 'missing',
  'rolled-back': 'dim',
  open: 'conflict',
  undone: 'dim',
  damaged: 'error',
  unknown: 'conflict',
}

const runLine = (run: RunSummary, { isCurrent }: { readonly isCurrent: boolean }): Line => ({
  ...line(
    cursorMark({ isCurrent }),
    ` ${cell(run.run, 12)}`,
    [cell(run.state, 12), roleOf[run.state]],
    `${cell(run.started.replace('T', ' ').slice(0, 19), 19)}  `,
    `${rightCell(formatCount(run.inserted), 9)}${rightCell(formatCount(run.updated), 9)}${rightCell(formatCount(run.deleted), 9)}`,
    [run.undoes === null ? '' : `  undoes ${sanitise(run.undoes)}`, 'dim'],
  ),
  isCurrent,
  aria: { role: 'listitem', isSelected: isCurrent },
})

export const drawRuns = (state: State, screen: Extract<Screen, { at: 'runs' }>, { rows }: Size): readonly Line[] => {
  const job = jobOf(state, 'runs', 'verify')
  const working = job === undefined ? '' : `   ${spinner(state)} ${describeJob(state, job, 30)}`
  if (state.runs === null) return [line(' ', [working.trim() === '' ? 'Runs' : working.trim(), 'strong'])]
  if (state.runs.length === 0) return [line(' ', ['No run on this live yet.', 'strong'])]
  return [
    line(' ', [`${plural(state.runs.length, 'run')} on this live`, 'strong'], [working, 'dim']),
    blank,
    line('   ', [
      `${cell('run', 12)}${cell('state', 12)}${cell('started (UTC)', 19)}  ${rightCell('inserted', 9)}${rightCell('updated', 9)}${rightCell('deleted', 9)}`,
      'dim',
    ]),
    ...around(
      state.runs.map((run, position) => runLine(run, { isCurrent: position === screen.cursor })),
      screen.cursor,
      Math.max(1, rows - 3),
    ),
  ]
}
