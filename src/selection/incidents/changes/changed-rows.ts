/** The rows of one table that live has with other values: which columns differ, and which transaction wrote them last. */
import { sql } from 'kysely'
import type { SharedTable } from '../../../catalog/shared.ts'
import { any, column } from '../../../database/names.ts'
import { type DiffProgress, diffRows } from '../../../diff/diff.ts'
import type { DiffState } from '../../../diff/diff-states.ts'
import { packNames } from '../../../keys/key.ts'
import { findKeys, readByKey, readShown } from '../../../rows/by-key.ts'
import { comparedColumns } from '../../../rows/records/records.ts'
import { readParents } from '../../../rows/references.ts'
import { isAged, type Sides } from '../../../rows/sides.ts'
import { readPresent } from '../../../rows/states.ts'
import { columnHashes } from '../../../sql/column-digest.ts'
import { joinHashes, readHash } from './fingerprints.ts'

/** Things of which there are few, by number. */
class Numbered<T> {
  readonly items: T[] = []
  readonly #numbers = new Map<string, number>()

  numberOf(name: string, make: () => T): number {
    const known = this.#numbers.get(name)
    if (known !== undefined) return known
    this.#numbers.set(name, this.items.length)
    return this.items.push(make()) - 1
  }
}

/** Rows are numbers from 0. Some 80 bytes a row. */
export class ChangedRows {
  readonly table: SharedTable
  /** Packed, by row. */
  readonly keys: string[] = []
  /** Packed keys of rows that live does not have as themselves: what became of them is another question. */
  readonly lost: string[] = []
  readonly #sets = new Numbered<readonly string[]>()
  readonly #writers = new Numbered<string>()
  readonly #setOf: number[] = []
  readonly #writerOf: number[] = []

  constructor(table: SharedTable) {
    this.table = table
  }

  add(key: string, columns: readonly string[], writer: string): void {
    this.keys.push(key)
    this.#setOf.push(this.#sets.numberOf(packNames(columns), () => columns))
    this.#writerOf.push(this.#writers.numberOf(writer, () => writer))
  }

  get size(): number {
    return this.keys.length
  }

  keyOf(row: number): string {
    return this.keys[row] ?? ''
  }

  /** The columns that differ in a row. */
  columnsOf(row: number): readonly string[] {
    return this.#sets.items[this.#setOf[row] ?? 0] ?? []
  }

  /** The transaction that wrote live's row last (`xmin`); empty where nobody can tell. */
  writerOf(row: number): string {
    return this.#writers.items[this.#writerOf[row] ?? 0] ?? ''
  }

  /** 1 for some rows, 0 for all others. */
  flag(rows: readonly number[]): Uint8Array {
    const flags = new Uint8Array(this.size)
    for (const row of rows) flags[row] = 1
    return flags
  }

  /** Some rows by the transaction that wrote them, in the order in which the transactions are met. */
  byWriter(rows: Iterable<number>): ReadonlyMap<string, readonly number[]> {
    return new Map(
      [...Map.groupBy(rows, (row) => this.#writerOf[row] ?? 0)].map(([own, found]) => [
        this.#writers.items[own] ?? '',
        found,
      ]),
    )
  }

  /** Some rows by the columns that differ, the most frequent ones first. */
  bySet(rows: Iterable<number>): readonly { readonly columns: readonly string[]; readonly rows: readonly number[] }[] {
    return [...Map.groupBy(rows, (row) => this.#setOf[row] ?? 0)]
      .map(([own, found]) => ({ columns: this.#sets.items[own] ?? [], rows: found }))
      .sort((a, b) => b.rows.length - a.rows.length)
  }
}

const states: readonly DiffState[] = ['missing', 'changed', 'deleted', 'reused', 'restored']

/** The columns that may differ in rows of one key. */
const ownColumns = (table: SharedTable): readonly string[] =>
  comparedColumns(table).filter((name) => !table.identity.includes(name))

export interface ReadProgress {
  readonly onDiff?: DiffProgress | undefined
  /** Told of so many rows that have been read. */
  readonly onRows?: ((rows: number) => void) | undefined
}

/** Compares all rows of a table, and reads of those that differ what differs. */
export const readChangedRows = async (
  sides: Sides,
  table: SharedTable,
  { onDiff, onRows }: ReadProgress = {},
): Promise<ChangedRows> => {
  const found = new ChangedRows(table)
  if (ownColumns(table).length === 0) return found
  for await (const batch of diffRows(sides, table, { states, onProgress: onDiff, withColumns: false })) {
    const known = new Map<string, readonly string[]>()
    for (const { state, key, columns: own } of batch) {
      if (state === 'changed') known.set(key, own)
      else found.lost.push(key)
    }
    const rows = await withoutEmptied(sides, table, await readDiffering(sides, table, known))
    for (const { key, columns, writer } of rows) if (columns.length > 0) found.add(key, columns, writer)
    onRows?.(found.size)
  }
  return found
}

interface DifferingRow {
  readonly key: string
  readonly columns: readonly string[]
  readonly writer: string
}

/** Which columns differ, where that is not known yet, and who wrote live's row. */
const readDiffering = async (
  sides: Sides,
  table: SharedTable,
  known: ReadonlyMap<string, readonly string[]>,
): Promise<readonly DifferingRow[]> => {
  if (known.size === 0) return []
  const columns = ownColumns(table)
  const writer = (await isAged(sides, table)) ? sql`t.xmin` : sql`''`
  const hashes = joinHashes(columnHashes({ alias: 't', table, columns }, sides.hashing))
  const open = [...known].flatMap(([key, own]) => (own.length === 0 ? [key] : []))
  const there = await readShown(sides.backup, table, { keys: open, show: [hashes] })
  const differing: DifferingRow[] = []
  for await (const rows of readByKey(sides.live, table, { keys: known.keys(), show: [writer, hashes] })) {
    for (const { key, values } of rows) {
      const [here, other] = [values[1] ?? '', there.get(key)?.[0] ?? '']
      const told = known.get(key) ?? []
      const own = columns.filter((_, place) => readHash(here, place) !== readHash(other, place))
      differing.push({ key, columns: told.length > 0 ? told : own, writer: values[0] ?? '' })
    }
  }
  return differing
}

/** A reference that is empty because what it referred to is gone is told with that: it is a survivor. */
const withoutEmptied = async (
  sides: Sides,
  table: SharedTable,
  rows: readonly DifferingRow[],
): Promise<readonly DifferingRow[]> => {
  const left = new Map(rows.map((row) => [row.key, row]))
  for (const relation of sides.catalog.relations) {
    const parent = sides.catalog.tables.get(relation.parent)
    if (relation.child !== table.id || parent === undefined || parent.identity.length === 0) continue
    const isMeant = ({ columns }: DifferingRow): boolean => relation.columns.some((name) => columns.includes(name))
    const keys = [...left.values()].filter(isMeant).map(({ key }) => key)
    const where = any(relation.columns.map((name) => sql`${column('t', name)} is null`))
    const empty = keys.length === 0 ? [] : [...(await findKeys(sides.live, table, { keys, where }))]
    if (empty.length === 0) continue
    const parents = (await readParents(sides, { relation, child: table }, empty)).rows
    const present = await readPresent(sides.live, parent, [...new Set(parents.map(({ other }) => other))])
    for (const { key, other } of parents) {
      const row = left.get(key)
      if (row === undefined || present.has(other)) continue
      left.set(key, { ...row, columns: row.columns.filter((name) => !relation.columns.includes(name)) })
    }
  }
  return [...left.values()]
}
