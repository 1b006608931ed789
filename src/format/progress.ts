/** How far work is, in one line: what is done, to which table, how much of it, how fast, for how long, and how long it still takes. */
import type { LockHolder } from '../open/lock-watch.ts'
import type { StageProgress } from '../progress/progress.ts'
import { displayWidth } from './layout.ts'
import { formatTable } from './names.ts'
import { formatBytes, formatCount, formatElapsed, plural } from './quantities.ts'
import { sanitise } from './sanitise.ts'

/** A stage in words: to rows of a table, or to whatever there is. */
const words: Readonly<Record<StageProgress['stage'], (rows: string) => string>> = {
  reading: () => 'reading the file',
  loading: (rows) => `loading ${rows}`,
  analyzing: (rows) => `analyzing ${rows}`,
  compare: (rows) => `comparing ${rows}`,
  missing: () => 'finding what is missing',
  overwritten: () => 'looking for overwritten rows',
  select: (rows) => `finding the selected rows: ${rows}`,
  states: (rows) => `comparing what is selected with live: ${rows}`,
  follow: (rows) => `following ${rows}`,
  parents: (rows) => `judging parents that have changed: ${rows}`,
  transform: (rows) => `transforming ${rows}`,
  probe: (rows) => `looking for conflicts in live: ${rows}`,
  twins: (rows) => `looking for rows that live has already: ${rows}`,
  build: () => 'putting the plan together',
  guard: (rows) => `reading what live holds: ${rows}`,
  measure: (rows) => `measuring ${rows}`,
  facts: () => 'reading what else the plan does',
  files: (rows) => `looking for the files of ${rows}`,
  split: () => 'splitting the plan into parts',
  written: () => 'reading the journal',
  stage: (rows) => `staging ${rows}`,
  digest: () => 'comparing what is staged with the plan',
  lock: () => 'locking rows, checking what the plan relies on',
  allocate: () => 'making new keys',
  images: () => 'keeping what live holds',
  insert: (rows) => `inserting ${rows}`,
  update: (rows) => `updating ${rows}`,
  delete: (rows) => `deleting ${rows}`,
  constraints: () => 'checking constraints',
  verify: (rows) => `verifying ${rows}`,
  journal: () => 'writing the journal',
  commit: () => 'committing',
}

const headOf = ({ stage, table, to, unit }: StageProgress): string => {
  if (stage === 'missing') return table === null ? words.missing('') : `${words.missing('')}: ${formatTable(table)}`
  if (table === null) return words[stage](unit === 'tables' ? unit : 'rows').replace(/: rows$/, '')
  const rows = stage === 'follow' && to !== null ? `${formatTable(table)} to ${formatTable(to)}` : formatTable(table)
  return words[stage](rows)
}

const countOf = ({ stage, unit, done, total }: StageProgress): string => {
  const isEstimate = stage === 'compare' || stage === 'missing'
  if (unit === 'bytes') return total === null ? formatBytes(done) : `${formatBytes(done)} of ${formatBytes(total)}`
  if (unit === 'percent') return `${done} %`
  const noun = unit === 'tables' ? 'table' : 'row'
  if (total === null || done > total || (isEstimate && total === 0)) return plural(done, noun)
  return `${formatCount(done)} of ${isEstimate ? 'about ' : ''}${plural(total, noun)}`
}

/** Before so many milliseconds nobody can say how long the rest takes. */
const earliest = 2_000

const timeLeft = ({ done, total, rate, elapsed, unit }: StageProgress, idle: number): readonly string[] => {
  if (total === null || rate === 0 || elapsed < earliest || unit === 'tables') return []
  const seconds = Math.ceil((total - done) / rate - idle / 1_000)
  return seconds < 2 ? [] : [`about ${seconds < 60 ? `${seconds} s` : formatElapsed(seconds * 1_000)} left`]
}

const rateOf = ({ rate, unit }: StageProgress): readonly string[] =>
  rate === 0 || unit === 'tables' || unit === 'percent'
    ? []
    : [`${unit === 'bytes' ? formatBytes(rate) : formatCount(rate)} a second`]

const nameHolder = ({ pid, application }: LockHolder): string =>
  pid === 0
    ? 'a prepared transaction'
    : application === null
      ? `process ${pid}`
      : `${sanitise(application)}, process ${pid}`

const describeHolder = (holder: LockHolder): string => {
  const { user, elapsed } = holder
  const facts = [
    ...(user === null ? [] : [`as ${sanitise(user)}`]),
    ...(elapsed === null ? [] : [`begun ${formatElapsed(elapsed)} ago`]),
  ]
  return facts.length === 0 ? nameHolder(holder) : `${nameHolder(holder)} (${facts.join(', ')})`
}

const waitingFor = (holders: readonly LockHolder[], word: (holder: LockHolder) => string): string => {
  const [first, ...more] = holders
  if (first === undefined) return ''
  const others = more.length === 0 ? '' : ` and ${plural(more.length, 'other')}`
  return `waiting for a lock held by ${word(first)}${others}`
}

/** `waiting for a lock held by psql, process 4711 (as ida, begun 12 s ago)`: the time is that of its transaction. */
export const formatWaiting = (holders: readonly LockHolder[]): string => waitingFor(holders, describeHolder)

interface ProgressSetting {
  /** Milliseconds since it was told. */
  readonly idle?: number
  /** Who holds a lock that is waited for. */
  readonly holders?: readonly LockHolder[]
  /** Columns that there are for it: what tells least is left away where it takes more. */
  readonly room?: number
}

/** `inserting item: 1,204,000 of 3,000,000 rows, 310,000 a second, 3.9 s, about 6 s left` */
export const formatProgress = (
  progress: StageProgress,
  { idle = 0, holders = [], room = Number.POSITIVE_INFINITY }: ProgressSetting = {},
): string => {
  const { done, total } = progress
  const elapsed = progress.elapsed + Math.max(0, idle)
  const count = done === 0 && total === null ? [] : [countOf(progress)]
  const times = elapsed >= 1_000 ? [formatElapsed(elapsed)] : []
  const left = timeLeft(progress, idle)
  const forms =
    holders.length > 0
      ? [describeHolder, nameHolder].map((word) => [waitingFor(holders, word), ...times])
      : [
          [...count, ...rateOf(progress), ...times, ...left],
          [...count, ...times, ...left],
          [...count, ...times],
          [...(done === 0 ? [] : [countOf({ ...progress, total: null })]), ...times],
        ]
  const head = headOf(progress)
  const lines = forms.map((facts) =>
    facts.length === 0 ? head : `${head}${head.includes(': ') ? ', ' : ': '}${facts.join(', ')}`,
  )
  return lines.find((line) => displayWidth(line) <= room) ?? lines.at(-1) ?? head
}
