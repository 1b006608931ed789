/**
 * Runs a plan: one transaction on live.
 *
 * Stage the rows; lock what is updated; check guards; raise sequences and allocate; insert, update, delete; check every count; make all
 * constraints immediate; verify; journal to disk; COMMIT. Locks are taken after the transfer, nothing commits unverified, and the
 * transaction counts as committed on the tag COMMIT alone.
 */

import { sql } from 'kysely'
import type { Catalog } from '../catalog/catalog.ts'
import type { DatabaseIdentity } from '../catalog/identity.ts'
import { type SharedCatalog, shareCatalogs } from '../catalog/shared.ts'
import type { Reader, Session, Writer } from '../database/session.ts'
import { pinWrite, type WriteOptions, withWriteTransaction } from '../database/transaction.ts'
import { RowgraftError } from '../errors.ts'
import type { Plan } from '../plan/plan.ts'
import { combineDigests } from '../probe/measure.ts'
import { allocateKeys, createMaps, raiseSequences } from './allocate.ts'
import { checkGuards, keepImages, lockRows, type Refusal } from './guards.ts'
import { blameHooks, type HookTime, runHooks } from './hooks.ts'
import { type OpenJournal, startJournal } from './journal.ts'
import { writeImages, writeOutcome } from './journal-rows.ts'
import { type Layout, layOut } from './layout.ts'
import { refuseDefaultPartitions } from './partitions.ts'
import { refuseReferences } from './references.ts'
import { buildReport } from './report.ts'
import type { Report, RunOptions, RunProgress } from './run.ts'
import { digestStage, stageFromBackup } from './stage.ts'
import { stageFromJournal } from './stage-from-journal.ts'
import { refuseDisagreement, refuseTaken } from './taken.ts'
import { checkCatalog, lockDatabase, switchTriggersOn, withLiveSearchPath } from './transaction-start.ts'
import { validateConstraints } from './validate.ts'
import { verifyRows } from './verify.ts'
import { applyNulls, deleteRows, insertRows, updateRows } from './write.ts'

/** Where the rows come from: the backup's snapshot, or the images in another run's journal. */
export type RowSource =
  | { readonly kind: 'backup'; readonly reader: Reader; readonly catalog: Catalog }
  | { readonly kind: 'journal'; readonly path: string }

export interface ApplyInput {
  readonly session: Session
  readonly live: DatabaseIdentity
  readonly plan: Plan
  readonly source: RowSource
  readonly options: RunOptions
  /** Journal folder. */
  readonly journal: string
  readonly onProgress: RunProgress
}

const refusals: Readonly<Record<RowSource['kind'], Refusal>> = {
  backup: { code: 'plan-stale', hint: 'Make the plan again: live has changed since.' },
  journal: {
    code: 'undo-refused',
    hint: 'Somebody changed these rows after the run: an undo would take that back too. Undo it by hand.',
  },
}

/** Runs the plan. Throws RowgraftErrors after a rollback; live is unchanged then, except for `outcome-unknown`. */
export const apply = async (input: ApplyInput): Promise<Report> => {
  const started = performance.now()
  const { session, plan, options } = input
  let journal: OpenJournal | null = null
  const transaction = transactionOf(plan, options)
  const hook = (writer: Writer, when: HookTime): Promise<void> =>
    runHooks(writer, { session, plan, when, pin: () => pinWrite(session, transaction) })
  try {
    const report = await withWriteTransaction(
      session,
      {
        ...transaction,
        beforeCommit: async () => {
          await journal?.writer.sync()
          // From here on only the server knows how this ends.
          session.shield()
          await journal?.writer.write('INTENT', '')
          await journal?.writer.sync()
        },
      },
      async (writer) => {
        const { layout, catalog, raised } = await prepare(writer, input, () => hook(writer, 'before'))
        if (!options.rehearse) {
          journal = await startJournal(input.journal, plan, input.live)
          await beginJournal(journal, writer, layout)
        }
        const replaced = await withLiveSearchPath(writer, session.searchPath, () =>
          writeAll(writer, layout, catalog, input),
        )
        await hook(writer, 'after')
        await withLiveSearchPath(writer, session.searchPath, () => checkAll(writer, layout, plan))
        await refuseDefaultPartitions(writer, layout)
        input.onProgress({ phase: 'verify', table: null, rows: 0 })
        const verified = await verifyRows(writer, layout, new Set(plan.options.acceptTrigger)).catch(
          (error: unknown) => {
            throw blameHooks(plan, error)
          },
        )
        const value = await buildReport(writer, layout, plan, {
          run: journal?.run ?? '',
          outcome: options.rehearse ? 'rehearsed' : 'committed',
          elapsed: performance.now() - started,
          raised,
          replaced,
          ...verified,
        })
        if (journal !== null) {
          input.onProgress({ phase: 'journal', table: null, rows: 0 })
          await writeOutcome(journal.writer, writer, layout, value)
        }
        input.onProgress({ phase: 'commit', table: null, rows: 0 })
        return { ending: options.rehearse ? 'rollback' : 'commit', value }
      },
    )
    await settle(journal, 'DONE').catch((error: unknown) => {
      throw new RowgraftError('outcome-unknown', 'committed, but the journal could not be completed', {
        detail: error instanceof RowgraftError ? error.detail : String(error),
        hint: 'Make room for the journal, then run "rowgraft recover".',
        cause: error,
      })
    })
    return { ...report, elapsed: performance.now() - started }
  } catch (error) {
    const isUnknown = error instanceof RowgraftError && error.code === 'outcome-unknown'
    if (!isUnknown) await settle(journal, 'ABORTED').catch(() => undefined)
    throw error
  } finally {
    await closeJournal(journal)
  }
}

