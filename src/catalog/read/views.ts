/** Materialised views that show rows of some tables: they go on showing what they did until somebody refreshes them. */
import { sql } from 'kysely'
import { displayTable, type QualifiedName } from '../../database/display.ts'
import { list, literal } from '../../database/names.ts'
import type { Reader } from '../../database/session/reader.ts'

/** Names of the materialised views that read the tables, also through other views and partitions, in an order to refresh them in. */
export const readMaterialisedViews = async (
  live: Reader,
  tables: readonly QualifiedName[],
): Promise<readonly string[]> => {
  if (tables.length === 0) return []
  const names = tables.map(({ schema, name }) => sql`(${literal(schema)}, ${literal(name)})`)
  // d: what a view's rule reads, r: the rule, m: materialised view
  const rows = await live.rows(sql`
    with recursive used as (
      select c.oid, 0 as depth
      from pg_catalog.pg_class c
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where (n.nspname, c.relname) in (${list(names)})
      union
      select next.oid, u.depth + 1
      from used u
      cross join lateral (
        select r.ev_class as oid
        from pg_catalog.pg_depend d
        join pg_catalog.pg_rewrite r on r.oid = d.objid
        where d.classid = 'pg_catalog.pg_rewrite'::regclass and d.refclassid = 'pg_catalog.pg_class'::regclass
          and d.refobjid = u.oid and r.ev_class <> u.oid
        union
        select i.inhrelid from pg_catalog.pg_inherits i where i.inhparent = u.oid
      ) as next
      where u.depth < 100
    )
    select n.nspname, c.relname
    from used u
    join pg_catalog.pg_class c on c.oid = u.oid and c.relkind = 'm'
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    group by n.nspname, c.relname
    order by max(u.depth), n.nspname collate "C", c.relname collate "C"`)
  return rows.map(([schema, name]) => displayTable({ schema: schema ?? '', name: name ?? '' }))
}
