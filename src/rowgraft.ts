/**
 * The story on one page: opens both sides, and has one method per stage.
 *
 *     source -> database -> catalog -> diff -> selection -> closure -> plan -> run -> report
 *                                                                      undo = inverse of the journal
 */

import type { Edits } from './catalog/edits.ts'
import { readCatalog } from './catalog/read.ts'
import type { SharedCatalog } from './catalog/shared.ts'
import { checkDeclared } from './check-declared.ts'
import { refuseTriggersOff, withActing } from './database/acting.ts'
import { withReadTransaction } from './database/transaction.ts'
import { type DiffState, type DiffStep, diffStates, type TableDiff } from './diff/diff.ts'
import { type CountOptions, countTables } from './diff/parallel.ts'
import type { Sides } from './diff/sides.ts'
import { findMissingFiles } from './files/missing.ts'
import {
  type ChosenTables,
  chooseTables,
  describeTables,
  listRows,
  type RelationCount,
  type RowReport,
  showRow,
  type TableOverview,
} from './inspect.ts'
import { makePlan } from './make-plan.ts'
import { configuredOptions } from './open/configured.ts'
import { closePair, connect, type OpenOptions, type OpenPair } from './open/connect.ts'
import { backupOf, checkPlanned, describeSide, type SideInfo } from './open/side.ts'
import { defaultPlanOptions, type Plan, type PlanOptions } from './plan/plan.ts'
import { isAnsweredAsMade, refuseAltered } from './plan/plan-file.ts'
import type { PlannedRow } from './planned-rows.ts'
import type { Answer } from './probe/finding.ts'
import { startPlanned, startScript } from './review.ts'
import { journalFolder } from './run/journal.ts'
import type { Protection } from './run/protect.ts'
import { recoverRuns } from './run/recover.ts'
import type { RecoverReport, Report, RunOptions, RunSummary, VerifyReport } from './run/run.ts'
import { findRun, findUnits, readRestored, readRestoredIncidents, readRuns, summarise } from './run/runs.ts'
import { planUndo, readUndone } from './run/undo.ts'
import { verifyRun } from './run/verify-run.ts'
import type { ScriptSink } from './script/script.ts'
import { findIncidents, type IncidentReport } from './selection/incidents/incidents.ts'
import type { Selection } from './selection/selection.ts'
import { suggestTyped } from './selection/typed-rows.ts'
import { sharePair } from './share-pair.ts'
import { refuseOtherConfig, type StartRunInput, startRun } from './start-run.ts'
import { withEdits } from './transform/edited.ts'
import { type OpenedSides, streamSides, withSides } from './with-sides.ts'

/** Both sides, open. Close it when done. */
export class Rowgraft {
  readonly live: SideInfo
  readonly backup: SideInfo | null
  /** What the config says about writing to live. */
  readonly protection: Protection
  /** Things worth knowing that do not forbid anything. */
  readonly notes: readonly string[]
  readonly #pair: OpenPair
  readonly #options: OpenOptions
  readonly #folder: string
  readonly #catalog: SharedCatalog

  constructor(pair: OpenPair, options: OpenOptions, catalog: SharedCatalog) {
    this.#pair = pair
    this.#options = options
    this.#folder = journalFolder(options.journal, options.env ?? process.env)
    this.#catalog = catalog
    this.live = describeSide(pair.live)
    this.backup = pair.backup === null ? null : describeSide(pair.backup)
    this.protection = options.config?.protect ?? false
    this.notes = pair.notes
  }

