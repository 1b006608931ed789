/**
 * Settles runs whose end the journal does not tell: killed, or cut off during COMMIT. A run holds the advisory lock of live from before
 * its journal begins until its transaction is over: who gets the lock knows that it is, and reads the journal after that. Live holds
 * all of a run or nothing, and the run's own rows are its marker: a row with the journalled image written by the journalled transaction
 * (`xmin`). `pg_xact_status` alone only proves the negative: after a crash it has called a lost transaction committed.
 */
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { readCatalog } from '../../catalog/read/read.ts'
import { type SharedTable, shareCatalogs } from '../../catalog/shared.ts'
import type { Verdict } from '../../database/commit.ts'
import type { Reader } from '../../database/session/reader.ts'
import type { Session } from '../../database/session/session.ts'
import { withReadTransaction } from '../../database/transaction.ts'
import { RowgraftError } from '../../errors.ts'
import type { WrittenRows } from '../../plan/inverse.ts'
import { keptDigest } from '../../sql/images.ts'
import { inBatches, keyedRows, ordinal } from '../../sql/rows.ts'
import type { RecoverReport } from '../run.ts'
import { lockDatabase } from '../transaction-start.ts'
import { JournalWriter } from './journal-file.ts'
import { type JournalHead, readHead, refuseOtherPlan } from './journal-head.ts'
import { dropKeyList, publishKeyList } from './key-list-file.ts'
import { withRunReader } from './runs.ts'
import { readWritten } from './written-rows.ts'

/** Milliseconds that the server may take to notice that a client is gone. */
const patience = 5_000

/** The server knows that it is over. A number that it calls `future` may be that of the newest transaction under way. */
const isOver = (status: string): boolean => status === 'committed' || status === 'aborted'

/** Returns once the run is over: nobody is at work on live, or another one is. Throws `busy` naming who is. */
const awaitEnd = async (session: Session, xid: string | undefined, longest: number): Promise<void> => {
  for (let waited = 0; ; waited += 100) {
    try {
      // A transaction of its own: a snapshot taken before the lock would not see what the other one has committed.
      return await withReadTransaction(session, lockDatabase)
    } catch (error) {
      const isBusy = error instanceof RowgraftError && error.code === 'busy'
      if (!isBusy) throw error
      if (xid !== undefined && isOver(await readStatus(session, xid))) return
      if (waited >= longest) throw error
    }
    await sleep(100)
  }
}

/** What a standby has not heard of yet looks as if it were lost. */
const refuseStandby = async (reader: Reader): Promise<void> => {
  const [row] = await reader.rows(sql`select pg_catalog.pg_is_in_recovery()::text`)
  if (row?.[0] !== 'true') return
  throw new RowgraftError('not-writable', 'a standby answers in the place of live, and may lag behind', {
    hint: 'Run the same command again once the primary answers, or give it with --live.',
  })
}

/** The transaction's state: committed, aborted, in progress (another one has its number), forgotten (too old), or future (lost in a crash). */
const readStatus = (session: Session, xid: string): Promise<string> =>
  withReadTransaction(session, async (reader) => {
    const [limit] = await reader.rows(sql`
      select (${xid}::xid8 >= pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot()))::text`)
    if (limit?.[0] === 'true') return 'future'
    const [row] = await reader.rows(sql`select pg_catalog.pg_xact_status(${xid}::xid8)`)
    return row?.[0] ?? 'forgotten'
  })

/** What live holds of the rows that a run wrote. */
interface Evidence {
  /** Rows it inserted and updated. */
  rows: number
  /** Those that live holds with the journalled image. */
  same: number
  /** Those of them written by the run's own transaction. */
  own: number
  /** Rows it deleted. */
  deleted: number
  /** Those that live still holds. */
  back: number
}

const countWritten = async (
  reader: Reader,
  { live, identity }: SharedTable,
  { rows, xid }: { readonly rows: readonly { readonly key: string; readonly digest: string }[]; readonly xid: string },
): Promise<Pick<Evidence, 'same' | 'own'>> => {
  let same = 0
  let own = 0
  for (const batch of inBatches(rows)) {
    const keys = batch.map(({ key }) => key)
    const digests = `{${batch.map(({ digest }) => digest).join(',')}}`
    const [row] = await reader.rows(sql`
      select pg_catalog.count(*)::text,
             pg_catalog.count(*) filter (where t.xmin::text::bigint = ${xid}::bigint & 4294967295)::text
      from ${keyedRows(live, identity, keys)}
      join pg_catalog.unnest(${digests}::bigint[]) with ordinality as d(digest, position) on d.position = ${ordinal('k')}
      where ${keptDigest('t', live, identity)} = d.digest`)
    same += Number(row?.[0] ?? 0)
    own += Number(row?.[1] ?? 0)
  }
  return { same, own }
}

const countPresent = async (
  reader: Reader,
  { live, identity }: SharedTable,
  keys: readonly string[],
): Promise<number> => {
  let present = 0
  for (const batch of inBatches(keys)) {
    const [row] = await reader.rows(sql`
      select pg_catalog.count(*)::text
      from ${keyedRows(live, identity, batch)}`)
    present += Number(row?.[0] ?? 0)
  }
  return present
}

