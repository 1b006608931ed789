/**
 * Everything that is missing, as keys: each row has a number, and references between missing rows are pairs of numbers. A row that live
 * has marked as deleted, which it was not in the backup, is missing as well.
 */
import type { Relation } from '../../catalog/relations.ts'
import type { SharedTable } from '../../catalog/shared.ts'
import { type DiffProgress, diffRows, type RowDiff } from '../../diff/diff.ts'
import type { DiffState } from '../../diff/diff-states.ts'
import { packNames } from '../../keys/key.ts'
import { type KeyIndex, KeyIndexes } from '../../keys/key-index.ts'
import { NumberColumn } from '../../keys/number-column.ts'
import { findNever } from '../../rows/never.ts'
import { readParents } from '../../rows/references.ts'
import type { StatesByKey } from '../../rows/row-states.ts'
import type { Sides } from '../../rows/sides.ts'
import { type RowState, readMarked } from '../../rows/states.ts'
import { defaultClosureOptions, isFollowed } from '../closure/options.ts'
import { wasMarked } from '../closure/walk.ts'
import { RowsWrittenSince } from './conditions/written.ts'

const gone: RowState = { state: 'missing' }
const reused: RowState = { state: 'reused', columns: [] }

/** How a row was lost: live lacks it, or has it marked as deleted. */
export type Loss = 'gone' | 'marked'

/** States of some missing rows of one table, without a copy. */
class MissingStates implements StatesByKey {
  readonly #missing: MissingRows
  readonly #table: string
  readonly #rows: readonly number[]
  #among: ReadonlySet<number> | null = null

  constructor(missing: MissingRows, table: string, rows: readonly number[]) {
    this.#missing = missing
    this.#table = table
    this.#rows = rows
  }

  get size(): number {
    return this.#rows.length
  }

  has(key: string): boolean {
    return this.get(key) !== undefined
  }

  get(key: string): RowState | undefined {
    const row = this.#missing.numberOf(this.#table, key)
    if (row === undefined) return undefined
    const isEvery = this.#rows === this.#missing.rowsOf(this.#table)
    if (!isEvery) this.#among ??= new Set(this.#rows)
    return isEvery || this.#among?.has(row) ? this.#missing.stateOf(row) : undefined
  }

