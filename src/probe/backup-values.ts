/** Values of backup rows that a probe needs, as text; read in batches, never kept. */
import { sql } from 'kysely'
import { columnOf } from '../catalog/catalog.ts'
import { asText, fromTable, inBatches, inKeyRange, joinOn, keySource, ordinal, unpackKey } from '../catalog/row.ts'
import type { SharedTable } from '../catalog/shared.ts'
import type { Sides } from '../diff/sides.ts'
import { readTransformed } from '../transform/read.ts'

/** Text of some columns of backup rows as they are written, by packed key. */
export const readBackupValues = async (
  sides: Sides,
  table: SharedTable,
  keys: readonly string[],
  columns: readonly string[],
): Promise<ReadonlyMap<string, readonly (string | null)[]>> => {
  const known = columns.filter((name) => columnOf(table.backup, name) !== undefined)
  const found = new Map<string, readonly (string | null)[]>()
  const places = known.map((name) => table.identity.indexOf(name))
  if (!places.includes(-1)) {
    // All of it is in the key.
    for (const key of keys) {
      const values = unpackKey(key)
      found.set(
        key,
        places.map((place) => values[place] ?? null),
      )
    }
    return found
  }
  const own = sides.transforms?.get(table.id)
  if (own !== undefined) {
    for await (const rows of readTransformed(sides.backup, own, keys)) {
      for (const { key, raw, values } of rows)
        found.set(
          key,
          known.map((name) => (values ?? raw)[name] ?? null),
        )
    }
    return found
  }
  for (const batch of inBatches(keys)) {
    const rows = await sides.backup.rows(sql`
      select ${ordinal('k')}::text, ${asText('t', known)}
      from ${keySource(table.backup, table.identity, batch)}
      join ${fromTable(table.backup)} as t on ${joinOn(table.identity, 't', 'k')} ${inKeyRange('t', table.backup, table.identity, batch)}`)
    for (const [ord, ...values] of rows) found.set(batch[Number(ord) - 1] ?? '', values)
  }
  return found
}
