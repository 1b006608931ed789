/** Rows of both sides, column by column. */
import { sql } from 'kysely'
import { rowDigest } from '../catalog/digest.ts'
import { fromTable, inBatches, inKeyRange, joinOn, keySource, ordinal } from '../catalog/row.ts'
import type { SharedTable } from '../catalog/shared.ts'
import { list } from '../database/names.ts'
import type { Reader } from '../database/session.ts'
import { comparedColumns } from './records.ts'
import type { Sides } from './sides.ts'

/** Which columns differ, per key, between the two sides' rows of the same key. */
export const readChangedColumns = (
  sides: Sides,
  table: SharedTable,
  keys: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> =>
  compareRows(sides, table, { keys, live: keys, columns: comparedColumns(table) })

/**
 * Which columns differ between rows of the backup and the live rows that stand in for them under other keys (`moved`: backup key -> live
 * key), per backup key: those aside that follow keys. Rows without any are absent.
 */
export const readMovedDifferences = async (
  sides: Sides,
  table: SharedTable,
  moved: ReadonlyMap<string, string>,
): Promise<ReadonlyMap<string, readonly string[]>> => {
  const references = sides.catalog.relations.flatMap(({ child, columns }) => (child === table.id ? columns : []))
  const following = new Set([...references, ...table.identity, ...table.primaryKey])
  const columns = comparedColumns(table).filter((name) => !following.has(name))
  if (columns.length === 0 || moved.size === 0) return new Map()
  const compared = await compareRows(sides, table, { keys: [...moved.keys()], live: [...moved.values()], columns })
  return new Map([...compared].filter(([, differing]) => differing.length > 0))
}

interface Compared {
  /** Packed keys of the backup's rows, and in the same order those of live's. */
  readonly keys: readonly string[]
  readonly live: readonly string[]
  readonly columns: readonly string[]
}

const compareRows = async (
  sides: Sides,
  table: SharedTable,
  { keys, live, columns }: Compared,
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
      changed.set(
        key,
        columns.filter((_, position) => mine[position] !== other[position]),
      )
    }
  }
  return changed
}
