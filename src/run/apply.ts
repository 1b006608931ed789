/**
 * Runs a plan: one transaction on live.
 *
 * Stage the rows; lock what is updated; check guards; raise sequences and allocate; insert, update, delete; check every count; make all
 * constraints immediate; verify; journal to disk; COMMIT. Locks are taken after the transfer, nothing commits unverified, and the
 * transaction counts as committed on the tag COMMIT, or where live says so.
 *
 * The statements between BEGIN and COMMIT are told in `perform.ts`.
 */

import { sql } from 'kysely'
import type { DatabaseIdentity } from '../catalog/read/identity.ts'
import type { SharedCatalog } from '../catalog/shared.ts'
import type { Writer } from '../database/session/reader.ts'
import type { Session } from '../database/session/session.ts'
import { roomyMemory } from '../database/settings.ts'
import { pinWrite, type WriteOptions, withWriteTransaction } from '../database/transaction.ts'
import { RowgraftError } from '../errors.ts'
import { blameHooks, type HookTime, runHooks } from './hooks.ts'
import { journalFile, type OpenJournal, startJournal } from './journal/journal.ts'
import { RunRecords, writeImages } from './journal/journal-rows.ts'
import { readRuns, runsInLive } from './journal/runs.ts'
import { settleCommit } from './journal/settle-commit.ts'
import { type Performance, prepareRows, shareWithSource, transactionOf, writeRows } from './perform.ts'
import { buildReport, readChangedKeys } from './report.ts'
import type { Report, RunOptions } from './run.ts'
import { layOut } from './stage/layout.ts'
import type { Layout } from './stage/staged.ts'
import { refuseChangedParts } from './start/earlier-parts.ts'
import { checkCatalog, lockDatabase, switchTriggersOn } from './transaction-start.ts'
import { writeMade } from './undo/made-rows.ts'
import { readEnded } from './write/row-writers.ts'
import { explainUnmet } from './write/unmet.ts'

export interface ApplyInput extends Omit<Performance, 'runHooks'> {
  readonly session: Session
  readonly live: DatabaseIdentity
  readonly options: RunOptions
  /** Of the journals. */
  readonly folder: string
}

/** A run under way. */
interface Applying extends ApplyInput {
  /** As `performance.now()` has it. */
  readonly started: number
  /** Null until it is begun, and of a rehearsal for good. */
  journal: OpenJournal | null
}

/** Runs the plan. Throws RowgraftErrors after a rollback; live is unchanged then, except for `outcome-unknown`. */
export const apply = async (input: ApplyInput): Promise<Report> => {
  const run: Applying = { ...input, started: performance.now(), journal: null }
  try {
    const transaction = { ...transactionOf(input.plan, input.options), ...commitOf(run) }
    const report = await withWriteTransaction(input.session, transaction, async (writer) => ({
      ending: input.options.rehearse ? 'rollback' : 'commit',
      value: await performRun(run, writer),
    }))
    await completeJournal(run.journal)
    return { ...report, elapsed: performance.now() - run.started }
  } catch (error) {
    const isUnknown = error instanceof RowgraftError && error.code === 'outcome-unknown'
    if (!isUnknown) await abortJournal(run.journal)
    throw error
  } finally {
    await closeJournal(run.journal)
  }
}

/** What is written down before COMMIT, and who is asked where its answer is not heard. */
const commitOf = (run: Applying): Pick<WriteOptions, 'beforeCommit' | 'patience' | 'judge'> => {
  const { session, live, folder, options } = run
  return {
    beforeCommit: async () => {
      const { journal } = run
      await journal?.keyList.sync()
      await journal?.writer.sync()
      // From here on only the server knows how this ends.
      session.shield()
      await journal?.writer.write('INTENT', '')
      await journal?.writer.sync()
    },
    patience: options.patience,
    judge: () => {
      const path = journalFile(folder, run.journal?.run ?? '')
      return settleCommit({ session, live, path, patience: options.patience })
    },
  }
}

