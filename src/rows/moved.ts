/** Parents that live has with other values in the columns referred to: references to them follow. */
import { sql } from 'kysely'
import type { SharedTable } from '../catalog/shared.ts'
import type { Reader } from '../database/session/reader.ts'
import { asText, fromTable, inBatches, joinOn, keySource, ordinal } from '../sql/rows.ts'
import type { Sides } from './sides.ts'

/** Of rows that both sides have, those whose values in some columns are not the same on both; never any where the columns are the identity. */
export const findMoved = async (
  sides: Sides,
  table: SharedTable,
  columns: readonly string[],
  keys: readonly string[],
): Promise<ReadonlySet<string>> => {
  const moved = new Set<string>()
  if (columns.every((name) => table.identity.includes(name))) return moved
  for (const batch of inBatches(keys)) {
    const read = async (reader: Reader): Promise<ReadonlyMap<string, string>> => {
      const side = table[reader.side]
      const rows = await reader.rows(sql`
        select ${ordinal('k')}::text, ${asText('t', columns)}
        from ${keySource(side, table.identity, batch)}
        join ${fromTable(side)} as t on ${joinOn(table.identity, 't', 'k')}`)
      return new Map(rows.map(([ord, ...values]) => [batch[Number(ord) - 1] ?? '', JSON.stringify(values)]))
    }
    const [live, backup] = [await read(sides.live), await read(sides.backup)]
    for (const [key, values] of live) if (backup.has(key) && backup.get(key) !== values) moved.add(key)
  }
  return moved
}
