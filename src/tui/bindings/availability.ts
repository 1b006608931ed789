/** Why a key cannot be had now, in words; null where it can. Pure. */
import { openConflicts } from '../../data.ts'
import { notLookedAt } from '../models/incident-entries.ts'
import { isBeingCounted, tableEntries } from '../models/table-entries.ts'
import { countPicks } from '../state/picks.ts'
import { jobOf, type State, screenOf } from '../state/state.ts'

export const needsConnection = ({ connection }: State): string | null =>
  connection.state === 'open' ? null : 'both databases must be open first'

export const needsPicks = (state: State): string | null =>
  needsConnection(state) ?? (countPicks(state.picks) === 0 ? 'nothing is picked yet: space picks' : null)

/** Why there is nothing to follow that is not followed already. */
export const whyNotFollow = (state: State): string | null =>
  needsConnection(state) ??
  (state.follow !== null ? 'they are followed already' : state.likely.length === 0 ? 'no name suggests one' : null)

/** Why there is no very large table left to look for incidents in. */
export const whyNotLarge = (state: State): string | null => {
  const lacking = needsConnection(state)
  if (lacking !== null) return lacking
  if (jobOf(state, 'incidents', 'tables') !== undefined) return 'it is still looking'
  if (state.incidents === null) return 'ctrl-r counts first'
  return notLookedAt(state.incidents).length === 0 ? 'none is left out' : null
}

/** Why the table under the cursor is not to be counted. */
export const whyNotCount = (state: State): string | null => {
  const screen = screenOf(state)
  const entry = screen.at === 'tables' ? tableEntries(state, screen)[screen.cursor] : undefined
  if (entry === undefined) return needsConnection(state) ?? 'there is no table here'
  if (!entry.restorable) return 'it cannot be compared'
  if (entry.counts !== null) return 'it is counted already'
  return isBeingCounted(state, entry.table) ? 'it is being counted' : null
}

export const needsPlan = (state: State): string | null => {
  if (jobOf(state, 'plan', 'undo') !== undefined || state.isStale) return 'the plan is still being worked out'
  return state.planned === null ? 'there is no plan' : null
}

export const countOpen = ({ planned }: State): number => (planned === null ? 0 : openConflicts(planned.plan).length)

/** Why `R` does nothing on the review screen; null where it restores. */
export const whyNotRestore = (state: State): string | null => {
  const lacking = needsPlan(state)
  if (lacking !== null || state.planned === null) return lacking
  if (state.readOnly !== null) return state.readOnly
  const open = openConflicts(state.planned.plan).length
  if (open > 0) return `${open} question${open === 1 ? ' is' : 's are'} still open: answer with 1-4`
  return state.planned.plan.steps.length === 0 ? 'the plan has nothing to write' : null
}

export const needsBackupOfPlan = (state: State): string | null =>
  needsPlan(state) ?? (state.planned?.undoes == null ? null : 'an undo runs from the journal, here alone')

export const isBusyRunning = (state: State): string | null =>
  jobOf(state, 'run') === undefined ? null : 'a run is under way: ctrl-c stops it'

/** A rehearsal may be had where a restore may not. */
export const whyNotRehearse = (state: State): string | null => {
  const why = whyNotRestore(state)
  return state.readOnly !== null && why === state.readOnly ? null : why
}

export const whyNoScript = (state: State): string | null =>
  needsBackupOfPlan(state) ?? (countOpen(state) > 0 ? 'answer the questions first' : null)

/** Of a run that wrote nothing there is nothing to undo. */
export const whyNoUndo = (state: State): string | null => {
  const screen = screenOf(state)
  if (screen.at !== 'report') return null
  const { outcome } = screen.report
  return outcome === 'committed' || outcome === 'partial' ? null : 'nothing was written: there is nothing to undo'
}
