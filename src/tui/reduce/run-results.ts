/** What a run came to. Pure. */
import type { Result } from '../state/actions.ts'
import { noPicks } from '../state/picks.ts'
import type { Message, State } from '../state/state.ts'
import { push } from './going.ts'

type Of<T extends Result['type']> = Extract<Result, { type: T }>

const emptyAfterRun = (state: State): State => ({
  ...state,
  picks: noPicks,
  answers: {},
  chosen: { ...state.chosen, set: [], without: [] },
  planned: null,
  isStale: true,
  rows: new Map(),
  row: null,
  counts: new Map(),
  runs: null,
})

/** A run has ended: a rehearsal comes back to its review, what was written is done with. */
export const ran = (state: State, { report, plan }: Of<'ran'>): State => {
  const report_ = { at: 'report', cursor: 0, report, plan } as const
  const wrote = report.outcome === 'committed' || report.outcome === 'partial'
  // A rehearsal comes back to the review with Esc; what was written is done with.
  const before = state.stack.slice(0, -1)
  if (!wrote) return { ...state, stack: [...before, report_], overlay: null }
  const done = [...state.done, { report, plan }]
  return {
    ...emptyAfterRun(state),
    done,
    stack: [{ at: 'incidents', cursor: 0, filter: '' }, report_],
    overlay: null,
    incidents: null,
  }
}

/** A run has failed: picks stay as they are. */
export const failedRun = (state: State, code: string, error: Message): State => {
  const before = state.stack.filter(({ at }) => at !== 'run')
  return push(
    { ...state, stack: before, overlay: null, isStale: true },
    { at: 'failed', cursor: 0, error, isUnknown: code === 'outcome-unknown' },
  )
}