/** Limits and settings of the transaction of a run. */
const transactionOf = ({ options: { triggers } }: Plan, { timeout, lockTimeout }: RunOptions): WriteOptions => ({
  timeouts: { statement: timeout, lock: lockTimeout, idle: Math.max(timeout, 300_000) },
  settings: [['search_path', ''], ...(triggers === 'off' ? [['session_replication_role', 'replica'] as const] : [])],
})

const settle = async (journal: OpenJournal | null, ending: 'DONE' | 'ABORTED'): Promise<void> => {
  await journal?.writer.write(ending, '')
  await journal?.writer.sync()
}

const closeJournal = async (journal: OpenJournal | null): Promise<void> => {
  await journal?.writer.close()
}

/** Everything up to the first write: stage, locks, guards, keys. */
const prepare = async (
  writer: Writer,
  input: ApplyInput,
  before: () => Promise<void>,
): Promise<{ readonly layout: Layout; readonly catalog: SharedCatalog; readonly raised: readonly string[] }> => {
  const { plan, source } = input
  await lockDatabase(writer)
  if (plan.options.triggers !== 'off') await switchTriggersOn(writer)
  const live = await checkCatalog(writer, plan)
  const catalog = shareCatalogs(live, source.kind === 'backup' ? source.catalog : live)
  const layout = layOut(plan, catalog)
  if (source.kind === 'backup') {
    await stageFromBackup(writer, source.reader, layout, input.options.batchSize, input.onProgress)
    await checkDigest(writer, plan, layout)
    for (const staged of layout.tables.values()) await applyNulls(writer, staged)
  } else await stageFromJournal(writer, layout, source.path)
  await before()
  await createMaps(writer, layout)
  input.onProgress({ phase: 'lock', table: null, rows: 0 })
  await lockRows(writer, layout, refusals[source.kind])
  await checkGuards(writer, layout, refusals[source.kind])
  const raised: string[] = []
  for (const staged of layout.tables.values()) {
    input.onProgress({ phase: 'allocate', table: staged.table.id, rows: 0 })
    raised.push(...(await raiseSequences(writer, staged)))
  }
  await allocateKeys(writer, layout)
  for (const staged of layout.tables.values()) {
    await refuseDisagreement(writer, layout, staged)
    await refuseTaken(writer, staged)
  }
  await keepImages(writer, layout)
  return { layout, catalog, raised }
}

const checkDigest = async (writer: Writer, plan: Plan, layout: Layout): Promise<void> => {
  const digests: string[] = []
  for (const staged of layout.tables.values()) {
    const rows = staged.steps.at(-1)?.range.last ?? 0
    digests.push(await digestStage(writer, staged, plan.digest.method, rows))
  }
  if (combineDigests(digests) === plan.digest.value) return
  throw new RowgraftError('plan-stale', 'the rows of the backup are not those the plan was made from', {
    detail: "The digest of the rows' images differs from the plan's.",
    hint: 'Make the plan again.',
  })
}

const beginJournal = async (journal: OpenJournal, writer: Writer, layout: Layout): Promise<void> => {
  const [row] = await writer.rows(sql`
    select a.pid::text, a.backend_start::text, pg_catalog.pg_current_xact_id()::text
    from pg_catalog.pg_stat_activity a
    where a.pid = pg_catalog.pg_backend_pid()`)
  const [pid = '', backendStart = '', xid = ''] = row ?? []
  await journal.writer.write('BEGIN', JSON.stringify({ pid, backendStart, xid }))
  await writeImages(journal.writer, writer, layout)
  await journal.writer.sync()
}

const writeAll = async (
  writer: Writer,
  layout: Layout,
  catalog: SharedCatalog,
  input: ApplyInput,
): Promise<Report['replaced']> => {
  const replaced = await insertRows(writer, layout, catalog, input.onProgress)
  await updateRows(writer, layout, input.onProgress)
  if (input.source.kind === 'journal') await refuseReferences(writer, layout)
  await deleteRows(writer, layout, catalog, input.onProgress)
  return replaced
}

const checkAll = async (writer: Writer, layout: Layout, plan: Plan): Promise<void> => {
  await writer.execute(sql`set constraints all immediate`)
  if (plan.options.triggers === 'off') await validateConstraints(writer, layout)
}
