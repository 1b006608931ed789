/**
 * The story on one page: opens both sides, and has one method per stage.
 *
 *     source -> database -> catalog -> diff -> selection -> closure -> plan -> run -> report
 *                                                                      undo = inverse of the journal
 */

import { readCatalog } from './catalog/read/read.ts'
import type { SharedCatalog } from './catalog/shared.ts'
import { refuseTriggersOff, withActing } from './database/acting.ts'
import { withReadTransaction } from './database/transaction.ts'
import { displayKey } from './keys/key.ts'
import { Looking } from './look/looking.ts'
import type { Call } from './open/calls.ts'
import { configuredOptions } from './open/configured.ts'
import { closePair, connect, type OpenOptions, type OpenPair } from './open/connect.ts'
import { sharePair } from './open/share-pair.ts'
import { backupOf, checkPlanned } from './open/side.ts'
import type { ChainLink } from './plan/chain.ts'
import { isAnsweredAsMade, refuseChanged } from './plan/file/plan-file.ts'
import type { Answer } from './plan/finding.ts'
import { defaultPlanOptions, type PlanOptions } from './plan/options.ts'
import type { Plan } from './plan/plan.ts'
import { findMissingFiles } from './planning/files/missing-files.ts'
import { makePlan } from './planning/make-plan.ts'
import { checkRestore, checkUndo, refuseOtherHash } from './review/check-plan.ts'
import type { PlannedRow } from './review/planned-rows.ts'
import { startPlanned, startScript, startTrace } from './review/review.ts'
import type { ScriptSink } from './review/script/script-writer.ts'
import { recoverRuns } from './run/journal/recover.ts'
import { findRun, findUnits, readRestoredIncidents, readRuns, summarise } from './run/journal/runs.ts'
import type { RecoverReport, Report, RunOptions, RunSummary, VerifyReport } from './run/run.ts'
import { checkDeclared, type Protection, refuseOtherConfig, type StartRunInput } from './run/start/settle.ts'
import { startRun } from './run/start/start-run.ts'
import { planUndo, readUndone } from './run/undo/undo.ts'
import { verifyRun } from './run/undo/verify-run.ts'
import type { Selection } from './selection/selection.ts'

/** Both sides, open: to look at, to plan, to restore. Close it when done. */
export class Rowgraft extends Looking {
  /** What the config says about writing to live. */
  readonly protection: Protection
  /** Made here, from the journals; any other may have been read from a file. */
  readonly #undoPlans = new WeakSet<Plan>()

  constructor(pair: OpenPair, options: OpenOptions, catalog: SharedCatalog) {
    super(pair, options, catalog)
    this.protection = options.config?.protect ?? false
  }

  /** Decides what would happen, and writes nothing. Conflicts are part of the plan. */
  async plan(
    selection: Selection,
    options: Partial<PlanOptions> = {},
    answers: Readonly<Record<string, Answer>> = {},
    call: Call = {},
  ): Promise<Plan> {
    return this.opened.calls.run(call, () => this.#plan(selection, options, answers))
  }

  async #plan(
    selection: Selection,
    options: Partial<PlanOptions>,
    answers: Readonly<Record<string, Answer>>,
  ): Promise<Plan> {
    const { live } = this.opened.pair
    const backup = backupOf(this.opened.pair)
    if (options.triggers === 'off') await refuseTriggersOff(live.session)
    const restoredIncidents = readRestoredIncidents(await readRuns(this.opened.folder, live.identity))
    const plan = await this.withSides((sides) =>
      makePlan({
        sides,
        transforms: this.opened.options.config?.transforms,
        selection,
        options: { ...defaultPlanOptions, ...options, ...configuredOptions(this.opened.options) },
        answers,
        live: live.identity,
        backup: backup.identity,
        restoredIncidents,
        findMissingFiles: (known, steps) =>
          findMissingFiles(known, steps, this.opened.options.config?.files, this.opened.calls.signal),
      }),
    )
    return plan
  }

