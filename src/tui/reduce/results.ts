/** What the engine came back with. Results of work that was given up are dropped. Pure. */
import { joinReports } from '../../data.ts'
import type { RowReport, StageProgress, TableDiff } from '../../index.ts'
import { incidentEntries } from '../models/incident-entries.ts'
import type { Action, Result, Transition } from '../state/actions.ts'
import { andThen, beginWork, endJob } from '../state/jobs.ts'
import { carryOver, noPicks, sourceId, withRows } from '../state/picks.ts'
import { type Job, type Progress, type Rows, rowsOf, type State, screenOf, type TableCounts } from '../state/state.ts'
import { countAll, lookAgain, lookForOverwritten } from './counting.ts'
import { readInSight, settle, withScreen } from './moving.ts'
import { askQuestion, openPrompt, showText, yesOrNo } from './opening.ts'
import { failedRun, ran } from './run-results.ts'

type Of<T extends Result['type']> = Extract<Result, { type: T }>

const opened = (state: State, { live, backup, notes, protection, likely }: Of<'opened'>): Transition =>
  beginWork(
    {
      ...state,
      connection: { state: 'open', live, backup, notes },
      protection,
      likely,
      readOnly: state.readOnly ?? (protection === 'refuse' ? "the config file says protect: 'refuse'" : null),
      stack: [{ at: 'incidents', cursor: 0, filter: '' }],
      message: notes[0] === undefined ? null : { kind: 'note', text: notes.join(' · ') },
      incidents: null,
      overview: null,
      counts: new Map(),
      rows: new Map(),
      picks: noPicks,
      planned: null,
    },
    { kind: 'tables' },
  )

const foundIncidents = (state: State, { report, took }: Of<'found incidents'>): Transition => {
  // Whether those that overwrote rows are there still is seen later.
  const later = (state.incidents?.incidents ?? []).filter(({ kind }) => kind === 'overwritten')
  const known = new Set([...report.incidents, ...report.leftOut, ...later].map(({ id }) => id))
  const incidents = new Map([...state.picks.incidents].filter(([id]) => known.has(id)))
  const next = settle({
    ...state,
    incidents: report,
    countedAt: state.now,
    countTook: took,
    picks: { ...state.picks, incidents },
  })
  // Nothing missing: what has changed is the next thing to look at.
  return screenOf(next).at === 'tables' ? countAll(next, 'keys') : [next]
}

/** One table more. What is under the cursor stays there. */
const foundOverwritten = (state: State, { report }: Of<'found overwritten'>): State => {
  if (state.incidents === null) return state
  const screen = screenOf(state)
  const { changedSince = [], notCompared = [] } = state.incidents
  const incidents = joinReports(state.incidents, {
    ...report,
    changedSince: [...changedSince, ...report.changedSince],
    notCompared: [...notCompared, ...report.notCompared],
  })
  const next = { ...state, incidents }
  if (screen.at !== 'incidents') return next
  const current = incidentEntries(state, screen.filter)[screen.cursor]?.id
  const cursor = incidentEntries(next, screen.filter).findIndex(({ id }) => id === current)
  return withScreen(next, { ...screen, cursor: Math.max(0, cursor) })
}

/** All tables have been looked at: what is picked and not there any more is none. */
const dropGone = (state: State): State => {
  if (state.incidents === null) return state
  const known = new Set([...state.incidents.incidents, ...state.incidents.leftOut].map(({ id }) => id))
  const incidents = new Map([...state.picks.incidents].filter(([id]) => known.has(id)))
  return { ...state, picks: { ...state.picks, incidents } }
}

/** Both sides were read row by row: what is equal is there twice. Buckets that are read again count more than once. */
const liveRowsOf = ({ rows, extra, missing }: TableDiff): number | null => {
  const count = (rows + extra - missing) / 2
  return Number.isInteger(count) && count >= 0 ? count : null
}

const counted = (state: State, { diff, states }: Of<'counted'>): State => {
  const before = state.counts.get(diff.table)?.liveRows ?? null
  const entry: TableCounts = { diff, states, liveRows: states === 'keys' ? liveRowsOf(diff) : before }
  return { ...state, counts: new Map([...state.counts, [diff.table, entry]]) }
}

