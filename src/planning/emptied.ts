/** References that `--parents null` empties in rows that live has: where they are empty there already, there is nothing to write. */
import { sql } from 'kysely'
import { all, column } from '../database/names.ts'
import { findKeys } from '../rows/by-key.ts'
import { type Sides, tableOf } from '../rows/sides.ts'
import type { Closure } from '../selection/closure/closure.ts'

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
    const where = all(columns.map((name) => sql`${column('t', name)} is null`))
    for (const key of await findKeys(sides.live, tableOf(sides.catalog, child), { keys: own, where })) {
      const rest = rows.get(key)?.filter((name) => !columns.includes(name)) ?? []
      if (rest.length === 0) rows.delete(key)
      else rows.set(key, rest)
    }
  }
  return left
}
