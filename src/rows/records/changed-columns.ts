/** Rows of both sides, column by column. */
import { sql } from 'kysely'
import type { SharedTable } from '../../catalog/shared.ts'
import { any, column } from '../../database/names.ts'
import type { Reader } from '../../database/session/reader.ts'
import { packNames } from '../../keys/key.ts'
import { rowDigest } from '../../sql/column-digest.ts'
import { inBatches } from '../../sql/rows.ts'
import { readByKey, readShown } from '../by-key.ts'
import type { Sides } from '../sides.ts'
import { comparedColumns } from './records.ts'

/** Rows to be held against each other: packed keys of the backup's, and in the same order those of live's. */
export interface RowPairs {
  readonly keys: readonly string[]
  readonly live: readonly string[]
  readonly columns: readonly string[]
}

/** Which columns differ, per key, between the two sides' rows of the same key. */
export const readChangedColumns = (
  sides: Sides,
  table: SharedTable,
  keys: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> =>
  compareRows(sides, table, { keys, live: keys, columns: comparedColumns(table) })

/** Which of some columns differ, per backup key, between rows of the backup and the live rows given for them. Rows without any are absent. */
export const readDifferences = async (
  sides: Sides,
  table: SharedTable,
  pairs: RowPairs,
): Promise<ReadonlyMap<string, readonly string[]>> => {
  if (pairs.columns.length === 0 || pairs.keys.length === 0) return new Map()
  const compared = await compareRows(sides, table, pairs)
  return new Map([...compared].filter(([, differing]) => differing.length > 0))
}

const compareRows = async (
  sides: Sides,
  table: SharedTable,
  { keys, live, columns }: RowPairs,
): Promise<ReadonlyMap<string, readonly string[]>> => {
  const show = columns.map((name) => rowDigest('t', [name], sides.digest))
  const changed = new Map<string, readonly string[]>()
  // Most rows differ in the same columns as others: one list for all of them.
  const lists = new Map<string, readonly string[]>()
  const rows = keys.map((key, place) => [key, live[place] ?? key] as const)
  for (const batch of inBatches(rows, 1_000)) {
    const here = await readShown(sides.live, table, { keys: batch.map(([, own]) => own), show })
    const there = await readShown(sides.backup, table, { keys: batch.map(([key]) => key), show })
    for (const [key, own] of batch) {
      const [mine, other] = [here.get(own), there.get(key)]
      if (mine === undefined || other === undefined) continue
      const differing = columns.filter((_, position) => mine[position] !== other[position])
      const name = packNames(differing)
      const list = lists.get(name) ?? differing
      lists.set(name, list)
      changed.set(key, list)
    }
  }
  return changed
}

/** The columns that are empty on one side at least, by the backup's key; rows without any are absent. */
export const readEmpty = async (
  sides: Sides,
  table: SharedTable,
  { keys, live, columns }: RowPairs,
): Promise<ReadonlyMap<string, ReadonlySet<string>>> => {
  const empty = new Map<string, Set<string>>()
  if (columns.length === 0) return empty
  const show = columns.map((name) => sql`${column('t', name)} is null`)
  const read = async (reader: Reader, own: readonly string[]): Promise<void> => {
    for await (const rows of readByKey(reader, table, { keys: own, show, where: any(show) })) {
      for (const { place, values } of rows) {
        const key = keys[place] ?? ''
        const names = columns.filter((_, position) => values[position] === 'true')
        empty.set(key, new Set([...(empty.get(key) ?? []), ...names]))
      }
    }
  }
  await read(sides.backup, keys)
  await read(
    sides.live,
    keys.map((key, place) => live[place] ?? key),
  )
  return empty
}
