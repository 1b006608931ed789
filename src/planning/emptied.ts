/** References that `--parents null` empties in rows that live has: where they are empty there already, there is nothing to write. */
import { sql } from 'kysely'
import type { SharedTable } from '../catalog/shared.ts'
import { all, column } from '../database/names.ts'
import type { Reader } from '../database/session/reader.ts'
import { type Sides, tableOf } from '../rows/sides.ts'
import type { Closure } from '../selection/closure/closure.ts'
import { fromTable, inBatches, joinOn, keySource, ordinal } from '../sql/rows.ts'

/** Rows of live with the columns to be put back, per table. */
type Updates = ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>

/** The updates without references that are to be emptied and are empty in live. Rows of which nothing is left are absent. */
export const withoutEmptied = async (sides: Sides, { nulled }: Closure, updates: Updates): Promise<Updates> => {
  const left = new Map(updates)
  for (const [{ child, columns }, keys] of nulled) {
    const own = keys.filter((key) => left.get(child)?.has(key))
    if (own.length === 0) continue
    const rows = new Map(left.get(child))
    left.set(child, rows)
    for (const key of await readEmptied(sides.live, tableOf(sides.catalog, child), { keys: own, columns })) {
      const rest = rows.get(key)?.filter((name) => !columns.includes(name)) ?? []
      if (rest.length === 0) rows.delete(key)
      else rows.set(key, rest)
    }
  }
  return left
}

/** Of the rows given, packed, those of live in which all of these columns are empty. */
const readEmptied = async (
  live: Reader,
  table: SharedTable,
  { keys, columns }: { readonly keys: readonly string[]; readonly columns: readonly string[] },
): Promise<readonly string[]> => {
  const found: string[] = []
  for (const batch of inBatches(keys)) {
    const rows = await live.rows(sql`
      select ${ordinal('k')}::text
      from ${keySource(table.live, table.identity, batch)}
      join ${fromTable(table.live)} as t on ${joinOn(table.identity, 't', 'k')}
      where ${all(columns.map((name) => sql`${column('t', name)} is null`))}`)
    for (const [ord] of rows) found.push(batch[Number(ord) - 1] ?? '')
  }
  return found
}
