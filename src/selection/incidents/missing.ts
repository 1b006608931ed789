/** Everything that is missing, as keys: each row has a number, and references between missing rows are pairs of numbers. */
import type { Relation } from '../../catalog/relations.ts'
import type { SharedTable } from '../../catalog/shared.ts'
import { type DiffProgress, diffRows } from '../../diff/diff.ts'
import type { Sides } from '../../diff/sides.ts'
import type { RowState } from '../../diff/states.ts'
import { defaultClosureOptions, isFollowed } from '../closure-options.ts'
import { findNever } from '../never.ts'
import { readParents } from '../references.ts'

const gone: RowState = { state: 'missing' }
const reused: RowState = { state: 'reused', columns: [] }

/** Missing rows, and rows whose key belongs to another record in live: numbers for (table, packed key). */
export class MissingRows {
  readonly #numbers = new Map<string, Map<string, number>>()
  readonly #tables: SharedTable[] = []
  readonly #keys: string[] = []
  readonly #reused = new Set<number>()
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
  add(table: SharedTable, key: string, state: 'missing' | 'reused'): number {
    const rows = this.#numbers.get(table.id) ?? new Map<string, number>()
    this.#numbers.set(table.id, rows)
    const known = rows.get(key)
    if (known !== undefined) return known
    const number = this.#keys.push(key) - 1
    this.#tables.push(table)
    rows.set(key, number)
    if (state === 'reused') this.#reused.add(number)
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
    return this.#reused.has(number) ? reused : gone
  }

  /** Keys of the missing rows of one table. */
  keysOf(table: string): readonly string[] {
    return [...(this.#numbers.get(table)?.keys() ?? [])]
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

/** Reads which rows are missing. Memory: their keys. */
export const readMissing = async (
  sides: Sides,
  tables: readonly SharedTable[],
  onProgress?: DiffProgress,
): Promise<MissingRows> => {
  const missing = new MissingRows()
  for (const table of tables) {
    for await (const batch of diffRows(sides, table, { states: ['missing', 'reused'], onProgress })) {
      const never = await findNever(
        sides,
        table,
        batch.map(({ key }) => key),
      )
      if (never.size > 0) missing.never.set(table.id, (missing.never.get(table.id) ?? 0) + never.size)
      for (const { state, key } of batch) {
        if ((state === 'missing' || state === 'reused') && !never.has(key)) missing.add(table, key, state)
      }
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
    const { rows } = await readParents(sides, table, relation, missing.keysOf(table.id))
    const children: number[] = []
    const parents: number[] = []
    for (const { key, other } of rows) {
      const [child, parent] = [missing.numberOf(table.id, key), missing.numberOf(relation.parent, other)]
      if (child === undefined || parent === undefined || child === parent) continue
      children.push(child)
      parents.push(parent)
    }
    const isEnd = table.ends?.some(({ id }) => id === relation.id) ?? false
    const follows = isEnd || isFollowed(relation, defaultClosureOptions, false)
    if (children.length > 0) edges.push({ relation, isFollowed: follows, children, parents })
  }
  return edges
}
