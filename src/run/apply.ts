/**
 * Runs a plan: one transaction on live.
 *
 * Stage the rows; lock what is updated; check guards; raise sequences and allocate; insert, update, delete; check every count; make all
 * constraints immediate; verify; journal to disk; COMMIT. Locks are taken after the transfer, nothing commits unverified, and the
 * transaction counts as committed on the tag COMMIT, or where live says so.
 */

import { sql } from 'kysely'
import type { DatabaseIdentity } from '../catalog/read/identity.ts'
import type { SharedCatalog } from '../catalog/shared.ts'
import type { Writer } from '../database/session/reader.ts'
import type { Session } from '../database/session/session.ts'
import { roomyMemory } from '../database/settings.ts'
import { pinWrite, withWriteTransaction } from '../database/transaction.ts'
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

export interface ApplyInput extends Omit<Performance, 'runHooks'> {
  readonly session: Session
  readonly live: DatabaseIdentity
  readonly options: RunOptions
  /** Journal folder. */
  readonly journal: string
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
          await journal?.keyList.sync()
          await journal?.writer.sync()
          // From here on only the server knows how this ends.
          session.shield()
          await journal?.writer.write('INTENT', '')
          await journal?.writer.sync()
        },
        patience: options.patience,
        judge: () => {
          const path = journalFile(input.journal, journal?.run ?? '')
          return settleCommit({ session, live: input.live, path, patience: options.patience })
        },
      },
      async (writer) => {
        await lockDatabase(writer)
        if (plan.options.settings.work_mem === undefined) await writer.execute(sql`select ${roomyMemory()}`)
        if (plan.options.triggers !== 'off') await switchTriggersOn(writer)
        const catalog = shareWithSource(await checkCatalog(writer, plan), input.source, plan)
        const layout = layOut(plan, catalog, { stagesKeys: true })
        const work = { ...input, runHooks: (when: HookTime) => hook(writer, when) }
        const { raised } = await prepareRows(writer, layout, { ...work, catalog, batchSize: options.batchSize })
        if (!options.rehearse) {
          journal = await startJournal(input.journal, plan, input.live)
          await beginJournal(journal, writer, layout)
        }
        const records = journal === null ? null : new RunRecords(journal, writer, layout)
        const witness = records?.witness ?? null
        const writing = { ...work, catalog, searchPath: session.searchPath, witness }
        const written = await writeRows(writer, layout, writing).catch((error: unknown) => {
          throw blameHooks(plan, error)
        })
        if (journal !== null) await lookAround(input, journal, { writer, layout, catalog })
        const changed = records?.changed ?? (await readChangedKeys(writer, layout))
        const value = buildReport(plan, {
          changed,
          run: journal?.run ?? '',
          outcome: options.rehearse ? 'rehearsed' : 'committed',
          elapsed: performance.now() - started,
          raised,
          ...written,
        })
        input.onProgress({ phase: 'journal', table: null, rows: 0 })
        await records?.finish(value)
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
    if (!isUnknown) {
      await settle(journal, 'ABORTED').catch(() => undefined)
      await discardKeyList(journal).catch(() => undefined)
    }
    throw error
  } finally {
    await closeJournal(journal)
  }
}

/** What triggers did beside the rows of the plan: to those of its earlier parts, and below those it inserted. */
const lookAround = async (
  { plan: { unit }, journal: folder, live }: ApplyInput,
  journal: OpenJournal,
  { writer, layout, catalog }: { readonly writer: Writer; readonly layout: Layout; readonly catalog: SharedCatalog },
): Promise<void> => {
  if (unit !== undefined) {
    const parts = runsInLive(await readRuns(folder, live)).filter(({ plan }) => plan.unit?.of === unit.of)
    await refuseChangedParts(writer, layout, { catalog, parts })
  }
  await writeMade(journal.writer, writer, { layout, catalog })
}

const settle = async (journal: OpenJournal | null, ending: 'DONE' | 'ABORTED'): Promise<void> => {
  await journal?.writer.write(ending, '')
  await journal?.writer.sync()
}

const discardKeyList = async (journal: OpenJournal | null): Promise<void> => {
  await journal?.keyList.discard()
}

const closeJournal = async (journal: OpenJournal | null): Promise<void> => {
  await journal?.keyList.close()
  await journal?.writer.close()
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
