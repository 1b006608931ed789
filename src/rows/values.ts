/** Values of backup rows that a probe needs, as text; read in batches, never kept. */
import { sql } from 'kysely'
import { columnOf } from '../catalog/catalog.ts'
import type { SharedTable } from '../catalog/shared.ts'
import type { Reader } from '../database/session/reader.ts'
import { packKey, unpackKey } from '../keys/key.ts'
import { asText, fromTable, inBatches, inKeyRange, joinOn, keySource, ordinal } from '../sql/rows.ts'
import { readTransformed } from '../transform/read.ts'
import type { Sides } from './sides.ts'

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

/** The values of some rows of one side as text, by packed key; rows it lacks are absent. */
export const readValues = async (
  reader: Reader,
  table: SharedTable,
  keys: readonly string[],
): Promise<ReadonlyMap<string, Readonly<Record<string, string | null>>>> => {
  const side = table[reader.side]
  const names = side.columns.map(({ name }) => name)
  const values = new Map<string, Readonly<Record<string, string | null>>>()
  for (const batch of inBatches(keys, 1_000)) {
    const rows = await reader.rows(sql`
      select ${ordinal('k')}::text, ${asText('t', names)}
      from ${keySource(side, table.identity, batch)}
      join ${fromTable(side)} as t on ${joinOn(table.identity, 't', 'k')}`)
    for (const [ord, ...row] of rows) {
      const key = batch[Number(ord) - 1] ?? ''
      values.set(key, Object.fromEntries(names.map((name, position) => [name, row[position] ?? null])))
    }
  }
  return values
}

/** The keys of rows as live has them: equal ones may read otherwise, as 1.0 and 1 do. */
export const readLiveKeys = async (
  sides: Sides,
  table: SharedTable,
  keys: readonly string[],
): Promise<ReadonlyMap<string, string>> => {
  const found = new Map<string, string>()
  for (const batch of inBatches(keys)) {
    const rows = await sides.live.rows(sql`
      select ${ordinal('k')}::text, ${asText('t', table.identity)}
      from ${keySource(table.live, table.identity, batch)}
      join ${fromTable(table.live)} as t on ${joinOn(table.identity, 't', 'k')}`)
    for (const [ord, ...key] of rows) found.set(batch[Number(ord) - 1] ?? '', packKey(key))
  }
  return found
}
