/**
 * The story on one page: opens both sides, and has one method per stage.
 *
 *     source -> database -> catalog -> diff -> selection -> closure -> plan -> run -> report
 *                                                                      undo = inverse of the journal
 */

import { type LikelyReference, likelyReferences } from './catalog/conventions/likely-references.ts'
import type { Edits } from './catalog/edits.ts'
import { refuseTriggersOff } from './database/acting.ts'
import type { TableDiff } from './diff/diff.ts'
import { type DiffState, diffStates } from './diff/diff-states.ts'
import { type CountOptions, countTables } from './diff/parallel.ts'
import { displayKey } from './keys/key.ts'
import { KnownIncidents } from './look/known-incidents.ts'
import { type RowReference, readList, readListValues, readReferences, readView } from './look/lists.ts'
import { Opened } from './look/opened.ts'
import type { RowList } from './look/row-list.ts'
import type { RowView, ViewOptions } from './look/row-view.ts'
import { type ChosenTables, chooseTables, listRows, type RelatedRow, type RowReport, showRow } from './look/rows.ts'
import { readTables, type TableOverview } from './look/tables.ts'
import type { Call } from './open/calls.ts'
import { configuredOptions } from './open/configured.ts'
import { closePair, type OpenOptions, type OpenPair, openPair } from './open/connect.ts'
import { findSuggestions, type Suggestion } from './open/declared/suggested.ts'
import { backupOf, checkPlanned, describeSide, type SideInfo } from './open/side.ts'
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
import { findRun, findUnits, readRestoredIncidents, summariseRuns, withRunReader } from './run/journal/runs.ts'
import type { RecoverReport, Report, RunOptions, RunSummary, VerifyReport } from './run/run.ts'
import { checkDeclared, type Protection, refuseOtherConfig, type StartRunInput } from './run/start/settle.ts'
import { startRun } from './run/start/start-run.ts'
import { planUndoOf } from './run/undo/find-undo.ts'
import { undoable } from './run/undo/newest.ts'
import type { UndoOptions } from './run/undo/undo.ts'
import { verifyRun } from './run/undo/verify-run.ts'
import type { OverwrittenOptions } from './selection/incidents/changes/find.ts'
import type { IncidentOptions } from './selection/incidents/incidents.ts'
import type { IncidentReport, OverwrittenReport } from './selection/incidents/report.ts'
import type { Selection } from './selection/selection.ts'

/** Both sides, open: to look at, to plan, to restore. Every method takes a call's own signal and listener last. Close it when done. */
export class Rowgraft {
  readonly live: SideInfo
  readonly backup: SideInfo | null
  /** Things worth knowing that do not forbid anything. */
  readonly notes: readonly string[]
  /** Columns that are called like a reference and are none, by their names alone. */
  readonly likelyReferences: readonly LikelyReference[]
  /** What the config says about writing to live. */
  readonly protection: Protection
  // Private for good: what is printed of an object must not show the passwords that its connections were opened with.
  readonly #opened: Opened
  readonly #incidents: KnownIncidents
  /** Made here, from the journals; any other may have been read from a file. */
  readonly #undoPlans = new WeakSet<Plan>()

  constructor(pair: OpenPair, options: OpenOptions) {
    this.#opened = new Opened(pair, options)
    this.#incidents = new KnownIncidents(this.#opened)
    this.live = describeSide(pair.live)
    this.backup = pair.backup === null ? null : describeSide(pair.backup)
    this.notes = pair.notes
    this.likelyReferences = likelyReferences(pair.catalog)
    this.protection = options.config?.protect ?? false
  }

  /** Every table: identity, relations, drift, size, restorable or why not; as if the backup held the values given. */
  async tables(options: Partial<Edits> = {}, call: Call = {}): Promise<readonly TableOverview[]> {
    return this.#opened.read(call, (sides) => readTables(sides, this.#opened.options.config?.transforms, options))
  }

  /** Relations that no constraint declares and nobody follows, as far as names and the backup's rows speak for them. */
  async suggestions(call: Call = {}): Promise<readonly Suggestion[]> {
    return this.#opened.read(call, ({ backup, catalog }) => findSuggestions(backup, catalog))
  }

  /** Counts per table, as each is done. */
  async *diff(
    options: ChosenTables & Pick<CountOptions, 'states' | 'jobs'> = {},
    call: Call = {},
  ): AsyncGenerator<TableDiff> {
    const { catalog, onDiff: onProgress } = this.#opened
    const tables = chooseTables(catalog, options.tables)
    yield* this.#opened.stream(call, (sides) => countTables(sides, tables, { ...options, onProgress }))
  }

