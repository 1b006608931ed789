/** The rows of the backup that an event could have taken: a condition is judged by these, and no others. */
import { sql } from 'kysely'
import { joinOn, keySource } from '../../catalog/row.ts'
import type { SharedTable } from '../../catalog/shared.ts'
import { isMarked } from '../../catalog/soft-delete.ts'
import { all, type Query } from '../../database/names.ts'

/** Rows of one table of the backup. */
export interface Population {
  readonly table: SharedTable
  /** On the alias `t`. */
  readonly where: Query
}

/** All rows but those that the backup has marked as deleted, and but `others`, packed, which were lost in another way. */
export const populationOf = (table: SharedTable, others: readonly string[]): Population => ({
  table,
  where: all([
    ...(table.softDelete === null ? [] : [sql`not ${isMarked(table.backup, table.softDelete, 't')}`]),
    ...(others.length === 0
      ? []
      : [
          sql`not exists (
            select from ${keySource(table.backup, table.identity, others)}
            where ${joinOn(table.identity, 't', 'k')})`,
        ]),
  ]),
})
