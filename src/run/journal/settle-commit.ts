/**
 * Settles a COMMIT that was not answered by its tag, while its run still waits for the answer: asks live on fresh connections, as
 * `recover` does, until live says what became of the transaction or patience is at an end. A server that starts, or recovers, is waited for.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { type DatabaseIdentity, isSameDatabase, readIdentity } from '../../catalog/read/identity.ts'
import type { Verdict } from '../../database/commit.ts'
import type { Session } from '../../database/session/session.ts'
import { withReadTransaction } from '../../database/transaction.ts'
import { isRowgraftError } from '../../errors.ts'
import { type JournalHead, readHead } from './journal-head.ts'
import { judgeRun } from './recover.ts'

export interface SettleInput {
  /** Of the run; it is not used but to connect as it did. */
  readonly session: Session
  readonly live: DatabaseIdentity
  /** Path of the journal. */
  readonly path: string
  /** Milliseconds. */
  readonly patience: number
}

const unknown = (evidence: string): Verdict => ({ outcome: 'unknown', evidence })

/** Whether a backend is at the transaction, and not idle in it for want of a COMMIT. */
const isAtWork = (session: Session, { begin }: JournalHead): Promise<boolean> =>
  withReadTransaction(session, async (reader) => {
    const rows = await reader.rows(sql`
      select from pg_catalog.pg_stat_activity a
      where a.backend_xid::text::bigint = ${begin?.xid ?? '0'}::bigint & 4294967295 and a.state = 'active'`)
    return rows.length > 0
  })

/** Asks once. Rejects where live could not be asked. */
const ask = async ({ session, live, path }: SettleInput, limit: number): Promise<Verdict> => {
  const head = await readHead(path)
  if (head === null) return unknown('the journal of the run is gone')
  const fresh = await session.another(limit)
  try {
    const found = await withReadTransaction(fresh, (reader) => readIdentity(reader, live.source))
    if (!isSameDatabase(found, live)) return unknown('another database answers in its place')
    return await judgeRun(fresh, head, limit / 2).catch(async (error: unknown) => {
      if (!isRowgraftError(error) || error.code !== 'busy') throw error
      return { ...unknown('its transaction is still in progress'), isAtWork: await isAtWork(fresh, head) }
    })
  } finally {
    await fresh.close()
  }
}

/** Milliseconds between one question and the next. */
const pause = 250

const whyNot = (error: unknown): string => {
  if (!isRowgraftError(error)) return String(error)
  return error.detail === undefined ? error.message : `${error.message}: ${error.detail}`
}

/** What live says of the run. Never rejects: where live cannot be asked, the verdict says why. */
export const settleCommit = async (input: SettleInput): Promise<Verdict> => {
  const end = performance.now() + input.patience
  for (;;) {
    const left = end - performance.now()
    const verdict = await ask(input, Math.max(left, 2 * pause)).catch((error: unknown) => ({
      ...unknown(whyNot(error)),
      isAtWork: false,
    }))
    // What may change is asked again.
    if (verdict.isAtWork === undefined || left <= pause) return verdict
    await sleep(pause)
  }
}
