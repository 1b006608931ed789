/** Whether columns tell rows apart, as the data has it. */
import { sql } from 'kysely'
import type { Table } from '../../catalog/catalog.ts'
import { isKeyOf } from '../../catalog/relations.ts'
import { all, column, list } from '../../database/names.ts'
import type { Reader } from '../../database/session/reader.ts'
import { fromTable } from '../../sql/rows.ts'

/** Rows that some columns do not tell apart. */
interface Flaws {
  /** Rows in which one of the columns is NULL. */
  readonly empty: number
  /** Rows whose values another row has as well. */
  readonly twice: number
}

const countFlaws = async (reader: Reader, table: Table, columns: readonly string[]): Promise<Flaws> => {
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

/** Why columns cannot tell rows apart on both sides, with counts; null where they do. `mayBeEmpty`: a NULL is no row's. */
export const findFlaws = async (
  sides: { readonly live: LookedAt; readonly backup: LookedAt },
  columns: readonly string[],
  { mayBeEmpty = false }: { readonly mayBeEmpty?: boolean } = {},
): Promise<string | null> => {
  const found: string[] = []
  for (const [name, { reader, table }] of [
    ['live', sides.live],
    ['the backup', sides.backup],
  ] as const) {
    const { empty, twice } = await countFlaws(reader, table, columns)
    if (empty > 0 && !mayBeEmpty) found.push(`empty in ${empty} row${empty === 1 ? '' : 's'} of ${name}`)
    if (twice > 0) found.push(`the same in ${twice} rows of ${name}`)
  }
  return found.length === 0 ? null : found.join(', ')
}