  /** Rows that differ, with their values. */
  async *rows(
    options: ChosenTables & { readonly states?: readonly DiffState[] } = {},
    call: Call = {},
  ): AsyncGenerator<RowReport> {
    const { catalog, onDiff: onProgress } = this.#opened
    const tables = chooseTables(catalog, options.tables)
    yield* this.#opened.stream(call, (sides) => listRows(sides, tables, { states: diffStates, ...options, onProgress }))
  }

  /** One row on both sides, and its relations. */
  async show(table: string, key: string, call: Call = {}): Promise<RelatedRow> {
    return this.#opened.read(call, (sides) => showRow(sides, table, key))
  }

  /** The rows that one row refers to, and what people call them. */
  async references(table: string, key: string, call: Call = {}): Promise<readonly RowReference[]> {
    return this.#opened.read(call, (sides) => readReferences(sides, table, key))
  }

  /** The rows of a table that differ, as a list to look through: keys and states, some 50 bytes a row. */
  async list(
    table: string,
    { states }: { readonly states?: readonly DiffState[] } = {},
    call: Call = {},
  ): Promise<RowList> {
    return this.#opened.read(call, (sides) => readList(sides, table, { states, onProgress: this.#opened.onDiff }))
  }

  /** Some rows of a list with their values, in the order asked for: a page. */
  async values(list: RowList, indexes: readonly number[], call: Call = {}): Promise<readonly RowReport[]> {
    return this.#opened.read(call, (sides) => readListValues(sides, list, indexes))
  }

  /** Which rows of a list match a filter, and in which order. Throws `bad-where`. */
  async view(list: RowList, options: ViewOptions, call: Call = {}): Promise<RowView> {
    return this.#opened.read(call, (sides) => readView(sides, list, options))
  }

  /** Missing rows grouped by what made them go, largest group first. */
  async incidents(options: IncidentOptions = {}, call: Call = {}): Promise<IncidentReport> {
    return this.#incidents.find(options, call)
  }

  /** Rows that live has with other values, grouped by the UPDATE that explains them. Every row of the tables is compared: see `large`. */
  async overwritten(options: OverwrittenOptions = {}, call: Call = {}): Promise<OverwrittenReport> {
    return this.#incidents.findOverwritten(options, call)
  }

  /** The rows of one table that belong to an incident, as they were found last. */
  async incidentRows(id: string, table: string, call: Call = {}): Promise<RowList> {
    return this.#incidents.list({ id, table }, call)
  }

  /** Decides what would happen, and writes nothing. Conflicts are part of the plan. */
  async plan(
    selection: Selection,
    options: Partial<PlanOptions> = {},
    answers: Readonly<Record<string, Answer>> = {},
    call: Call = {},
  ): Promise<Plan> {
    return this.#opened.calls.run(call, () => this.#plan(selection, options, answers))
  }

