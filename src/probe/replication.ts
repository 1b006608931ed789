/** Who gets the changes of a run as well: publications of the written tables, standbys, logical slots. As far as the role may see them. */
import { sql } from 'kysely'
import { displayTable } from '../database/names.ts'
import type { Reader } from '../database/session.ts'

/** A table in a publication, and what of it is published. */
export interface Published {
  readonly publication: string
  readonly table: string
  readonly inserts: boolean
  readonly updates: boolean
}

/** Every table in a publication; a partition counts as its root. */
export const readPublished = async (live: Reader): Promise<readonly Published[]> => {
  // p: publication, c: table, r: its root, n: schema of the root
  const rows = await live.rows(sql`
    select distinct p.pubname::text, n.nspname::text, r.relname::text, p.pubinsert::text, p.pubupdate::text
    from pg_catalog.pg_publication_tables pt
    join pg_catalog.pg_publication p on p.pubname = pt.pubname
    join pg_catalog.pg_namespace pn on pn.nspname = pt.schemaname
    join pg_catalog.pg_class c on c.relnamespace = pn.oid and c.relname = pt.tablename
    join pg_catalog.pg_class r on r.oid = coalesce(pg_catalog.pg_partition_root(c.oid), c.oid)
    join pg_catalog.pg_namespace n on n.oid = r.relnamespace
    order by 1, 2, 3`)
  return rows.map(([publication, schema, name, inserts, updates]) => ({
    publication: publication ?? '',
    table: displayTable({ schema: schema ?? '', name: name ?? '' }),
    inserts: inserts === 'true',
    updates: updates === 'true',
  }))
}

/** Standbys, and logical slots of this database. */
export const readFollowers = async (
  live: Reader,
): Promise<readonly { readonly kind: 'standby' | 'slot'; readonly name: string; readonly how: string }[]> => {
  const rows = await live.rows(sql`
    select 'standby', coalesce(application_name, ''), coalesce(sync_state, '')
    from pg_catalog.pg_stat_replication
    union all
    select 'slot', slot_name::text, coalesce(plugin::text, '')
    from pg_catalog.pg_replication_slots
    where slot_type = 'logical' and database = pg_catalog.current_database()
    order by 1, 2`)
  return rows.map(([kind, name, how]) => ({
    kind: kind === 'slot' ? ('slot' as const) : ('standby' as const),
    name: name ?? '',
    how: how ?? '',
  }))
}
