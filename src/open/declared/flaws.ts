/** Whether columns tell rows apart, as the data has it. */
import { sql } from 'kysely'
import type { Table } from '../../catalog/catalog.ts'
import type { Flaws } from '../../catalog/refusal/refusal.ts'
import { isKeyOf } from '../../catalog/relations.ts'
import { all, column, list } from '../../database/names.ts'
import type { Reader } from '../../database/session/reader.ts'
import { fromTable } from '../../sql/rows.ts'

const countFlaws = async (reader: Reader, table: Table, columns: readonly string[]): Promise<Omit<Flaws, 'side'>> => {
  if (isKeyOf(table, columns)) return { empty: 0, twice: 0 }
  const names = columns.map((name) => column('t', name))
  const isSet = all(names.map((name) => sql`${name} is not null`))
  const [row] = await reader.rows(sql`
    select (select pg_catalog.count(*) from ${fromTable(table)} as t where not ${isSet})::text,
           (select coalesce(pg_catalog.sum(g.n), 0)
            from (select pg_catalog.count(*) as n from ${fromTable(table)} as t where ${isSet}
                  group by ${list(names)} having pg_catalog.count(*) > 1) as g)::text`)
  return { empty: Number(row?.[0] ?? 0), twice: Number(row?.[1] ?? 0) }
}

/** One side of a table, to be looked at. */
export interface LookedAt {
  readonly reader: Reader
  readonly table: Table
}

/** What keeps columns from telling rows apart, by side; null where nothing does. `mayBeEmpty`: a NULL is no row's. */
export const findFlaws = async (
  sides: { readonly live: LookedAt; readonly backup: LookedAt },
  columns: readonly string[],
  { mayBeEmpty = false }: { readonly mayBeEmpty?: boolean } = {},
): Promise<readonly Flaws[] | null> => {
  const found: Flaws[] = []
  for (const [side, { reader, table }] of [
    ['live', sides.live],
    ['the backup', sides.backup],
  ] as const) {
    const { empty, twice } = await countFlaws(reader, table, columns)
    const flaws = { side, empty: mayBeEmpty ? 0 : empty, twice }
    if (flaws.empty + twice > 0) found.push(flaws)
  }
  return found.length === 0 ? null : found
}
