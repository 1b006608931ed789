/**
 * What becomes of keys while planning: which rows keep theirs, get a new one, or are stood in for by a live row; and what that makes
 * of every reference to them. A key that is only allocated by the run is `fresh`: it cannot collide with anything.
 */
import type { Relation } from '../../catalog/relations.ts'
import type { SharedTable } from '../../catalog/shared.ts'
import { packKey, unpackKey } from '../../keys/key.ts'
import { KeySet } from '../../keys/key-index.ts'
import { readShown } from '../../rows/by-key.ts'
import { readParents } from '../../rows/references.ts'
import { type Sides, tableOf } from '../../rows/sides.ts'

/** A value the run will allocate. */
export const fresh = Symbol('fresh')

export type MappedValue = string | null | typeof fresh

/** What becomes of the references of rows: per row, by packed key, the columns whose value in live will not be the backup's. */
export type Rewritten = ReadonlyMap<string, ReadonlyMap<string, MappedValue>>

/** Rows of a table as they would be written; keys are packed. */
export interface MappedRows {
  readonly table: SharedTable
  readonly keys: readonly string[]
  readonly rewritten: Rewritten
}

/** What becomes of the rows of one table. Keys are packed backup keys. */
export interface TableFates {
  /** Rows that get a new primary key. */
  readonly allocated: KeySet
  /** Live rows that stand in: backup key -> live key. */
  readonly standIns: Map<string, string>
  /** Of those, the live rows that take the backup's values. */
  readonly overwritten: Set<string>
  /** Rows whose key is taken and whose conflict has no answer yet: whatever it will be, theirs is another key. */
  readonly undecided: Set<string>
  /** Links that live has already. */
  readonly linked: Set<string>
  /** Columns of rows whose references are rewritten. */
  readonly rewritten: Map<string, ReadonlyMap<string, MappedValue>>
}

/** True where a live row of the same key has begun to stand in: `known` are those that did before. */
export const hasNewStandIns = (
  { standIns }: Pick<TableFates, 'standIns'>,
  known: ReadonlySet<string> | undefined,
): boolean => [...standIns].some(([key, live]) => key === live && known?.has(key) !== true)

export class Mapping {
  readonly #sides: Sides
  readonly #fates = new Map<string, TableFates>()
  readonly #liveValues = new Map<string, ReadonlyMap<string, string | null>>()

  constructor(sides: Sides) {
    this.#sides = sides
  }

  of(table: string): TableFates {
    const known = this.#fates.get(table)
    if (known !== undefined) return known
    const made: TableFates = {
      allocated: new KeySet(this.#sides.keys.of(table)),
      standIns: new Map(),
      overwritten: new Set(),
      undecided: new Set(),
      linked: new Set(),
      rewritten: new Map(),
    }
    this.#fates.set(table, made)
    return made
  }

  /** True where some row of the table has another key in live than in the backup. */
  changes(table: string): boolean {
    const fates = this.#fates.get(table)
    if (fates === undefined) return false
    return [fates.allocated, fates.standIns, fates.rewritten, fates.undecided].some(({ size }) => size > 0)
  }

  /** Relations of a table whose parents change, and which therefore change too. */
  changingRelations(table: SharedTable): readonly Relation[] {
    return this.#sides.catalog.relations.filter(({ child, parent }) => child === table.id && this.changes(parent))
  }

  /** Per row the columns whose value in live will not be the backup's. Rows without any are absent. */
  async rewrite(table: SharedTable, keys: readonly string[]): Promise<Rewritten> {
    const found = new Map<string, Map<string, MappedValue>>()
    for (const relation of this.changingRelations(table)) {
      const parent = tableOf(this.#sides.catalog, relation.parent)
      const { rows } = await readParents(this.#sides, { relation, child: table }, keys)
      await this.#readLive(
        parent,
        rows.map(({ other }) => other),
      )
      for (const { key, other } of rows) {
        for (const [position, column] of relation.columns.entries()) {
          const value = this.#valueOf(parent, other, relation.parentColumns[position] ?? '')
          if (value === undefined) continue
          const row = found.get(key) ?? new Map<string, MappedValue>()
          row.set(column, value)
          found.set(key, row)
        }
      }
    }
    return found
  }

  /** Keeps rewritten columns that other tables refer to, so that their references follow. */
  keep(table: SharedTable, rewritten: Rewritten): void {
    const referenced = new Set(
      this.#sides.catalog.relations.flatMap(({ parent, parentColumns }) => (parent === table.id ? parentColumns : [])),
    )
    for (const [key, row] of rewritten) {
      if ([...row.keys()].some((name) => referenced.has(name))) this.of(table.id).rewritten.set(key, row)
    }
  }

  /** The value a column of a parent row will have in live; undefined where it is the backup's. */
  #valueOf(parent: SharedTable, key: string, column: string): MappedValue | undefined {
    const fates = this.#fates.get(parent.id)
    const standIn = fates?.standIns.get(key)
    if (standIn !== undefined) return this.#liveValues.get(`${parent.id}\0${standIn}`)?.get(column)
    const isFresh = fates?.undecided.has(key) || (parent.allocation?.column === column && fates?.allocated.has(key))
    if (isFresh) return fresh
    return fates?.rewritten.get(key)?.get(column)
  }

  /** Reads the referenced columns of live rows that stand in. */
  async #readLive(parent: SharedTable, keys: readonly string[]): Promise<void> {
    const standIns = this.#fates.get(parent.id)?.standIns
    const wanted = [...new Set(keys.flatMap((key) => standIns?.get(key) ?? []))]
    const open = wanted.filter((key) => !this.#liveValues.has(`${parent.id}\0${key}`))
    const referenced = this.#sides.catalog.relations.flatMap((r) => (r.parent === parent.id ? r.parentColumns : []))
    const columns = [...new Set([...parent.identity, ...referenced])]
    for (const [key, values] of await readShown(this.#sides.live, parent, { keys: open, columns })) {
      this.#liveValues.set(`${parent.id}\0${key}`, new Map(columns.map((name, p) => [name, values[p] ?? null])))
    }
  }
}

/** The identity a row will have in live; null where part of it is only allocated by the run. */
export const mappedKey = (
  table: SharedTable,
  key: string,
  rewritten: ReadonlyMap<string, MappedValue> | undefined,
): string | null => {
  if (rewritten === undefined) return key
  const values = unpackKey(key).map((value, position) => {
    const mapped = rewritten.get(table.identity[position] ?? '')
    return mapped === undefined ? value : mapped
  })
  const known = values.filter((value) => value !== fresh && value !== null)
  return known.length < values.length ? null : packKey(known)
}
