/** Work under way: beginning it, giving it up. Pure. */
import type { Effect, Transition, Work } from './actions.ts'
import type { Job, JobKind, State } from './state.ts'

const words: Readonly<Record<JobKind, string>> = {
  connect: 'connecting',
  incidents: 'looking for what is missing',
  overwritten: 'looking for overwritten rows',
  tables: 'reading the tables',
  count: 'counting',
  list: 'listing rows',
  view: 'filtering',
  page: 'reading rows',
  row: 'reading the row',
  plan: 'working out what comes along',
  run: 'restoring',
  undo: 'working out the undo',
  runs: 'reading the runs',
  verify: 'verifying',
  statement: 'reading what the statement did',
  save: 'writing the file',
}

/** Kinds of which only the last one asked for counts: an earlier one is given up. */
const superseding: readonly JobKind[] = [
  'view',
  'page',
  'row',
  'plan',
  'undo',
  'list',
  'statement',
  'incidents',
  'overwritten',
]

/** Begins work. What is on screen stays until its results come. */
export const beginWork = (state: State, work: Work): Transition => {
  const { kind } = work
  const given = superseding.includes(kind) ? state.jobs.filter((job) => job.kind === kind) : []
  const ticket = state.tickets + 1
  const job: Job = {
    ticket,
    kind,
    what: words[kind],
    since: state.now,
    progress: null,
    tables: work.kind === 'count' ? work.tables : [],
  }
  const jobs = [...state.jobs.filter((known) => !given.includes(known)), job]
  const cancels = given.map((known): Effect => ({ do: 'cancel', ticket: known.ticket }))
  return [{ ...state, jobs, tickets: ticket }, ...cancels, { do: 'work', ticket, work }]
}

/** Begins to open both databases. */
export const connect = (state: State): Transition =>
  beginWork(state, { kind: 'connect', addresses: state.addresses, passwords: state.passwords, follow: state.follow })

/** Gives up jobs of these kinds. */
export const giveUp = (state: State, kinds: readonly JobKind[]): Transition => {
  const given = state.jobs.filter(({ kind }) => kinds.includes(kind))
  const jobs = state.jobs.filter((job) => !given.includes(job))
  return [{ ...state, jobs }, ...given.map(({ ticket }): Effect => ({ do: 'cancel', ticket }))]
}

export const endJob = (state: State, ticket: number): State => ({
  ...state,
  jobs: state.jobs.filter((job) => job.ticket !== ticket),
})

/** One step after another. */
export const andThen = (step: Transition, next: (state: State) => Transition): Transition => {
  const [state, ...effects] = step
  const [after, ...more] = next(state)
  return [after, ...effects, ...more]
}
