/**
 * The two kinds of transaction. A read transaction is one snapshot and is always rolled back. A write transaction belongs to us
 * from BEGIN to the COMMIT tag, or to what live says became of it.
 */
import { sql } from 'kysely'
import { isRowgraftError } from '../errors.ts'
import { beginActing } from './acting.ts'
import { runAmendments } from './amendment.ts'
import { type CommitOptions, commit } from './commit.ts'
import type { Query } from './names.ts'
import { raiseSequence } from './sequences.ts'
import { runCheck } from './session/check.ts'
import type { Reader, Writer } from './session/reader.ts'
import type { Session } from './session/session.ts'
import { pinSettings, type Timeouts } from './settings.ts'

const asReader = (session: Session): Reader => ({
  side: session.side,
  version: session.version,
  encoding: session.encoding,
  signal: session.signal,
  rows: async (query) => (await session.execute(query)).rows,
  batches: (query, size) => session.batches(query, size),
  copyOut: (query) => session.copyOut(query),
  copyFrames: (query) => session.copyFrames(query),
})

const readOutside = async <T>(session: Session, work: (reader: Reader) => Promise<T>): Promise<T | null> => {
  const other = await session.another().catch((error: unknown) => {
    // A pooler or a full server says so in many ways.
    if (isRowgraftError(error) && error.code !== 'interrupted') return null
    throw error
  })
  if (other === null) return null
  try {
    return await withReadTransaction(other, work)
  } finally {
    await other.close()
  }
}

const asWriter = (session: Session): Writer => {
  const reader = asReader(session)
  const execute: Writer['execute'] = (query) => session.execute(query)
  const writer: Writer = {
    ...reader,
    canRead: true,
    execute,
    copyIn: (query, sources) => session.copyIn(query, sources),
    check: (check) => runCheck(execute, check),
    amend: (amendments) => runAmendments(execute, amendments),
    raise: async (sequence, goal) => {
      const target = (await reader.rows(goal))[0]?.[0] ?? null
      return target !== null && (await raiseSequence(writer, sequence, target))
    },
    outside: (work) => readOutside(session, work),
    look: reader.rows,
    observe: reader.rows,
  }
  return writer
}

/** Begins a read-only snapshot with everything pinned and an empty search_path; end it with `session.rollback()`. */
export const beginRead = async (
  session: Session,
  { snapshot }: { readonly snapshot?: string } = {},
): Promise<Reader> => {
  await session.begin([
    sql`begin isolation level repeatable read read only`,
    // An exported snapshot can only be taken before anything is read.
    ...(snapshot === undefined ? [] : [sql`set transaction snapshot ${snapshot}`]),
    pinSettings([['search_path', '']], session.reading),
  ])
  await beginActing(session)
  return asReader(session)
}

/** Runs `work` in one read-only snapshot, and always rolls back. */
export const withReadTransaction = async <T>(session: Session, work: (reader: Reader) => Promise<T>): Promise<T> => {
  try {
    return await work(await beginRead(session))
  } finally {
    await session.rollback()
  }
}

/** Runs `work` with the search_path a fresh connection has, for SQL the user typed. */
export const withUserSearchPath = async <T>(session: Session, reader: Reader, work: () => Promise<T>): Promise<T> => {
  await reader.rows(sql`select pg_catalog.set_config('search_path', ${session.searchPath}, true)`)
  const result = await work()
  await reader.rows(sql`select pg_catalog.set_config('search_path', '', true)`)
  return result
}

export interface WriteOptions extends CommitOptions {
  readonly timeouts: Timeouts
  readonly settings?: readonly (readonly [string, string])[]
  /** What `work` asks for with its last word; the journal is written before. */
  readonly beforeCommit?: () => Promise<void>
}

const pinsOf = ({ settings = [], timeouts }: Pick<WriteOptions, 'settings' | 'timeouts'>): Query =>
  pinSettings([['synchronous_commit', 'on'], ...settings], timeouts)

/** Pins everything that a write transaction depends on once more, after somebody else's SQL has run in it. */
export const pinWrite = (session: Session, options: Pick<WriteOptions, 'settings' | 'timeouts'>): Promise<void> =>
  session.pin(pinsOf(options))

/** Ends our backend, and frees its locks, soon after this process is gone. Not every platform has it. */
const watchConnection = sql`do $$
  begin
    perform pg_catalog.set_config('client_connection_check_interval', '2s', true);
  exception when others then null;
  end $$`

/** How a write transaction ended. */
export type Ending = 'commit' | 'rollback'

/**
 * Runs `work` in one READ COMMITTED transaction on live, and commits or rolls back as it says. Returns, and throws, after a COMMIT as
 * `commit` does; whatever is thrown otherwise comes after a rollback.
 */
export const withWriteTransaction = async <T>(
  session: Session,
  options: WriteOptions,
  work: (writer: Writer) => Promise<{ readonly ending: Ending; readonly value: T }>,
): Promise<T> => {
  let answer: { readonly ending: Ending; readonly value: T }
  try {
    await session.begin([sql`begin isolation level read committed read write`, watchConnection, pinsOf(options)])
    await beginActing(session)
    answer = await work(asWriter(session))
    if (answer.ending === 'commit') {
      await options.beforeCommit?.()
      session.shield()
    }
  } catch (error) {
    await session.rollback()
    throw error
  }
  if (answer.ending === 'rollback') {
    await session.rollback()
    return answer.value
  }
  await commit(session, options)
  return answer.value
}
