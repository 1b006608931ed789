/** References that follow rows which an earlier run brought back under another key. */
import { sql } from 'kysely'
import { asText, fromTable, inBatches, joinOn, keySource, ordinal } from '../catalog/row.ts'
import type { SharedTable } from '../catalog/shared.ts'
import type { Reader } from '../database/session.ts'
import type { Sides } from './sides.ts'

/** Of the differing rows, those that differ only in references that follow rows restored under another key. */
export const followsRestored = async (
  sides: Sides,
  table: SharedTable,
  changed: ReadonlyMap<string, readonly string[]>,
): Promise<ReadonlySet<string>> => {
  const relations = sides.catalog.relations.filter(
    ({ child, parent, columns, parentColumns }) =>
      child === table.id &&
      columns.length === 1 &&
      (sides.restored.get(parent)?.size ?? 0) > 0 &&
      sides.catalog.tables.get(parent)?.identity.join() === parentColumns.join(),
  )
  const followed = new Set<string>()
  const references = relations.flatMap(({ columns }) => columns)
  const keys = [...changed]
    .filter(([, columns]) => columns.every((name) => references.includes(name)))
    .map(([key]) => key)
  for (const batch of inBatches(keys, 1_000)) {
    const read = async (reader: Reader): Promise<ReadonlyMap<string, readonly (string | null)[]>> => {
      const side = reader.side === 'live' ? table.live : table.backup
      const rows = await reader.rows(sql`
        select ${ordinal('k')}::text, ${asText('t', references)}
        from ${keySource(side, table.identity, batch)}
        join ${fromTable(side)} as t on ${joinOn(table.identity, 't', 'k')}`)
      return new Map(rows.map(([ord, ...values]) => [batch[Number(ord) - 1] ?? '', values]))
    }
    const [live, backup] = [await read(sides.live), await read(sides.backup)]
    for (const key of batch) {
      const isMapped = relations.every(({ parent }, position) => {
        const [here, there] = [live.get(key)?.[position], backup.get(key)?.[position]]
        return here === there || sides.restored.get(parent)?.get(there ?? '') === here
      })
      if (isMapped) followed.add(key)
    }
  }
  return followed
}
