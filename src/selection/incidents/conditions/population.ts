/** The rows of the backup that an event could have taken: a condition is judged by these, and no others. */
import { sql } from 'kysely'
import { isMarked } from '../../../catalog/conventions/soft-delete.ts'
import type { SharedTable } from '../../../catalog/shared.ts'
import { column, list, type Query } from '../../../database/names.ts'
import { keySource } from '../../../sql/rows.ts'

/** Rows of one table of the backup that it has not marked as deleted. */
export interface Population {
  readonly table: SharedTable
  /** On the alias `t`. */
  readonly where: Query
}

export const populationOf = (table: SharedTable): Population => ({
  table,
  where: table.softDelete === null ? sql`true` : sql`not ${isMarked(table.backup, table.softDelete, 't')}`,
})

/** The same without some of its rows, packed. */
export const withoutRows = ({ table, where }: Population, keys: readonly string[]): Population => {
  if (keys.length === 0) return { table, where }
  const key = (alias: string): Query => list(table.identity.map((name) => column(alias, name)))
  // No anti join: the planner takes keys for a handful of rows, and would look through all of them for every row of the table. A subquery
  // of NOT IN is hashed (https://www.postgresql.org/docs/current/functions-subquery.html).
  const among = sql`(select ${key('k')} from ${keySource(table.backup, table.identity, keys)})`
  return { table, where: sql`${where} and (${key('t')}) not in ${among}` }
}