  /**
   * Runs a plan in one transaction: verified, journalled, committed; or rolled back. Throws `decision-needed` for open conflicts,
   * `plan-stale`, `wrong-database`, and whatever the run itself stops with.
   */
  async run(plan: Plan, options: Partial<RunOptions> = {}, call: Call = {}): Promise<Report> {
    return this.opened.calls.run(call, async () => {
      this.forgetIncidents()
      return startRun({ ...(await this.#start(plan)), options, folder: this.opened.folder })
    })
  }

  /**
   * Writes a plan as one SQL script for psql, with the backup's rows in it: its effect is that of a run, and it rolls back unless it is
   * told to commit. Nothing is written to live. Throws what `run` throws before it begins.
   */
  async script(plan: Plan, sink: ScriptSink, options: Partial<RunOptions> = {}, call: Call = {}): Promise<void> {
    return this.opened.calls.run(call, async () => startScript({ ...(await this.#start(plan)), options, sink }))
  }

  /** The rows that a plan writes with the values it writes, read from the backup batch by batch. */
  async *planned(plan: Plan, call: Call = {}): AsyncGenerator<PlannedRow> {
    const start = () => this.#start(plan)
    yield* this.opened.calls.stream(call, async function* () {
      yield* startPlanned(await start())
    })
  }

  /** Why a row is in a plan, row by row: the backup tells which rows it came along with. `key` is packed. Throws `bad-key`. */
  async trace(plan: Plan, table: string, key: string, call: Call = {}): Promise<readonly ChainLink[]> {
    const row = { table, key, shown: displayKey(key) }
    return this.opened.calls.run(call, async () => startTrace(await this.#start(plan), row))
  }

  /** Compares what a run wrote with what live holds now. Default: the newest run that is in live. */
  async verify(run?: string, call: Call = {}): Promise<VerifyReport> {
    const { session, identity } = this.opened.pair.live
    return this.opened.calls.run(call, async () => {
      const head = findRun(await readRuns(this.opened.folder, identity), run)
      return withActing(session, head.plan.options, () =>
        withReadTransaction(session, async (reader) => verifyRun(reader, await readCatalog(reader), head)),
      )
    })
  }

  /** The plan that takes a run back: run it. Default: the newest run that is in live. */
  async undoPlan(run?: string, options: Partial<Pick<PlanOptions, 'triggers'>> = {}, call: Call = {}): Promise<Plan> {
    return this.opened.calls.run(call, () => this.#planUndo(run, options))
  }

  async #planUndo(run: string | undefined, options: Partial<Pick<PlanOptions, 'triggers'>>): Promise<Plan> {
    const { session, identity } = this.opened.pair.live
    const head = findRun(await readRuns(this.opened.folder, identity), run)
    // What it takes to undo is asked of the role that ran it.
    const found = await withActing(session, head.plan.options, () =>
      withReadTransaction(session, (reader) => readUndone(reader, head)),
    )
    const plan = await planUndo(head, found, options.triggers ?? null)
    if (plan.options.triggers === 'off') await refuseTriggersOff(session)
    this.#undoPlans.add(plan)
    return plan
  }

  /** The runs that are to be undone, newest first: the one named, or the newest with all other units of its plan. */
  async units(run?: string): Promise<readonly string[]> {
    return findUnits(await readRuns(this.opened.folder, this.opened.pair.live.identity), run)
  }

  /** Every run on this live, newest first. */
  async runs(_call: Call = {}): Promise<readonly RunSummary[]> {
    return summarise(await readRuns(this.opened.folder, this.opened.pair.live.identity))
  }

  /** Settles runs whose end is not known, and says what live holds of each. */
  async recover(call: Call = {}): Promise<RecoverReport> {
    const { session, identity } = this.opened.pair.live
    return this.opened.calls.run(call, async () => ({
      v: 1,
      runs: await recoverRuns(session, await readRuns(this.opened.folder, identity)),
    }))
  }

  /** Aborts a call that is under way, waits for its end, and closes both sides. */
  async close(): Promise<void> {
    await this.opened.calls.close()
    await closePair(this.opened.pair)
  }

  async #start(plan: Plan): Promise<Omit<StartRunInput, 'options' | 'folder'>> {
    return {
      pair: this.opened.pair,
      catalog: this.opened.catalog,
      plan: await this.#settle(plan),
      opened: { ...this.opened.options, onProgress: this.opened.calls.onProgress },
      withSides: (work) => this.withSides(work),
    }
  }

  /** The plan with the answers its file gives in its steps; refused on other databases, or when a used table was altered since. */
  async #settle(plan: Plan): Promise<Plan> {
    checkPlanned(this.opened.pair, plan)
    refuseOtherHash(plan)
    if (plan.undoes !== null) {
      if (!this.#undoPlans.has(plan)) checkUndo(plan, await this.#planUndo(plan.undoes, plan.options))
      return plan
    }
    refuseOtherConfig(plan, configuredOptions(this.opened.options))
    checkRestore(plan, this.opened.catalog, this.opened.options.config?.transforms)
    await checkDeclared(plan, this.opened.catalog, (check) => this.withSides(check))
    if (isAnsweredAsMade(plan)) return plan
    const again = await this.#plan(plan.selection, plan.options, plan.answers)
    refuseChanged(plan, again)
    return again
  }
}

/** Opens live, and backup if given. Throws RowgraftErrors for everything a user can mend. */
export const open = (options: OpenOptions): Promise<Rowgraft> =>
  connect(options, async (pair) => new Rowgraft(pair, options, await sharePair(pair, options.config ?? {})))
