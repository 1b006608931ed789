/** Collations whose version is no longer what indexes were built with: a search in such an index may miss rows that are there. */
import { sql } from 'kysely'
import type { Reader } from '../database/session/reader.ts'

/** Collations of columns of users, by name. A version is asked of the library: not for hundreds of collations that nobody uses. */
const ofColumns = sql`
  with used as materialized (
    select c.oid, n.nspname || '.' || c.collname as name, c.collversion
    from pg_catalog.pg_collation c
    join pg_catalog.pg_namespace n on n.oid = c.collnamespace
    where c.collversion is not null
      and exists (
        select 1
        from pg_catalog.pg_attribute a
        join pg_catalog.pg_class t on t.oid = a.attrelid and t.relkind in ('r', 'p') -- r: table, p: partitioned table
        where a.attcollation = c.oid and t.relnamespace <> 'pg_catalog'::regnamespace))
  select name, collversion, pg_catalog.pg_collation_actual_version(oid)
  from used
  where collversion is distinct from pg_catalog.pg_collation_actual_version(oid)
  order by 1`

/** The collation that columns without one of their own have. PostgreSQL 15 began to note its version. */
const ofDatabase = sql`
  select 'the database''s own', d.datcollversion, pg_catalog.pg_database_collation_actual_version(d.oid)
  from pg_catalog.pg_database d
  where d.datname = pg_catalog.current_database()
    and d.datcollversion is distinct from pg_catalog.pg_database_collation_actual_version(d.oid)
    and d.datcollversion is not null`

/** One sentence for each collation that drifted. */
export const readCollationNotes = async (reader: Reader): Promise<readonly string[]> => {
  const rows = await reader.rows(reader.version >= 150_000 ? sql`${ofDatabase} union all (${ofColumns})` : ofColumns)
  const where = reader.side === 'live' ? 'live' : 'the backup'
  return rows.map(
    ([name, then, now]) =>
      `${where}: collation ${name} was version ${then} when its indexes were built and is ${now} now: a search for a text key may miss rows until they are reindexed.`,
  )
}
