/**
 * The two kinds of transaction. A read transaction is one snapshot and is always rolled back. A write transaction belongs to us
 * from BEGIN to the COMMIT tag: an aborted transaction answers COMMIT with the tag ROLLBACK and no error, so only the tag COMMIT
 * counts as committed.
 */
import { sql } from 'kysely'
import { RowgraftError } from '../errors.ts'
import { beginActing } from './acting.ts'
import { runAmendments } from './amendment.ts'
import { runCheck } from './check.ts'
import { raiseSequence } from './sequences.ts'
import type { Reader, Session, Writer } from './session.ts'
import { pinSettings, type Timeouts } from './settings.ts'

const asReader = (session: Session): Reader => ({
  side: session.side,
  version: session.version,
  signal: session.signal,
  rows: async (query) => (await session.execute(query)).rows,
  batches: (query, size) => session.batches(query, size),
  copyOut: (query) => session.copyOut(query),
  copyFrames: (query) => session.copyFrames(query),
})

const readOutside = async <T>(session: Session, work: (reader: Reader) => Promise<T>): Promise<T | null> => {
  const other = await session.another().catch((error: unknown) => {
    // A pooler or a full server says so in many ways.
    if (error instanceof RowgraftError && error.code !== 'interrupted') return null
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
  await session.execute(sql`begin isolation level repeatable read read only`)
  // An exported snapshot can only be taken before anything is read.
  if (snapshot !== undefined) await session.execute(sql`set transaction snapshot ${sql.lit(snapshot)}`)
  await session.pin(pinSettings([['search_path', '']], session.reading))
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

export interface WriteOptions {
  readonly timeouts: Timeouts
  readonly settings?: readonly (readonly [string, string])[]
  /** What `work` asks for with its last word; the journal is written before. */
  readonly beforeCommit?: () => Promise<void>
}

/** Pins everything that a write transaction depends on; also after somebody else's SQL has run in it. */
export const pinWrite = (session: Session, { settings = [], timeouts }: WriteOptions): Promise<void> =>
  session.pin(pinSettings([['synchronous_commit', 'on'], ...settings], timeouts))

/** How a write transaction ended. */
export type Ending = 'commit' | 'rollback'

/**
 * Runs `work` in one READ COMMITTED transaction on live, and commits or rolls back as it says. Returns after the tag COMMIT.
 * Throws `rolled-back` when the server answered COMMIT with ROLLBACK, `outcome-unknown` when the connection was lost during COMMIT.
 */
export const withWriteTransaction = async <T>(
  session: Session,
  options: WriteOptions,
  work: (writer: Writer) => Promise<{ readonly ending: Ending; readonly value: T }>,
): Promise<T> => {
  await session.execute(sql`begin isolation level read committed read write`)
  let answer: { readonly ending: Ending; readonly value: T }
  try {
    await pinWrite(session, options)
    // Ends our backend, and frees its locks, soon after this process is gone. Not every platform has it.
    await session.execute(sql`do $$
      begin
        perform pg_catalog.set_config('client_connection_check_interval', '2s', true);
      exception when others then null;
      end $$`)
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
  await commit(session)
  return answer.value
}

const commit = async (session: Session): Promise<void> => {
  let tag: string
  try {
    tag = (await session.execute(sql`commit`)).command
  } catch (error) {
    // Only what the server itself says is known to have been rolled back.
    if (error instanceof RowgraftError && error.code === 'server-error') throw error
    throw new RowgraftError('outcome-unknown', 'the connection was lost during COMMIT', {
      detail: 'Whether live holds the run is not known yet. Nothing more will be written.',
      hint: 'Run "rowgraft recover": it asks live and says which.',
      cause: error,
    })
  } finally {
    session.unshield()
  }
  if (tag !== 'COMMIT') {
    throw new RowgraftError('rolled-back', 'the server rolled the transaction back instead of committing it', {
      detail: `It answered COMMIT with the tag ${tag}.`,
      hint: 'Live is unchanged. Run the same command again.',
    })
  }
}
