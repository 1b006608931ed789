/** What was found last of what happened: an incident is looked into as it was told. */
import type { Call } from '../open/calls.ts'
import {
  type FoundOverwritten,
  findOverwrittenRows,
  type OverwrittenOptions,
} from '../selection/incidents/changes/find.ts'
import { type FoundIncidents, findIncidents, type IncidentOptions } from '../selection/incidents/incidents.ts'
import type { IncidentReport, OverwrittenReport } from '../selection/incidents/report.ts'
import { listIncidentRows, listOverwritten } from './lists.ts'
import type { Opened } from './opened.ts'
import type { RowList } from './row-list.ts'

export class KnownIncidents {
  readonly #opened: Opened
  #missing: FoundIncidents | null = null
  #options: IncidentOptions = {}
  /** The newest first: tables may have been looked at one after the other. */
  #overwritten: readonly FoundOverwritten[] = []

  constructor(opened: Opened) {
    this.#opened = opened
  }

  async find(options: IncidentOptions, call: Call): Promise<IncidentReport> {
    this.#missing = await this.#opened.read(call, (sides) => findIncidents(sides, options, this.#opened.onMissing))
    this.#options = options
    return this.#missing.report
  }

  async findOverwritten(options: OverwrittenOptions, call: Call): Promise<OverwrittenReport> {
    const found = await this.#opened.read(call, (sides) => findOverwrittenRows(sides, options))
    const others = options.tables === undefined ? [] : this.#overwritten.filter((own) => !isAmong(own, options.tables))
    this.#overwritten = [found, ...others]
    return found.report
  }

  /** The rows of one table that belong to an incident. */
  async list({ id, table }: { readonly id: string; readonly table: string }, call: Call): Promise<RowList> {
    const overwritten = this.#overwritten.map((own) => own.rowsOf(id)).find((own) => own !== null)
    if (overwritten !== undefined) return listOverwritten(this.#opened.catalog, overwritten, table)
    return this.#opened.read(call, async (sides) => {
      this.#missing ??= await findIncidents(sides, this.#options, this.#opened.onMissing)
      return listIncidentRows(sides, this.#missing, { id, table })
    })
  }

  /** What is missing, or overwritten, has changed. */
  forget(): void {
    this.#missing = null
    this.#overwritten = []
  }
}

/** True for what was found in tables that have been looked at again. */
const isAmong = ({ report }: FoundOverwritten, tables: readonly string[] = []): boolean =>
  report.incidents.every(({ table }) => tables.includes(table))
