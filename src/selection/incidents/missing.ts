/**
 * Everything that is missing, as keys: each row has a number, and references between missing rows are pairs of numbers. A row that live
 * has marked as deleted, which it was not in the backup, is missing as well.
 */
import type { Relation } from '../../catalog/relations.ts'
import type { SharedTable } from '../../catalog/shared.ts'
import { type DiffProgress, diffRows, type RowDiff } from '../../diff/diff.ts'
import type { DiffState } from '../../diff/diff-states.ts'
import { packNames } from '../../keys/key.ts'
import { findNever } from '../../rows/never.ts'
import { readParents } from '../../rows/references.ts'
import type { Sides } from '../../rows/sides.ts'
import { type RowState, readMarked } from '../../rows/states.ts'
import { defaultClosureOptions, isFollowed } from '../closure/options.ts'
import { wasMarked } from '../closure/walk.ts'

const gone: RowState = { state: 'missing' }
const reused: RowState = { state: 'reused', columns: [] }

/** How a row was lost: live lacks it, or has it marked as deleted. */
export type Loss = 'gone' | 'marked'

/** Missing rows, marked rows, and rows whose key belongs to another record in live: numbers for (table, packed key). */
export class MissingRows {
  readonly #numbers = new Map<string, Map<string, number>>()
  readonly #tables: SharedTable[] = []
  readonly #keys: string[] = []
  /** Of rows that are not plainly missing. */
  readonly #states = new Map<number, RowState>()
  /** Missing rows that must not come back, per table: they are counted, and nothing else. */
  readonly never = new Map<string, number>()

  get size(): number {
    return this.#keys.length
  }

  /** Tables with missing rows. */
  get tables(): readonly SharedTable[] {
    return [...this.#numbers.values()].flatMap((rows) => {
      const [first] = rows.values()
      return first === undefined ? [] : [this.tableOf(first)]
    })
  }

  /** The number of a row, which it gets where it has none yet. */
  add(table: SharedTable, key: string, state: RowState): number {
    const rows = this.#numbers.get(table.id) ?? new Map<string, number>()
    this.#numbers.set(table.id, rows)
    const known = rows.get(key)
    if (known !== undefined) return known
    const number = this.#keys.push(key) - 1
    this.#tables.push(table)
    rows.set(key, number)
    if (state.state !== 'missing' || state.isMarked === true) this.#states.set(number, state)
    return number
  }

  numberOf(table: string, key: string): number | undefined {
    return this.#numbers.get(table)?.get(key)
  }

  tableOf(number: number): SharedTable {
    const table = this.#tables[number]
    if (table === undefined) throw new Error(`there is no missing row ${number}`)
    return table
  }

  keyOf(number: number): string {
    return this.#keys[number] ?? ''
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

  /** Keys of the missing rows of one table. */
  keysOf(table: string): readonly string[] {
    return [...(this.#numbers.get(table)?.keys() ?? [])]
  }

  /** Of these, the rows that were lost that way; those that the backup has marked are none. */
  lostKeysOf(table: string, loss: Loss): readonly string[] {
    const lost: string[] = []
    for (const [key, number] of this.#numbers.get(table) ?? []) {
      if (this.lossOf(number) === loss && !this.wasMarked(number)) lost.push(key)
    }
    return lost
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

const lostStates: readonly DiffState[] = ['missing', 'reused', 'deleted']

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

/** Reads which rows are missing. Memory: their keys. */
export const readMissing = async (
  sides: Sides,
  tables: readonly SharedTable[],
  onProgress?: DiffProgress,
): Promise<MissingRows> => {
  const missing = new MissingRows()
  for (const table of tables) {
    const states: readonly DiffState[] = table.softDelete === null ? ['missing', 'reused'] : lostStates
    const stateOf = stateReader()
    for await (const batch of diffRows(sides, table, { states, onProgress, withColumns: false })) {
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
  return missing
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