const withList = (state: State, rows: Rows): State => ({
  ...state,
  rows: new Map([...state.rows, [sourceId(rows.source), rows]]),
})

const listed = (state: State, { source, list }: Of<'listed'>): Transition => {
  const before = rowsOf(state, source)
  const id = sourceId(source)
  const picked = state.picks.rows.get(id)
  const picks = picked === undefined ? state.picks : withRows(state.picks, id, carryOver(picked, list))
  const { filter = '', sort = null } = before ?? {}
  const next = withList({ ...state, picks }, { source, list, view: null, filter, sort, values: new Map() })
  if (filter === '' && sort === null) return readInSight(settle(next))
  return beginWork(settle(next), { kind: 'view', source, list, filter, sort })
}

const viewed = (state: State, { source, view, filter, sort }: Of<'viewed'>): Transition => {
  const rows = rowsOf(state, source)
  if (rows === undefined) return [state]
  const screen = screenOf(state)
  const isHere = screen.at === 'rows' && sourceId(screen.source) === sourceId(source)
  const next = withList(state, { ...rows, view, filter, sort })
  const moved =
    isHere && filter !== rows.filter ? withScreen(next, { ...screen, cursor: 0, top: 0, anchor: null }) : next
  return readInSight(settle(moved))
}

const readValues = (state: State, { source, list, values }: Of<'read values'>): Transition => {
  const rows = rowsOf(state, source)
  if (rows === undefined || rows.list !== list) return [state]
  const all = new Map<number, RowReport>([...rows.values, ...values])
  return readInSight(withList(state, { ...rows, values: all }))
}

const askTime = (state: State, statement: string): State =>
  openPrompt(state, {
    for: { what: 'statement time', statement },
    title: 'when did it run? It asks for the time',
    hint: 'with a time zone: 2026-11-18 14:02:11+01',
  })

const askPassword = (state: State, { side, label }: Of<'password wanted'>): State =>
  openPrompt(state, {
    for: { what: 'password', side },
    title: `password for ${side === 'live' ? 'live' : 'the backup'}`,
    hint: `${label} asks for it; it is kept nowhere. esc leaves`,
    isHidden: true,
  })

const failed = (state: State, job: Job, { code, error, statement }: Of<'failed'>): Transition => {
  if (job.kind === 'connect') {
    // One that was wrong is asked for again.
    const passwords = error.asksFor === 'password' ? state.passwords : {}
    return [{ ...state, passwords, connection: { state: 'failed', error } }]
  }
  if (job.kind === 'run') return [failedRun(state, code, error)]
  if (code === 'interrupted') return [{ ...state, message: { kind: 'note', text: 'stopped' } }]
  if (job.kind === 'statement' && statement !== null && error.asksFor === 'statement time')
    return [askTime({ ...state, message: error }, statement)]
  // What was lost can be told without it.
  if (job.kind === 'tables' && state.incidents === null) return lookAgain({ ...state, message: error })
  const screen = screenOf(state)
  const isPlanning = job.kind === 'plan' || job.kind === 'undo'
  const next: State = { ...state, message: error, ...(isPlanning ? { isStale: true, planned: null } : {}) }
  // A filter that the server cannot evaluate is said in the prompt, which stays.
  if (job.kind === 'view' && next.overlay?.kind === 'prompt')
    return [{ ...next, message: null, overlay: { ...next.overlay, error: error.text } }]
  if (job.kind === 'list' && screen.at === 'rows' && rowsOf(state, screen.source) === undefined)
    return [{ ...next, stack: state.stack.slice(0, -1) }]
  return [next]
}

const planned = (state: State, { plan, undoes }: Of<'planned'>): Transition => {
  const screen = screenOf(state)
  const next = { ...state, planned: { plan, undoes }, isStale: false }
  return [screen.at === 'review' ? withScreen(next, { ...screen, painted: null }) : settle(next)]
}

const covered = (state: State, { statement, at, lines }: Of<'covered'>): Transition => {
  const statements = [...state.picks.statements, { statement, at }]
  const next = { ...state, picks: { ...state.picks, statements }, isStale: true }
  return [showText(next, 'what the statement did', lines)]
}

