/** Rows of both sides, column by column. */
import { sql } from 'kysely'
import type { SharedTable } from '../../catalog/shared.ts'
import { any, column, list } from '../../database/names.ts'
import type { Reader } from '../../database/session/reader.ts'
import { rowDigest } from '../../sql/column-digest.ts'
import { fromTable, inBatches, inKeyRange, joinOn, keySource, ordinal } from '../../sql/rows.ts'
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
  const digests = columns.map((name) => sql`${rowDigest('t', [name], sides.digest)}::text`)
  /** The digests of each row of one side, by its place in the batch. */
  const read = async (
    reader: Reader,
    batch: readonly string[],
  ): Promise<ReadonlyMap<number, readonly (string | null)[]>> => {
    const side = reader.side === 'live' ? table.live : table.backup
    const rows = await reader.rows(sql`
      select ${ordinal('k')}::text, ${list(digests)}
      from ${keySource(side, table.identity, batch)}
      join ${fromTable(side)} as t on ${joinOn(table.identity, 't', 'k')} ${inKeyRange('t', side, table.identity, batch)}`)
    return new Map(rows.map(([ord, ...values]) => [Number(ord) - 1, values]))
  }
  const changed = new Map<string, readonly string[]>()
  // Most rows differ in the same columns as others: one list for all of them.
  const lists = new Map<string, readonly string[]>()
  const rows = keys.map((key, place) => [key, live[place] ?? key] as const)
  for (const batch of inBatches(rows, 1_000)) {
    const here = await read(
      sides.live,
      batch.map(([, key]) => key),
    )
    const there = await read(
      sides.backup,
      batch.map(([key]) => key),
    )
    for (const [place, [key]] of batch.entries()) {
      const [mine, other] = [here.get(place), there.get(place)]
      if (mine === undefined || other === undefined) continue
      const own = columns.filter((_, position) => mine[position] !== other[position])
      const name = own.join('\0')
      const list = lists.get(name) ?? own
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
  const read = async (reader: Reader, own: readonly string[], places: readonly string[]): Promise<void> => {
    const side = reader.side === 'live' ? table.live : table.backup
    const rows = await reader.rows(sql`
      select ${ordinal('k')}::text, ${list(columns.map((name) => sql`(${column('t', name)} is null)::text`))}
      from ${keySource(side, table.identity, own)}
      join ${fromTable(side)} as t on ${joinOn(table.identity, 't', 'k')} ${inKeyRange('t', side, table.identity, own)}
      where ${any(columns.map((name) => sql`${column('t', name)} is null`))}`)
    for (const [ord, ...flags] of rows) {
      const key = places[Number(ord) - 1] ?? ''
      const names = columns.filter((_, place) => flags[place] === 'true')
      empty.set(key, new Set([...(empty.get(key) ?? []), ...names]))
    }
  }
  const rows = keys.map((key, place) => [key, live[place] ?? key] as const)
  for (const batch of columns.length === 0 ? [] : inBatches(rows)) {
    const own = batch.map(([key]) => key)
    await read(sides.backup, own, own)
    await read(
      sides.live,
      batch.map(([, key]) => key),
      own,
    )
  }
  return empty
}
