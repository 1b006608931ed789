/** Both sides, open, to look at: what differs, what was lost, and the rows themselves. */
import type { Edits } from '../catalog/edits.ts'
import type { SharedCatalog } from '../catalog/shared.ts'
import type { DiffStep, TableDiff } from '../diff/diff.ts'
import { type DiffState, diffStates } from '../diff/diff-states.ts'
import { type CountOptions, countTables } from '../diff/parallel.ts'
import { type Call, Calls } from '../open/calls.ts'
import type { OpenOptions, OpenPair } from '../open/connect.ts'
import { backupOf, describeSide, type SideInfo } from '../open/side.ts'
import { type OpenedSides, streamSides, withSides } from '../open/with-sides.ts'
import type { Sides } from '../rows/sides.ts'
import { largerSizes, readSizes } from '../rows/sizes.ts'
import { suggestTyped } from '../rows/typed-rows.ts'
import { journalFolder } from '../run/journal/journal.ts'
import { readRestored, readRuns } from '../run/journal/runs.ts'
import { type FoundIncidents, findIncidents, type IncidentOptions } from '../selection/incidents/incidents.ts'
import type { IncidentReport } from '../selection/incidents/report.ts'
import { withEdits } from '../transform/edited.ts'
import { listIncidentRows, type RowReference, readList, readListValues, readReferences, readView } from './lists.ts'
import type { RowList } from './row-list.ts'
import type { RowView, ViewOptions } from './row-view.ts'
import { type ChosenTables, chooseTables, listRows, type RelationCount, type RowReport, showRow } from './rows.ts'
import { describeTables, type TableOverview } from './tables.ts'

/** What both sides were opened as. */
interface Opened {
  readonly pair: OpenPair
  readonly options: OpenOptions
  /** Of the journals. */
  readonly folder: string
  readonly catalog: SharedCatalog
  readonly calls: Calls
}

/** Reads, and writes nothing to live. Every method takes a call's own signal and listener last. */
export class Looking {
  readonly live: SideInfo
  readonly backup: SideInfo | null
  /** Things worth knowing that do not forbid anything. */
  readonly notes: readonly string[]
  // Private for good: what is printed of an object must not show the passwords that its connections were opened with.
  readonly #opened: Opened
  #incidents: FoundIncidents | null = null
  #incidentOptions: IncidentOptions = {}

  constructor(pair: OpenPair, options: OpenOptions, catalog: SharedCatalog) {
    const folder = journalFolder(options.journal, options.env ?? process.env)
    this.#opened = { pair, options, folder, catalog, calls: new Calls(pair, options) }
    this.live = describeSide(pair.live)
    this.backup = pair.backup === null ? null : describeSide(pair.backup)
    this.notes = pair.notes
  }

  /** What stands behind it. */
  protected get opened(): Opened {
    return this.#opened
  }

  /** Something is written: incidents must be counted again. */
  protected forgetIncidents(): void {
    this.#incidents = null
  }

  /** Every table: identity, relations, drift, size, restorable or why not; as if the backup held the values given. */
  async tables(options: Partial<Edits> = {}, call: Call = {}): Promise<readonly TableOverview[]> {
    backupOf(this.#opened.pair)
    const found = await this.#read(call, async (sides) => {
      const { live, backup } = await readSizes(sides)
      return { suggestions: await suggestTyped(sides, backup), sizes: largerSizes(live, backup) }
    })
    return describeTables(
      withEdits(this.#opened.catalog, this.#opened.options.config?.transforms, options).catalog,
      found,
    )
  }

  /** Counts per table, as each is done. */
  async *diff(
    options: ChosenTables & Pick<CountOptions, 'states' | 'jobs'> = {},
    call: Call = {},
  ): AsyncGenerator<TableDiff> {
    const tables = chooseTables(this.#opened.catalog, options.tables)
    yield* this.#stream(call, (sides) => countTables(sides, tables, { ...options, onProgress: this.#diffProgress }))
  }

  /** Rows that differ, with their values. */
  async *rows(
    options: ChosenTables & { readonly states?: readonly DiffState[] } = {},
    call: Call = {},
  ): AsyncGenerator<RowReport> {
    const tables = chooseTables(this.#opened.catalog, options.tables)
    yield* this.#stream(call, (sides) => listRows(sides, tables, options.states ?? diffStates, this.#diffProgress))
  }

  /** One row on both sides, and its relations. */
  async show(
    table: string,
    key: string,
    call: Call = {},
  ): Promise<RowReport & { readonly relations: readonly RelationCount[] }> {
    return this.#read(call, (sides) => showRow(sides, table, key))
  }

  /** The rows that one row refers to, and what people call them. */
  async references(table: string, key: string, call: Call = {}): Promise<readonly RowReference[]> {
    return this.#read(call, (sides) => readReferences(sides, table, key))
  }

  /** The rows of a table that differ, as a list to look through: keys and states, some 50 bytes a row. */
  async list(
    table: string,
    { states }: { readonly states?: readonly DiffState[] } = {},
    call: Call = {},
  ): Promise<RowList> {
    return this.#read(call, (sides) => readList(sides, table, { states, onProgress: this.#diffProgress }))
  }

  /** Some rows of a list with their values, in the order asked for: a page. */
  async values(list: RowList, indexes: readonly number[], call: Call = {}): Promise<readonly RowReport[]> {
    return this.#read(call, (sides) => readListValues(sides, list, indexes))
  }

  /** Which rows of a list match a filter, and in which order. Throws `bad-where`. */
  async view(list: RowList, options: ViewOptions, call: Call = {}): Promise<RowView> {
    return this.#read(call, (sides) => readView(sides, list, options))
  }

  /** Missing rows grouped by what made them go, largest group first. */
  async incidents(options: IncidentOptions = {}, call: Call = {}): Promise<IncidentReport> {
    this.#incidents = await this.#read(call, (sides) => findIncidents(sides, options, this.#diffProgress))
    this.#incidentOptions = options
    return this.#incidents.report
  }

  /** The rows of one table that belong to an incident, as they were found last. */
  async incidentRows(id: string, table: string, call: Call = {}): Promise<RowList> {
    return this.#read(call, async (sides) => {
      this.#incidents ??= await findIncidents(sides, this.#incidentOptions, this.#diffProgress)
      return listIncidentRows(sides, this.#incidents, id, table)
    })
  }

  async #sides(): Promise<OpenedSides> {
    const { live } = this.#opened.pair
    const backup = backupOf(this.#opened.pair).session
    const restored = await readRestored(await readRuns(this.#opened.folder, live.identity))
    return { live: live.session, backup, catalog: this.#opened.catalog, restored }
  }

  protected async withSides<T>(work: (sides: Sides) => Promise<T>): Promise<T> {
    return withSides(await this.#sides(), work)
  }

  #read<T>(call: Call, work: (sides: Sides) => Promise<T>): Promise<T> {
    return this.#opened.calls.run(call, () => this.withSides(work))
  }

  async *#stream<T>(call: Call, start: (sides: Sides) => AsyncGenerator<T>): AsyncGenerator<T> {
    const open = () => this.#sides()
    yield* this.#opened.calls.stream(call, async function* () {
      yield* streamSides(await open(), start)
    })
  }

  readonly #diffProgress = (step: DiffStep): void => this.#opened.calls.onProgress({ kind: 'diff', ...step })
}
