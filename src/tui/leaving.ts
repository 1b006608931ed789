/** What is told on the normal screen after leaving, and how it ended. Pure. */
import { plural } from '../format/quantities.ts'
import { undoCommand } from './models/command.ts'
import { type State, screenOf } from './state/state.ts'

/** Somebody left; a signal ended it, and live is as it was; nobody knows what became of the last run. */
export type Leaving = 'done' | 'interrupted' | 'unknown'

const isUnknown = (state: State): boolean => {
  const screen = screenOf(state)
  return screen.at === 'failed' && screen.isUnknown
}

/** The state when a signal came, if one did, and the one after what was under way has ended: a COMMIT is waited for. */
export const endingOf = (state: State, signalled: State | null): Leaving => {
  if (isUnknown(state)) return 'unknown'
  return signalled !== null && state.done.length === signalled.done.length ? 'interrupted' : 'done'
}

export const leavingWords = (state: State): readonly string[] => {
  const told = state.done.flatMap(({ report }) => {
    const written = report.tables.reduce((sum, table) => sum + table.inserted + table.updated + table.deleted, 0)
    return [
      `Run ${report.run}: ${plural(written, 'row')} written, verified and committed.`,
      `Undo: ${undoCommand(report)}`,
    ]
  })
  if (isUnknown(state)) return [...told, 'Whether the last run is in live is not known. Find out: rowgraft recover']
  return screenOf(state).at === 'failed' ? [...told, 'The last run was rolled back: live is as it was before.'] : told
}
