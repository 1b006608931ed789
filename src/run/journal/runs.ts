/** The runs on one live, as their journals tell: which are in live, which are undone, and the keys they gave. */
import { type DatabaseIdentity, isSameDatabase } from '../../catalog/read/identity.ts'
import { withActing } from '../../database/acting.ts'
import type { Reader } from '../../database/session/reader.ts'
import type { Session } from '../../database/session/session.ts'
import { withReadTransaction } from '../../database/transaction.ts'
import { isRowgraftError, RowgraftError } from '../../errors.ts'
import { packKey } from '../../keys/key.ts'
import { keysOf } from '../../keys/key-columns.ts'
import type { RestoredKeys } from '../../rows/sides.ts'
import type { RunState, RunSummary } from '../run.ts'
import { listJournals } from './journal.ts'
import { type JournalHead, readHead, refuseOtherPlan } from './journal-head.ts'
import type { RunRecord, Stream } from './journal-shape.ts'
import { hasMoved, readWrittenRows, tellsKeys, tellsNames } from './written-rows.ts'

/** Journals read at once: each is a file that is open. */
const readAtOnce = 16

/** Every run on this live, newest first. `whole`: whether any is damaged is told by its rows, too. */
export const readRuns = async (
  folder: string,
  live: DatabaseIdentity,
  depth: 'whole' | 'heads',
): Promise<readonly JournalHead[]> => {
  const heads: JournalHead[] = []
  const reading = { isMeant: (run: RunRecord) => isSameDatabase(run.live, live), isWhole: depth === 'whole' }
  const paths = await listJournals(folder)
  for (let at = 0; at < paths.length; at += readAtOnce) {
    const some = await Promise.all(paths.slice(at, at + readAtOnce).map((path) => readHead(path, reading)))
    heads.push(...some.filter((head) => head !== null))
  }
  return heads.sort((a, b) => (a.run.started < b.run.started ? 1 : -1))
}

/** Reads live as the role of a run: another one may not even see its tables. */
export const withRunReader = <T>(
  session: Session,
  { plan }: JournalHead,
  work: (reader: Reader) => Promise<T>,
): Promise<T> => withActing(session, plan.options, () => withReadTransaction(session, work))

/** Runs that a later run took back, unless that one was taken back itself. */
const undone = (heads: readonly JournalHead[]): ReadonlySet<string> => {
  const taken = new Set<string>()
  // Newest first: whether an undo still holds is known before the run it undoes is looked at.
  for (const { run, plan, state } of heads) {
    if (state === 'committed' && plan.undoes !== null && !taken.has(run.run)) taken.add(plan.undoes)
  }
  return taken
}

const stateOf = (head: JournalHead, taken: ReadonlySet<string>): RunState =>
  head.state === 'committed' && taken.has(head.run.run) ? 'undone' : head.state

/** Nobody who names no run means one older than a run whose end is not known. */
const refuseUncertain = (newer: readonly JournalHead[]): void => {
  for (const { run, state } of newer) {
    if (state !== 'open' && state !== 'unknown') continue
    throw new RowgraftError('open-run', `run ${run.run}, which is newer, is not settled`, {
      hint: 'Run "rowgraft recover" first, or name the run you mean.',
    })
  }
}

/**
 * The run named, or the newest that is in live. Throws `unknown-run`, `damaged-journal` for one that cannot be read whole, and
 * `open-run` where none is named and the newest one is not settled.
 */
export const findRun = (heads: readonly JournalHead[], name: string | undefined): JournalHead => {
  const taken = undone(heads)
  const newest = heads.findIndex((head) => ['committed', 'damaged'].includes(stateOf(head, taken)))
  if (name === undefined) refuseUncertain(newest < 0 ? heads : heads.slice(0, newest))
  const found = name === undefined ? heads[newest] : heads.find((head) => head.run.run === name)
  if (found === undefined) {
    throw new RowgraftError(
      'unknown-run',
      name === undefined ? 'there is no run in live' : `there is no run "${name}" on this live`,
      {
        hint: 'Run "rowgraft runs" to see them, and check --journal.',
      },
    )
  }
  const state = stateOf(found, taken)
  if (state === 'damaged') {
    throw new RowgraftError('damaged-journal', `the journal of run ${found.run.run} is damaged`, {
      detail: found.path,
      hint:
        name === undefined
          ? 'Name the run you mean, or restore the file from a copy.'
          : 'Restore the file from a copy: verify and undo need the whole journal.',
    })
  }
  if (state === 'undone') {
    throw new RowgraftError('undo-refused', `run ${found.run.run} has been undone`, {
      hint: 'Run "rowgraft runs" to see which runs are in live.',
    })
  }
  refuseOtherPlan(found)
  return found
}

