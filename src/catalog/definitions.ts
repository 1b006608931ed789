/** The definitions of tables as the server prints them, a line each: what a script compares before it writes. Needs an empty search_path. */
import { sql } from 'kysely'
import { list, literal, type QualifiedName, type Query } from '../database/names.ts'

/** Rows of a table's position in the list, as text, and one definition of it. Neither oids, privileges nor partitions are in it. */
export const definitionsOf = (tables: readonly QualifiedName[]): Query => sql`
  with used(position, oid) as (
    select u.position, pg_catalog.format('%I.%I', u.schema, u.name)::pg_catalog.regclass::pg_catalog.oid
    from (values ${list(tables.map(({ schema, name }, p) => sql`(${sql.lit(p)}, ${literal(schema)}, ${literal(name)})`))})
      as u(position, schema, name)
  )
  select u.position::text, pg_catalog.concat_ws(' ', 'column', pg_catalog.quote_ident(a.attname),
    pg_catalog.format_type(a.atttypid, a.atttypmod),
    case when a.attnotnull then 'not null' end,
    case a.attidentity when 'a' then 'identity always' when 'd' then 'identity by default' end,
    case when a.attgenerated <> '' then 'generated' when d.adbin is not null then 'default' end,
    pg_catalog.pg_get_expr(d.adbin, d.adrelid))
  from used u
  join pg_catalog.pg_attribute a on a.attrelid = u.oid and a.attnum > 0 and not a.attisdropped
  left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
  union all
  select u.position::text, pg_catalog.concat_ws(' ', 'constraint', pg_catalog.quote_ident(k.conname),
    pg_catalog.pg_get_constraintdef(k.oid))
  from used u
  join pg_catalog.pg_constraint k on k.conrelid = u.oid and k.contype in ('c', 'f', 'p', 'u', 'x')
  union all
  select u.position::text, pg_catalog.pg_get_indexdef(i.indexrelid)
  from used u
  join pg_catalog.pg_index i on i.indrelid = u.oid and i.indisunique
  where not exists (select from pg_catalog.pg_constraint k where k.conindid = i.indexrelid and k.conrelid = u.oid)
  union all
  select u.position::text, pg_catalog.concat_ws(' ', pg_catalog.pg_get_triggerdef(t.oid),
    case t.tgenabled when 'D' then 'disabled' when 'R' then 'on replica' when 'A' then 'always' end)
  from used u
  join pg_catalog.pg_trigger t on t.tgrelid = u.oid and not t.tgisinternal
  union all
  select u.position::text, pg_catalog.pg_get_ruledef(r.oid)
  from used u
  join pg_catalog.pg_rewrite r on r.ev_class = u.oid
  union all
  select u.position::text, pg_catalog.concat_ws(' ', 'policy', pg_catalog.quote_ident(p.polname), p.polcmd, p.polpermissive,
    pg_catalog.pg_get_expr(p.polqual, p.polrelid), pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid))
  from used u
  join pg_catalog.pg_policy p on p.polrelid = u.oid`
