/**
 * Rows of live in the way of rows to be written: unique indexes (partial, expression, NULLS NOT DISTINCT) and exclusion constraints,
 * asked of the server with the index's own expression, predicate, collation and operator. JavaScript never judges equality.
 */
import { sql } from 'kysely'
import { column, identifier, list } from '../../database/names.ts'
import type { Reader } from '../../database/session/reader.ts'
import { packKey } from '../../keys/key.ts'
import { inBatches, ordinal, typeOf, valueSource } from '../../sql/rows.ts'
import { joinConflicts, type UniqueOf } from '../../sql/uniques.ts'

/** A row to be written: its packed backup key and the values that the constraint reads, in the order of its columns. */
export interface ProbedRow {
  readonly key: string
  readonly values: readonly (string | null)[]
}

/** Per row the packed keys of live rows that conflict with it. Rows without conflict are absent. */
export const probeUnique = async (
  live: Reader,
  { table, unique }: UniqueOf,
  rows: readonly ProbedRow[],
): Promise<ReadonlyMap<string, readonly string[]>> => {
  const found = new Map<string, string[]>()
  const identity = table.identity.map((name, p) => sql`${identifier(name)}::text as ${identifier(`k${p}`)}`)
  for (const batch of inBatches(rows)) {
    const source = valueSource(
      unique.columns.map((name) => typeOf(table.live, name)),
      batch.map(({ values }) => values),
      { alias: 'x', names: unique.columns },
    )
    const wanted = { mine: [sql`${ordinal('x')} as ord`], theirs: identity }
    const conflicts = await live.rows(sql`
      select s.ord::text, ${list(table.identity.map((_, p) => column('t', `k${p}`)))}
      from ${joinConflicts({ table, unique }, source, wanted)}
      order by s.ord`)
    for (const [ord, ...key] of conflicts) {
      const row = batch[Number(ord) - 1]
      if (row === undefined) continue
      found.set(row.key, [...(found.get(row.key) ?? []), packKey(key)])
    }
  }
  return found
}