/** Rows that a run wrote with other values than the backup's: under their own key they are still those rows. */
const editedRows = ({ plan }: JournalHead): readonly { readonly table: string; readonly keys: readonly string[] }[] => {
  const edited = new Set(plan.edits.map(({ table }) => table))
  return plan.steps
    .filter(({ action, table }) => action === 'insert' && edited.has(table))
    .map(({ table, keys }) => ({ table, keys: keysOf(keys) }))
}

/** Keys of rows that runs in live brought back under another key, or with other values than the backup's. */
export const readRestored = async (heads: readonly JournalHead[]): Promise<RestoredKeys> => {
  const restored = new Map<string, Map<string, string>>()
  const taken = undone(heads)
  // Oldest first, so that what a later run says of the same row holds.
  for (const head of [...heads].reverse()) {
    if (stateOf(head, taken) !== 'committed') continue
    for (const { table, keys } of editedRows(head)) {
      const rows = restored.get(table) ?? new Map<string, string>()
      restored.set(table, rows)
      for (const key of keys) rows.set(key, key)
    }
    for (const [table, rows] of await readMoved(head)) {
      const known = restored.get(table) ?? new Map<string, string>()
      restored.set(table, known)
      for (const [key, liveKey] of rows) known.set(key, liveKey)
    }
  }
  return restored
}

/** True for a stream whose rows may have come back under other keys. Where people know them by other columns, the report tells of those. */
const mayHaveMoved = ({ moved, plan }: JournalHead, stream: Stream): boolean => {
  if (!tellsKeys(stream)) return false
  const stoodIn = plan.steps.some(({ table, live }) => table === stream.table && live !== undefined)
  return moved === null || moved.has(stream.table) || stoodIn || tellsNames(stream)
}

/** The rows of a run that are in live under other keys, packed, per table; none of a run whose journal is damaged. */
const readMoved = async (head: JournalHead): Promise<ReadonlyMap<string, ReadonlyMap<string, string>>> => {
  const found = new Map<string, Map<string, string>>()
  if (!head.streams.some((stream) => stream.kind === 'written' && mayHaveMoved(head, stream))) return found
  try {
    for await (const { table, rows } of readWrittenRows(head.path, (stream) => mayHaveMoved(head, stream))) {
      const known = found.get(table) ?? new Map<string, string>()
      found.set(table, known)
      for (const { backup, live } of rows) if (hasMoved(backup, live)) known.set(packKey(backup), packKey(live))
    }
    return found
  } catch (error) {
    if (isRowgraftError(error) && error.code === 'damaged-journal') return new Map()
    throw error
  }
}

/** Runs that live holds, newest first. */
export const runsInLive = (heads: readonly JournalHead[]): readonly JournalHead[] => {
  const taken = undone(heads)
  return heads.filter((head) => stateOf(head, taken) === 'committed')
}

/** The newest run in live, with all other units of its plan, newest first; or the run that is named, alone. */
export const findUnits = (heads: readonly JournalHead[], name: string | undefined): readonly string[] => {
  const { run, plan } = findRun(heads, name)
  if (name !== undefined || plan.unit === undefined) return [run.run]
  const { of } = plan.unit
  return runsInLive(heads).flatMap((head) => (head.plan.unit?.of === of ? [head.run.run] : []))
}

/** The ids of incidents that runs in live brought back. */
export const readRestoredIncidents = (heads: readonly JournalHead[]): ReadonlySet<string> => {
  const taken = undone(heads)
  const held = heads.filter((head) => stateOf(head, taken) === 'committed')
  return new Set(
    held.flatMap(({ plan }) =>
      plan.selection.selectors.flatMap((own) => (own.by === 'incident' && own.id !== undefined ? [own.id] : [])),
    ),
  )
}

/** Runs as they are listed. */
export const summariseRuns = (heads: readonly JournalHead[]): readonly RunSummary[] => {
  const taken = undone(heads)
  return heads.map((head) => {
    const rows = (action: string): number =>
      head.plan.steps.filter((step) => step.action === action).reduce((sum, step) => sum + step.rows, 0)
    return {
      run: head.run.run,
      state: stateOf(head, taken),
      started: head.run.started,
      database: head.run.live.database,
      undoes: head.plan.undoes,
      inserted: rows('insert'),
      updated: rows('update'),
      deleted: rows('delete'),
    }
  })
}