/** All that the run does between BEGIN and COMMIT. */
const performRun = async (run: Applying, writer: Writer): Promise<Report> => {
  const { session, plan, source, options, onProgress } = run
  const pin = () => pinWrite(session, transactionOf(plan, options))
  const work = {
    plan,
    source,
    onProgress,
    runHooks: (when: HookTime) => runHooks(writer, { session, plan, when, pin }),
  }
  const catalog = await beginWork(run, writer)
  const layout = layOut(plan, catalog, { stagesKeys: true })
  const { raised, rounded } = await prepareRows(writer, layout, { ...work, catalog, batchSize: options.batchSize })
  const journal = options.rehearse ? null : await beginJournal(run, writer, layout)
  const records = journal === null ? null : new RunRecords(journal, writer, layout)
  const witness = records?.witness ?? null
  const writing = { ...work, catalog, searchPath: session.searchPath, witness }
  const connected = {
    searchPath: session.searchPath,
    options: session.target.options,
    settings: plan.options.settings,
  }
  const written = await writeRows(writer, layout, writing).catch(async (error: unknown) => {
    throw blameHooks(plan, await explainUnmet(writer, error, { layout, connected }))
  })
  onProgress({ stage: 'journal' })
  const stays = journal === null ? [] : await lookAround(run, journal, { writer, layout, catalog })
  const report = buildReport(plan, {
    changed: records?.changed ?? (await readChangedKeys(writer, layout)),
    run: journal?.run ?? '',
    outcome: options.rehearse ? 'rehearsed' : 'committed',
    elapsed: performance.now() - run.started,
    raised,
    rounded,
    stays,
    ...written,
  })
  await records?.finish(report)
  onProgress({ stage: 'commit' })
  return report
}

/** Nobody else is at work, and live is what the plan was made for. */
const beginWork = async ({ plan, source }: Applying, writer: Writer): Promise<SharedCatalog> => {
  await lockDatabase(writer)
  if (plan.options.settings.work_mem === undefined) await writer.execute(sql`select ${roomyMemory()}`)
  if (plan.options.triggers !== 'off') await switchTriggersOn(writer)
  return shareWithSource(await checkCatalog(writer, plan), source, plan)
}

/**
 * What triggers did beside the rows of the plan: to those of its earlier parts, and below those it inserted. Returns the tables in which an undo
 * leaves rows of theirs.
 */
const lookAround = async (
  { plan: { unit }, folder, live }: Applying,
  journal: OpenJournal,
  { writer, layout, catalog }: { readonly writer: Writer; readonly layout: Layout; readonly catalog: SharedCatalog },
): Promise<readonly string[]> => {
  if (unit !== undefined) {
    const parts = runsInLive(await readRuns(folder, live, 'heads')).filter(({ plan }) => plan.unit?.of === unit.of)
    await refuseChangedParts(writer, layout, { catalog, parts })
  }
  return writeMade(journal.writer, writer, { layout, catalog })
}

const beginJournal = async (run: Applying, writer: Writer, layout: Layout): Promise<OpenJournal> => {
  const journal = await startJournal(run.folder, run.plan, run.live)
  run.journal = journal
  const [row] = await writer.rows(sql`
    select a.pid::text, a.backend_start::text, pg_catalog.pg_current_xact_id()::text
    from pg_catalog.pg_stat_activity a
    where a.pid = pg_catalog.pg_backend_pid()`)
  const [pid = '', backendStart = '', xid = ''] = row ?? []
  const ended = await readEnded(writer)
  await journal.writer.write('BEGIN', JSON.stringify({ pid, backendStart, xid, ended }))
  await writeImages(journal.writer, writer, layout)
  await journal.writer.sync()
  return journal
}

const settle = async (journal: OpenJournal | null, ending: 'DONE' | 'ABORTED'): Promise<void> => {
  await journal?.writer.write(ending, '')
  await journal?.writer.sync()
}

const completeJournal = (journal: OpenJournal | null): Promise<void> =>
  settle(journal, 'DONE').catch((error: unknown) => {
    throw new RowgraftError('outcome-unknown', 'committed, but the journal could not be completed', {
      detail: error instanceof RowgraftError ? error.detail : String(error),
      hint: 'Make room for the journal, then run "rowgraft recover".',
      cause: error,
    })
  })

const abortJournal = async (journal: OpenJournal | null): Promise<void> => {
  await settle(journal, 'ABORTED').catch(() => undefined)
  await journal?.keyList.discard().catch(() => undefined)
}

const closeJournal = async (journal: OpenJournal | null): Promise<void> => {
  await journal?.keyList.close()
  await journal?.writer.close()
}
