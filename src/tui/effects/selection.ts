/** From picks to the selection that a plan is made of. */

import { parseKey } from '../../data.ts'
import type { Rowgraft, Selection, Selector } from '../../index.ts'
import { isAllMissing, type Picks, pickedRows, type RowPicks } from '../state/picks.ts'

interface Call {
  readonly signal: AbortSignal
}

/** Rows whose values are read at once. */
const batch = 500

const keysOf = (rows: RowPicks, indexes: readonly number[]): readonly (readonly string[])[] =>
  indexes.map((index) => rows.list.keyAt(index))

/** Picked rows that live has with other values. */
interface ChangedRows {
  readonly rows: RowPicks
  /** Their places in the list. */
  readonly changed: readonly number[]
}

/** Columns of changed rows: those that somebody chose, else all that differ, which is read. */
const columnsOf = async (
  rowgraft: Rowgraft,
  { rows, changed }: ChangedRows,
  call: Call,
): Promise<ReadonlyMap<string, readonly number[]>> => {
  const sets = new Map<string, number[]>()
  const add = (index: number, columns: readonly string[]): void => {
    const id = JSON.stringify(columns)
    sets.set(id, [...(sets.get(id) ?? []), index])
  }
  const open: number[] = []
  for (const index of changed) {
    const chosen = rows.columns.get(index)
    if (chosen === undefined) open.push(index)
    else add(index, chosen)
  }
  for (let start = 0; start < open.length; start += batch) {
    const part = open.slice(start, start + batch)
    const found = await rowgraft.values(rows.list, part, call)
    for (const [position, index] of part.entries()) add(index, found[position]?.columns ?? [])
  }
  return sets
}

const selectRows = async (rowgraft: Rowgraft, rows: RowPicks, call: Call): Promise<readonly Selector[]> => {
  const { table } = rows.source
  if (isAllMissing(rows)) return [{ by: 'all missing', table }]
  const all = [...pickedRows(rows)]
  const changed = all.filter((index) => rows.list.stateAt(index) === 'changed')
  const others = all.filter((index) => rows.list.stateAt(index) !== 'changed')
  const sets = await columnsOf(rowgraft, { rows, changed }, call)
  return [
    ...(others.length === 0 ? [] : [{ by: 'keys', table, keys: keysOf(rows, others) } as const]),
    ...[...sets].map(
      ([columns, indexes]): Selector => ({
        by: 'keys',
        table,
        keys: keysOf(rows, indexes),
        only: JSON.parse(columns),
      }),
    ),
  ]
}

interface Picked {
  readonly picks: Picks
  /** The tables that the incidents were found without. */
  readonly without: readonly string[]
  /** The table of each incident that overwrote rows, by its id. */
  readonly overwrote?: Readonly<Record<string, string>>
}

/** What has been picked, as selectors. */
export const buildSelection = async (
  rowgraft: Rowgraft,
  { picks, without, overwrote = {} }: Picked,
  call: Call,
): Promise<Selection> => {
  const found = without.length === 0 ? {} : { without }
  const selectors: Selector[] = [...picks.incidents.keys()].map((id) => {
    const table = overwrote[id]
    return table === undefined ? { by: 'incident', id, ...found } : { by: 'incident', id, overwrote: table }
  })
  for (const rows of picks.rows.values()) selectors.push(...(await selectRows(rowgraft, rows, call)))
  selectors.push(
    ...picks.under.map(({ table, key }): Selector => ({ by: 'under', table, keys: [parseKey(key)] })),
    ...picks.statements.map(({ statement, at }): Selector => ({ by: 'statement', statement, at })),
  )
  return { selectors, columns: null }
}