  /** Every table: identity, relations, drift, restorable or why not; as if the backup held the values given. */
  async tables(options: Partial<Edits> = {}): Promise<readonly TableOverview[]> {
    backupOf(this.#pair)
    const suggestions = await this.#withSides(suggestTyped)
    return describeTables(withEdits(this.#catalog, this.#options.config?.transforms, options).catalog, suggestions)
  }

  /** Counts per table, as each is done. */
  async *diff(options: ChosenTables & Pick<CountOptions, 'states' | 'jobs'> = {}): AsyncGenerator<TableDiff> {
    const tables = chooseTables(this.#catalog, options.tables)
    yield* this.#stream((sides) => countTables(sides, tables, { ...options, onProgress: this.#diffProgress }))
  }

  /** Rows that differ, with their values. */
  async *rows(options: ChosenTables & { readonly states?: readonly DiffState[] } = {}): AsyncGenerator<RowReport> {
    const tables = chooseTables(this.#catalog, options.tables)
    yield* this.#stream((sides) => listRows(sides, tables, options.states ?? diffStates, this.#diffProgress))
  }

  /** One row on both sides, and its relations. */
  async show(table: string, key: string): Promise<RowReport & { readonly relations: readonly RelationCount[] }> {
    return this.#withSides((sides) => showRow(sides, table, key))
  }

  /** Missing rows grouped by what made them go, largest group first. */
  async incidents(): Promise<IncidentReport> {
    return (await this.#withSides((sides) => findIncidents(sides, this.#diffProgress))).report
  }

  /** Decides what would happen, and writes nothing. Conflicts are part of the plan. */
  async plan(
    selection: Selection,
    options: Partial<PlanOptions> = {},
    answers: Readonly<Record<string, Answer>> = {},
  ): Promise<Plan> {
    const { live } = this.#pair
    const backup = backupOf(this.#pair)
    if (options.triggers === 'off') await refuseTriggersOff(live.session)
    const restoredIncidents = readRestoredIncidents(await readRuns(this.#folder, live.identity))
    const plan = await this.#withSides((sides) =>
      makePlan({
        sides,
        transforms: this.#options.config?.transforms,
        selection,
        options: { ...defaultPlanOptions, ...options, ...configuredOptions(this.#options) },
        answers,
        live: live.identity,
        backup: backup.identity,
        restoredIncidents,
        findMissingFiles: (known, steps) =>
          findMissingFiles(known, steps, this.#options.config?.files, this.#options.signal),
      }),
    )
    return plan
  }

  /**
   * Runs a plan in one transaction: verified, journalled, committed; or rolled back. Throws `decision-needed` for open conflicts,
   * `plan-stale`, `wrong-database`, and whatever the run itself stops with.
   */
  async run(plan: Plan, options: Partial<RunOptions> = {}): Promise<Report> {
    return startRun({ ...(await this.#start(plan)), options, folder: this.#folder })
  }

  /**
   * Writes a plan as one SQL script for psql, with the backup's rows in it: its effect is that of a run, and it rolls back unless it is
   * told to commit. Nothing is written to live. Throws what `run` throws before it begins.
   */
  async script(plan: Plan, sink: ScriptSink, options: Partial<RunOptions> = {}): Promise<void> {
    await startScript({ ...(await this.#start(plan)), options, sink })
  }

  /** The rows that a plan writes with the values it writes, read from the backup batch by batch. */
  async *planned(plan: Plan): AsyncGenerator<PlannedRow> {
    yield* startPlanned(await this.#start(plan))
  }

  /** Compares what a run wrote with what live holds now. Default: the newest run that is in live. */
  async verify(run?: string): Promise<VerifyReport> {
    const { session, identity } = this.#pair.live
    const head = findRun(await readRuns(this.#folder, identity), run)
    return withActing(session, head.plan.options, () =>
      withReadTransaction(session, async (reader) => verifyRun(reader, await readCatalog(reader), head)),
    )
  }

  /** The plan that takes a run back: run it. Default: the newest run that is in live. */
  async undoPlan(run?: string, options: Partial<Pick<PlanOptions, 'triggers'>> = {}): Promise<Plan> {
    const { session, identity } = this.#pair.live
    const head = findRun(await readRuns(this.#folder, identity), run)
    // What it takes to undo is asked of the role that ran it.
    const found = await withActing(session, head.plan.options, () =>
      withReadTransaction(session, (reader) => readUndone(reader, head)),
    )
    const plan = await planUndo(head, found, options.triggers ?? null)
    if (plan.options.triggers === 'off') await refuseTriggersOff(session)
    return plan
  }

  /** The runs that are to be undone, newest first: the one named, or the newest with all other units of its plan. */
  async units(run?: string): Promise<readonly string[]> {
    return findUnits(await readRuns(this.#folder, this.#pair.live.identity), run)
  }

  /** Every run on this live, newest first. */
  async runs(): Promise<readonly RunSummary[]> {
    return summarise(await readRuns(this.#folder, this.#pair.live.identity))
  }

  /** Settles runs whose end is not known, and says what live holds of each. */
  async recover(): Promise<RecoverReport> {
    const { session, identity } = this.#pair.live
    return { v: 1, runs: await recoverRuns(session, await readRuns(this.#folder, identity)) }
  }

  async close(): Promise<void> {
    await closePair(this.#pair)
  }

  readonly #diffProgress = (step: DiffStep): void => this.#options.onProgress?.({ kind: 'diff', ...step })

  async #start(plan: Plan): Promise<Omit<StartRunInput, 'options' | 'folder'>> {
    return {
      pair: this.#pair,
      catalog: this.#catalog,
      plan: await this.#settle(plan),
      opened: this.#options,
      withSides: (work) => this.#withSides(work),
    }
  }

  /** The plan with the answers its file gives in its steps; refused on other databases, or when a used table was altered since. */
  async #settle(plan: Plan): Promise<Plan> {
    checkPlanned(this.#pair, plan)
    if (plan.undoes === null) {
      refuseOtherConfig(plan, configuredOptions(this.#options))
      await checkDeclared(plan, this.#catalog, (check) => this.#withSides(check))
    }
    if (plan.undoes !== null || isAnsweredAsMade(plan)) return plan
    const again = await this.plan(plan.selection, plan.options, plan.answers)
    refuseAltered(plan, again)
    return again
  }

  async #sides(): Promise<OpenedSides> {
    const { live } = this.#pair
    const backup = backupOf(this.#pair).session
    const restored = await readRestored(await readRuns(this.#folder, live.identity))
    return { live: live.session, backup, catalog: this.#catalog, restored }
  }

  async #withSides<T>(work: (sides: Sides) => Promise<T>): Promise<T> {
    return withSides(await this.#sides(), work)
  }

  async *#stream<T>(start: (sides: Sides) => AsyncGenerator<T>): AsyncGenerator<T> {
    yield* streamSides(await this.#sides(), start)
  }
}

/** Opens live, and backup if given. Throws RowgraftErrors for everything a user can mend. */
export const open = (options: OpenOptions): Promise<Rowgraft> =>
  connect(options, async (pair) => new Rowgraft(pair, options, await sharePair(pair, options.config ?? {})))