/** How far a job is by now; whoever it waited for is not in its way any more. */
const withStep = (state: State, job: Job, step: StageProgress): State =>
  withProgress(state, job, { step, holders: [], at: state.now })

const withProgress = (state: State, job: Job, progress: Progress): State => ({
  ...state,
  jobs: state.jobs.map((own) => (own === job ? { ...own, progress } : own)),
})

const waiting = (state: State, job: Job, { holders }: Of<'waiting'>): State =>
  withProgress(state, job, { step: null, at: state.now, ...job.progress, holders })

/** The phase under way is told again and again; one that is over took until the next one began. */
const runPhase = (state: State, job: Job, { step }: Of<'run phase'>): Transition => {
  const screen = screenOf(state)
  const told = withStep(state, job, step)
  if (screen.at !== 'run') return [told]
  const last = screen.phases.at(-1)
  const isSame = last?.stage === step.stage && last.table === step.table
  const over = isSame || last === undefined ? [] : [{ ...last, elapsed: last.elapsed + state.now - last.at }]
  const phases = [...screen.phases.slice(0, -1), ...over, { ...step, at: state.now }]
  return [withScreen(told, { ...screen, phases })]
}

const saved = (state: State, { file, path }: Of<'saved'>): Transition => {
  const next = file === 'plan' ? `rowgraft restore ${path}` : `psql -v ON_ERROR_STOP=1 -f ${path}`
  return [{ ...state, message: { kind: 'note', text: `written: ${path}; run it with: ${next}` } }]
}

const askReplace = (state: State, { path, file }: Of<'exists'>): Transition => [
  askQuestion(state, {
    for: { what: 'replace file', path, file },
    lines: [`The file ${path} exists. Replace it?`],
    choices: yesOrNo('replace', 'keep'),
  }),
]

const apply = (state: State, job: Job, result: Result): Transition => {
  switch (result.type) {
    case 'opened':
      return opened(state, result)
    case 'progress':
      return [withStep(state, job, result.step)]
    case 'waiting':
      return [waiting(state, job, result)]
    case 'found incidents':
      return foundIncidents(state, result)
    case 'found overwritten':
      return [foundOverwritten(state, result)]
    case 'read tables': {
      return andThen(lookAgain({ ...state, overview: result.tables }), (next) =>
        screenOf(next).at === 'tables' ? countAll(next, 'keys') : [next],
      )
    }
    case 'counted':
      return [counted(state, result)]
    case 'listed':
      return listed(state, result)
    case 'viewed':
      return viewed(state, result)
    case 'read values':
      return readValues(state, result)
    case 'read row':
      return [settle({ ...state, row: result.details })]
    case 'planned':
      return planned(state, result)
    case 'covered':
      return covered(state, result)
    case 'run phase':
      return runPhase(state, job, result)
    case 'ran':
      return [ran(state, result)]
    case 'read runs':
      return [settle({ ...state, runs: result.runs })]
    case 'verified':
      return [showText(state, 'the run', result.lines)]
    case 'saved':
      return saved(state, result)
    case 'exists':
      return askReplace(state, result)
    case 'password wanted':
      return [askPassword(state, result)]
    case 'finished':
      return [job.kind === 'overwritten' ? dropGone(state) : state]
    case 'failed':
      return [state]
  }
}

/** Results that something more comes after. */
const goesOn: readonly Result['type'][] = [
  'progress',
  'waiting',
  'counted',
  'found overwritten',
  'run phase',
  'password wanted',
]

export const takeResult = (before: State, { ticket, now, result }: Extract<Action, { type: 'result' }>): Transition => {
  const state = { ...before, now }
  const job = state.jobs.find((own) => own.ticket === ticket)
  if (job === undefined) return [state]
  if (goesOn.includes(result.type)) return apply(state, job, result)
  const ended = endJob(state, ticket)
  if (result.type === 'failed') return failed(ended, job, result)
  return andThen(apply(ended, job, result), (next) =>
    // What is missing is told first; then the counts behind it, and what takes a look at every row.
    job.kind === 'incidents' && next.incidents !== null && next.overview !== null
      ? andThen(countAll(next, 'keys'), lookForOverwritten)
      : [next],
  )
}
