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
export const readChangedColumns = async (
  sides: Sides,
  table: SharedTable,
  keys: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> => {
  const columns = comparedColumns(table)
  const changed = new Map<string, readonly string[]>()
  for (const batch of inBatches(keys, 1_000)) {
    const read = async (reader: Reader): Promise<ReadonlyMap<string, readonly (string | null)[]>> => {
      const side = reader.side === 'live' ? table.live : table.backup
      const digests = columns.map((name) => sql`${rowDigest('t', [name], sides.digest)}::text`)
      const rows = await reader.rows(sql`
        select ${ordinal('k')}::text, ${list(digests)}
        from ${keySource(side, table.identity, batch)}
        join ${fromTable(side)} as t on ${joinOn(table.identity, 't', 'k')} ${inKeyRange('t', side, table.identity, batch)}`)
      return new Map(rows.map(([ord, ...values]) => [batch[Number(ord) - 1] ?? '', values]))
    }
    const [live, backup] = [await read(sides.live), await read(sides.backup)]
    for (const key of batch) {
      const [here, there] = [live.get(key), backup.get(key)]
      if (here === undefined || there === undefined) continue
      changed.set(
        key,
        columns.filter((_, position) => here[position] !== there[position]),
      )
    }
  }
  return changed
}
