/** A script writes only into tables that are as they were when it was made. */
import { sql } from 'kysely'
import type { Catalog, Table } from '../../catalog/catalog.ts'
import { fingerprint } from '../../catalog/read/fingerprint.ts'
import type { QualifiedName } from '../../database/display.ts'
import { list, literal, type Query } from '../../database/names.ts'
import type { Reader, Writer } from '../../database/session/reader.ts'
import { RowgraftError } from '../../errors.ts'
import type { Plan } from '../../plan/plan.ts'

/** Throws `plan-stale` when a used table is not as the plan knows it. */
export const refuseAlteredTables = (plan: Plan, catalog: Catalog): void => {
  for (const [id, expected] of Object.entries(plan.fingerprints)) {
    const table = catalog.tables.find((candidate) => candidate.id === id)
    if (table !== undefined && fingerprint(table) === expected) continue
    throw new RowgraftError('plan-stale', `table "${id}" was altered since the plan was made`, {
      hint: 'Make the plan again.',
    })
  }
}

/** Checks in the script that every definition is still there, and no other. */
export const checkDefinitions = async (live: Reader, writer: Writer, tables: readonly Table[]): Promise<void> => {
  const query = definitionsOf(tables)
  const known = (await live.rows(query)).map((row) => sql`(${list(row.map((text) => literal(text ?? '')))})`)
  const names = tables.map(({ id }, position) => sql`(${literal(String(position))}, ${literal(id)})`)
  await writer.check({
    query: sql`
      with expected(position, definition) as (values
        ${list(known, ',\n        ')}
      ), found(position, definition) as (
        ${query}
      ), differing(position, what) as (
        select e.position, 'gone: ' || e.definition
        from (select position, definition from expected except select position, definition from found) as e
        union all
        select f.position, 'new: ' || f.definition
        from (select position, definition from found except select position, definition from expected) as f
      )
      select n.name, d.what
      from differing d
      join (values ${list(names)}) as n(position, name) on n.position = d.position
      order by n.name, d.what`,
    expect: { none: 2 },
    code: 'plan-stale',
    message: ({ row: [name] }) => `table "${name}" was altered since this script was made`,
    nameRow: ([, what]) => what ?? '',
    hint: 'Make the plan and the script again.',
  })
}

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
