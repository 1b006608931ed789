/** What the server counts of the rows of a table that this transaction has written, whoever made it do so. */
import { sql } from 'kysely'
import type { Query } from '../../database/names.ts'
import { treeOf } from '../../sql/tree.ts'
import type { StagedTable } from '../stage/staged.ts'

const isCounted = sql`pg_catalog.current_setting('track_counts') = 'on'`

/** True where rows of the table were updated in this transaction, or nobody counts such things. */
export const mayBeUpdated = ({ table }: Pick<StagedTable, 'table'>): Query => sql`(
  select not ${isCounted} or coalesce(pg_catalog.sum(pg_catalog.pg_stat_get_xact_tuples_updated(relid)), 0) > 0
  from (${treeOf(table.live)}) as tree(relid))`

/** True where rows of the table were updated or deleted in this transaction, or nobody counts such things. */
export const mayBeChanged = ({ table }: StagedTable): Query => sql`(
  select not ${isCounted} or coalesce(pg_catalog.sum(
           pg_catalog.pg_stat_get_xact_tuples_updated(relid) + pg_catalog.pg_stat_get_xact_tuples_deleted(relid)), 0) > 0
  from (${treeOf(table.live)}) as tree(relid))`
