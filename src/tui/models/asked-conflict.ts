/** Which question the review asks. Pure. */
import { openConflicts } from '../../data.ts'
import type { Conflict } from '../../index.ts'
import { type State, screenOf } from '../state.ts'

/** The open question that is asked. */
export const askedConflict = (state: State): Conflict | undefined => {
  const screen = screenOf(state)
  if (screen.at !== 'review' || state.planned === null) return undefined
  const open = openConflicts(state.planned.plan)
  return open[Math.min(screen.conflict, open.length - 1)]
}