  async #plan(
    selection: Selection,
    options: Partial<PlanOptions>,
    answers: Readonly<Record<string, Answer>>,
  ): Promise<Plan> {
    const { pair, options: opened, calls } = this.#opened
    const { live } = pair
    const backup = backupOf(pair)
    if (options.triggers === 'off') await refuseTriggersOff(live.session)
    const restoredIncidents = readRestoredIncidents(await this.#opened.readRuns('heads'))
    return this.#opened.withSides((sides) =>
      makePlan({
        sides,
        transforms: opened.config?.transforms,
        selection,
        options: { ...defaultPlanOptions, ...options, ...configuredOptions(opened) },
        answers,
        live: live.identity,
        backup: backup.identity,
        restoredIncidents,
        findMissingFiles: (known, steps) =>
          findMissingFiles(known, steps, { files: opened.config?.files, signal: calls.signal }),
      }),
    )
  }

  /**
   * Runs a plan in one transaction: verified, journalled, committed; or rolled back. Throws `decision-needed` for open conflicts,
   * `plan-stale`, `wrong-database`, and whatever the run itself stops with.
   */
  async run(plan: Plan, options: Partial<RunOptions> = {}, call: Call = {}): Promise<Report> {
    return this.#opened.calls.run(call, async () => {
      // What is missing changes.
      this.#incidents.forget()
      return startRun({ ...(await this.#start(plan)), options, folder: this.#opened.folder })
    })
  }

  /**
   * Writes a plan as one SQL script for psql, with the backup's rows in it: its effect is that of a run, and it rolls back unless it is
   * told to commit. Nothing is written to live. Throws what `run` throws before it begins.
   */
  async script(plan: Plan, sink: ScriptSink, options: Partial<RunOptions> = {}, call: Call = {}): Promise<void> {
    return this.#opened.calls.run(call, async () => startScript({ ...(await this.#start(plan)), options, sink }))
  }

  /** The rows that a plan writes with the values it writes, read from the backup batch by batch. */
  async *planned(plan: Plan, call: Call = {}): AsyncGenerator<PlannedRow> {
    const start = () => this.#start(plan)
    yield* this.#opened.calls.stream(call, async function* () {
      yield* startPlanned(await start())
    })
  }

  /** Why a row is in a plan, row by row: the backup tells which rows it came along with. `key` is packed. Throws `bad-key`. */
  async trace(plan: Plan, table: string, key: string, call: Call = {}): Promise<readonly ChainLink[]> {
    const row = { table, key, shown: displayKey(key) }
    return this.#opened.calls.run(call, async () => startTrace(await this.#start(plan), row))
  }

  /** Compares what a run wrote with what live holds now. Default: the newest run that is in live. */
  async verify(run?: string, call: Call = {}): Promise<VerifyReport> {
    const { session } = this.#opened.pair.live
    return this.#opened.calls.run(call, async () => {
      const head = findRun(await this.#opened.readRuns(), run)
      return withRunReader(session, head, (reader) => verifyRun(reader, head, this.#opened.onStage))
    })
  }

  /** The plan that takes a run back: run it. Default: the newest run in live that is no undo. */
  async undoPlan(run?: string, options: UndoOptions = {}, call: Call = {}): Promise<Plan> {
    return this.#opened.calls.run(call, () => this.#planUndo(run, options))
  }

  async #planUndo(run: string | undefined, options: UndoOptions): Promise<Plan> {
    const { pair, onStage } = this.#opened
    const plan = await planUndoOf(pair.live.session, await this.#opened.readRuns(), { ...options, run, onStage })
    this.#undoPlans.add(plan)
    return plan
  }

  /** The runs that are to be undone, newest first: the one named, or the newest that is no undo, with all other units of its plan. */
  async units(run?: string): Promise<readonly string[]> {
    return findUnits(undoable(await this.#opened.readRuns(), run), run)
  }

  /** Every run on this live, newest first. */
  async runs(_call: Call = {}): Promise<readonly RunSummary[]> {
    return summariseRuns(await this.#opened.readRuns())
  }

  /** Settles runs whose end is not known, and says what live holds of each. */
  async recover(call: Call = {}): Promise<RecoverReport> {
    const { session } = this.#opened.pair.live
    return this.#opened.calls.run(call, async () => recoverRuns(session, await this.#opened.readRuns()))
  }

  /** Aborts a call that is under way, waits for its end, and closes both sides. */
  async close(): Promise<void> {
    await this.#opened.calls.close()
    await closePair(this.#opened.pair)
  }

  async #start(plan: Plan): Promise<Omit<StartRunInput, 'options' | 'folder'>> {
    const { pair, catalog, options, calls } = this.#opened
    return {
      pair,
      catalog,
      plan: await this.#settle(plan),
      opened: { ...options, onProgress: calls.onProgress },
      withSides: (work) => this.#opened.withSides(work),
    }
  }

  /** The plan with the answers its file gives in its steps; refused on other databases, or when a used table was altered since. */
  async #settle(plan: Plan): Promise<Plan> {
    const { pair, catalog, options } = this.#opened
    checkPlanned(pair, plan)
    refuseOtherHash(plan)
    if (plan.undoes !== null) {
      if (!this.#undoPlans.has(plan)) checkUndo(plan, await this.#planUndo(plan.undoes, plan.options))
      return plan
    }
    refuseOtherConfig(plan, configuredOptions(options))
    checkRestore(plan, catalog, options.config?.transforms)
    await checkDeclared(plan, catalog, (check) => this.#opened.withSides(check))
    if (isAnsweredAsMade(plan)) return plan
    const again = await this.#plan(plan.selection, plan.options, plan.answers)
    refuseChanged(plan, again)
    return again
  }
}

/** Opens live, and backup if given. Throws RowgraftErrors for everything a user can mend. */
export const open = async (options: OpenOptions): Promise<Rowgraft> => new Rowgraft(await openPair(options), options)
