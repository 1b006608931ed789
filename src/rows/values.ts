/** Values of backup rows that a probe needs, as text; read in batches, never kept. */
import { columnOf } from '../catalog/catalog.ts'
import type { SharedTable } from '../catalog/shared.ts'
import type { Row } from '../database/session/outcome.ts'
import type { Reader } from '../database/session/reader.ts'
import { packKey, unpackKey } from '../keys/key.ts'
import { readTransformed } from '../transform/read.ts'
import { readShown } from './by-key.ts'
import type { Sides } from './sides.ts'

/** Text of some columns of backup rows as they are written, by packed key. */
export const readBackupValues = async (
  sides: Sides,
  table: SharedTable,
  { keys, columns }: { readonly keys: readonly string[]; readonly columns: readonly string[] },
): Promise<ReadonlyMap<string, Row>> => {
  const known = columns.filter((name) => columnOf(table.backup, name) !== undefined)
  const found = new Map<string, Row>()
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
    for await (const rows of readTransformed(sides.backup, own, { keys })) {
      for (const { key, raw, values } of rows)
        found.set(
          key,
          known.map((name) => (values ?? raw)[name] ?? null),
        )
    }
    return found
  }
  return readShown(sides.backup, table, { keys, columns: known })
}

/** The values of some rows of one side as text, by packed key; rows it lacks are absent. */
export const readValues = async (
  reader: Reader,
  table: SharedTable,
  keys: readonly string[],
): Promise<ReadonlyMap<string, Readonly<Record<string, string | null>>>> => {
  const columns = table[reader.side].columns.map(({ name }) => name)
  const shown = await readShown(reader, table, { keys, columns, size: 1_000 })
  return new Map(
    [...shown].map(([key, values]) => [
      key,
      Object.fromEntries(columns.map((name, position) => [name, values[position] ?? null])),
    ]),
  )
}

/** The keys of rows as live has them: equal ones may read otherwise, as 1.0 and 1 do. */
export const readLiveKeys = async (
  sides: Sides,
  table: SharedTable,
  keys: readonly string[],
): Promise<ReadonlyMap<string, string>> => {
  const shown = await readShown(sides.live, table, { keys, columns: table.identity })
  return new Map([...shown].map(([key, values]) => [key, packKey(values)]))
}