const gatherEvidence = async (
  reader: Reader,
  { plan }: JournalHead,
  { written, xid }: { readonly written: readonly WrittenRows[]; readonly xid: string },
): Promise<Evidence> => {
  const live = await readCatalog(reader)
  const catalog = shareCatalogs(live, live, plan.declared)
  const found: Evidence = { rows: 0, same: 0, own: 0, deleted: 0, back: 0 }
  for (const { table: id, inserted, updated, deleted } of written) {
    const table = catalog.tables.get(id)
    if (table === undefined) continue
    const { same, own } = await countWritten(reader, table, { rows: [...inserted, ...updated], xid })
    found.rows += inserted.length + updated.length
    found.same += same
    found.own += own
    found.deleted += deleted.length
    found.back += await countPresent(reader, table, deleted)
  }
  return found
}

/** What the rows say of a run that asked for COMMIT, and what the server calls its transaction. */
const weigh = ({ rows, same, own, deleted, back }: Evidence, status: string): Verdict => {
  if (own > 0) return { outcome: 'committed', evidence: `live holds ${own} rows written by its transaction` }
  if (status === 'aborted') return { outcome: 'rolled-back', evidence: 'the server aborted its transaction' }
  if (rows > 0 && same === rows)
    return { outcome: 'committed', evidence: `live holds all ${rows} rows as it wrote them` }
  if (rows === 0 && deleted > 0 && back === 0 && status === 'committed')
    return { outcome: 'committed', evidence: `the ${deleted} rows it deleted are gone` }
  if (deleted > 0 && back === deleted)
    return { outcome: 'rolled-back', evidence: `the ${deleted} rows it deletes are still there` }
  if (same === 0 && status === 'future')
    return { outcome: 'rolled-back', evidence: 'the server lost its transaction in a crash' }
  if (same === 0 && status === 'forgotten') return { outcome: 'rolled-back', evidence: 'live holds none of its rows' }
  return {
    outcome: 'unknown',
    evidence: `live holds ${same} of its ${rows} rows as written, and the server calls its transaction ${status}`,
  }
}

/** What is to be said of a run whose journal ends before COMMIT. */
const weighNotAsked = (status: string | null): Verdict =>
  status === 'committed'
    ? {
        outcome: 'unknown',
        evidence: 'the server committed a transaction of its number, but its journal ends before COMMIT',
      }
    : { outcome: 'rolled-back', evidence: 'it never asked for COMMIT' }

/**
 * Says what live holds of a run. Throws `busy` while it is at work, `not-writable` where a standby answers, which may lag behind, and
 * `damaged-journal` when the rows it wrote can no longer be read.
 */
export const judgeRun = async (session: Session, before: JournalHead, longest = patience): Promise<Verdict> => {
  await withReadTransaction(session, refuseStandby)
  await awaitEnd(session, before.begin?.xid, longest)
  const head = (await readHead(before.path)) ?? before
  if (head.state === 'committed' || head.state === 'rolled-back') {
    return { outcome: head.state, evidence: 'it has come to its end meanwhile' }
  }
  if (head.begin === null) return weighNotAsked(null)
  const { xid } = head.begin
  const status = await readStatus(session, xid)
  if (!head.hasIntent) return weighNotAsked(status)
  refuseOtherPlan(head)
  const written = await readWritten(head)
  return weigh(await withRunReader(session, head, (reader) => gatherEvidence(reader, head, { written, xid })), status)
}

const endings = { committed: 'DONE', 'rolled-back': 'ABORTED', unknown: 'UNKNOWN' } as const

/** Writes the verdict into the journal, so that the run is settled. */
export const settleRun = async (before: JournalHead, verdict: Verdict): Promise<void> => {
  const head = (await readHead(before.path)) ?? before
  if (head.state === verdict.outcome) return
  const writer = await JournalWriter.append(head.path, head.length)
  try {
    await writer.write(endings[verdict.outcome], verdict.evidence)
    await writer.sync()
  } finally {
    await writer.close()
  }
  const directory = dirname(head.path)
  // Most runs have no list of changed keys.
  if (verdict.outcome === 'committed') await publishKeyList(directory).catch(() => undefined)
  if (verdict.outcome === 'rolled-back') await dropKeyList(directory)
}

/** Settles every open run. Throws `busy` while one is at work, `open-run` where nobody can tell what became of it. */
export const refuseUnsettled = async (session: Session, heads: readonly JournalHead[]): Promise<void> => {
  for (const head of heads) {
    if (head.state !== 'open') continue
    const verdict = await judgeRun(session, head)
    if (verdict.outcome === 'unknown') {
      throw new RowgraftError('open-run', `run ${head.run.run} on this live is not settled: ${verdict.evidence}`, {
        hint: 'Run "rowgraft recover" and see what it says before you restore anything else.',
      })
    }
    await settleRun(head, verdict)
  }
}

/** Judges and settles every run whose end is not known. */
export const recoverRuns = async (session: Session, heads: readonly JournalHead[]): Promise<RecoverReport> => {
  const runs: RecoverReport['runs'][number][] = []
  for (const head of heads) {
    if (head.state !== 'open' && head.state !== 'unknown') continue
    const verdict = await judgeRun(session, head)
    await settleRun(head, verdict)
    runs.push({ run: head.run.run, ...verdict })
  }
  return { v: 1, runs }
}