  *keys(): Generator<string> {
    for (const row of this.#rows) yield this.#missing.keyOf(row)
  }

  *[Symbol.iterator](): Generator<readonly [string, RowState]> {
    for (const row of this.#rows) yield [this.#missing.keyOf(row), this.#missing.stateOf(row)]
  }
}

/** Numbers of the missing rows of one table. */
interface TableRows {
  readonly table: SharedTable
  readonly index: KeyIndex
  /** By the number of a key its row, plus 1; 0 for a key that is not missing. */
  readonly rows: NumberColumn
  /** Rows in the order they were added. */
  readonly list: number[]
}

/** Missing rows, marked rows, and rows whose key belongs to another record in live: numbers for (table, packed key). */
export class MissingRows {
  readonly #indexes: KeyIndexes
  readonly #tables = new Map<string, TableRows>()
  readonly #tableOf: TableRows[] = []
  /** By row the number of its key. */
  readonly #keys = new NumberColumn()
  /** Of rows that are not plainly missing. */
  readonly #states = new Map<number, RowState>()
  /** Missing rows that must not come back, per table: they are counted, and nothing else. */
  readonly never = new Map<string, number>()

  /** The indexes may be shared. */
  constructor(indexes = new KeyIndexes()) {
    this.#indexes = indexes
  }

  get size(): number {
    return this.#tableOf.length
  }

  /** Tables with missing rows. */
  get tables(): readonly SharedTable[] {
    return [...this.#tables.values()].map(({ table }) => table)
  }

  /** The number of a row, which it gets where it has none yet. */
  add(table: SharedTable, key: string, state: RowState): number {
    const own = this.#tables.get(table.id) ?? this.#makeTable(table)
    const number = own.index.add(key)
    const known = own.rows.at(number) - 1
    if (known >= 0) return known
    const row = this.#tableOf.push(own) - 1
    own.rows.set(number, row + 1)
    own.list.push(row)
    this.#keys.set(row, number)
    if (state.state !== 'missing' || state.isMarked === true) this.#states.set(row, state)
    return row
  }

  #makeTable(table: SharedTable): TableRows {
    const own: TableRows = { table, index: this.#indexes.of(table.id), rows: new NumberColumn(), list: [] }
    this.#tables.set(table.id, own)
    return own
  }

  numberOf(table: string, key: string): number | undefined {
    const own = this.#tables.get(table)
    const number = own?.index.find(key) ?? -1
    const row = own === undefined || number < 0 ? -1 : own.rows.at(number) - 1
    return row < 0 ? undefined : row
  }

  tableOf(number: number): SharedTable {
    return this.#rowsWith(number).table
  }

  #rowsWith(number: number): TableRows {
    const own = this.#tableOf[number]
    if (own === undefined) throw new Error(`there is no missing row ${number}`)
    return own
  }

  keyOf(number: number): string {
    return this.#rowsWith(number).index.keyAt(this.#keys.at(number))
  }

  stateOf(number: number): RowState {
    return this.#states.get(number) ?? gone
  }

  lossOf(number: number): Loss {
    return this.stateOf(number).state === 'deleted' ? 'marked' : 'gone'
  }

  /** Marked as deleted in the backup already: it comes back only where another row needs it. */
  wasMarked(number: number): boolean {
    return wasMarked(this.stateOf(number))
  }

  /** Numbers of the missing rows of one table. */
  rowsOf(table: string): readonly number[] {
    return this.#tables.get(table)?.list ?? []
  }

  /** States of the missing rows of one table, or of those of these numbers. */
  statesOf(table: string, rows: readonly number[] = this.rowsOf(table)): StatesByKey {
    return new MissingStates(this, table, rows)
  }

  /** Keys of the missing rows of one table. */
  keysOf(table: string): readonly string[] {
    return this.rowsOf(table).map((row) => this.keyOf(row))
  }

  /** Of these, the rows that were lost that way; those that the backup has marked are none. */
  lostKeysOf(table: string, loss: Loss): readonly string[] {
    const lost = this.rowsOf(table).filter((row) => this.lossOf(row) === loss && !this.wasMarked(row))
    return lost.map((row) => this.keyOf(row))
  }
}

/** References of one relation between missing rows: `children[n]` refers to `parents[n]`. */
export interface MissingEdges {
  readonly relation: Relation
  /** A missing child of a missing parent comes along with it, as far as can be told without looking at its siblings. */
  readonly isFollowed: boolean
  readonly children: readonly number[]
  readonly parents: readonly number[]
}

/** Rows that are there with other values, or new, tell what was written since. */
const readStates: readonly DiffState[] = ['missing', 'reused', 'changed', 'extra']

/** States of rows by what a diff says of them; rows that are alike share one. */
const stateReader = (): ((row: RowDiff, isMarked: boolean) => RowState) => {
  const deleted = new Map<string, RowState>()
  return ({ state, columns }, isMarked) => {
    if (state !== 'deleted') {
      const plain = state === 'reused' ? reused : gone
      return isMarked ? { ...plain, isMarked } : plain
    }
    const id = packNames(columns)
    const known = deleted.get(id) ?? { state, columns }
    deleted.set(id, known)
    return known
  }
}

const isWritten = ({ state }: RowDiff): boolean => state === 'changed' || state === 'extra'

/** Reads which rows are missing, and some of those that were written since. Memory: the keys of what is missing. */
export const readMissing = async (
  sides: Sides,
  tables: readonly SharedTable[],
  onProgress?: DiffProgress,
): Promise<{ readonly missing: MissingRows; readonly written: RowsWrittenSince }> => {
  const [missing, written] = [new MissingRows(sides.keys), new RowsWrittenSince()]
  for (const table of tables) {
    const states: readonly DiffState[] = table.softDelete === null ? readStates : [...readStates, 'deleted']
    const stateOf = stateReader()
    for await (const found of diffRows(sides, table, { states, onProgress, withColumns: false })) {
      for (const row of found) if (isWritten(row)) written.note(table, row)
      const batch = found.filter((row) => !isWritten(row))
      const absent = batch.filter(({ state }) => state !== 'deleted').map(({ key }) => key)
      const marked = await readMarked(sides.backup, table, absent)
      const never = await findNever(
        sides,
        table,
        batch.map(({ key }) => key),
      )
      if (never.size > 0) missing.never.set(table.id, (missing.never.get(table.id) ?? 0) + never.size)
      for (const row of batch) if (!never.has(row.key)) missing.add(table, row.key, stateOf(row, marked.has(row.key)))
    }
  }
  return { missing, written }
}

/** Reads every reference of a missing row to another one. */
export const readMissingEdges = async (sides: Sides, missing: MissingRows): Promise<readonly MissingEdges[]> => {
  const tables = new Map(missing.tables.map((table) => [table.id, table]))
  const edges: MissingEdges[] = []
  for (const relation of sides.catalog.relations) {
    const table = tables.get(relation.child)
    if (table === undefined || !tables.has(relation.parent)) continue
    const keys = missing.keysOf(table.id)
    sides.onStage({ stage: 'follow', table: table.id, to: relation.parent, total: keys.length })
    const { rows } = await readParents(sides, { relation, child: table }, keys)
    const children: number[] = []
    const parents: number[] = []
    for (const { key, other } of rows) {
      const [child, parent] = [missing.numberOf(table.id, key), missing.numberOf(relation.parent, other)]
      if (child === undefined || parent === undefined || child === parent) continue
      children.push(child)
      parents.push(parent)
    }
    const isEnd = table.ends?.some(({ id }) => id === relation.id) ?? false
    const follows = isEnd || isFollowed(relation, defaultClosureOptions, { isUnhooked: false })
    if (children.length > 0) edges.push({ relation, isFollowed: follows, children, parents })
  }
  return edges
}
