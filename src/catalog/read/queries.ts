/**
 * The catalog queries, one statement per kind of object; each row is one JSON document. Columns that newer servers added to the
 * catalog are read through `to_jsonb`, which knows only those that exist.
 */
import { sql } from 'kysely'

/** Namespaces of users: neither the system's own nor another session's temporary ones. */
const userNamespace = sql`n.nspname <> 'information_schema' and n.nspname !~ '^pg_'`

const notOfExtension = sql`not exists (
  select 1 from pg_catalog.pg_depend d
  where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.deptype = 'e' -- e: member of an extension
)`

/** Ordinary and partitioned tables; a partition is reached through its root. r: ordinary, p: partitioned. */
const userTable = sql`c.relkind in ('r', 'p') and not c.relispartition and ${userNamespace} and ${notOfExtension}`

export const databaseQuery = sql`
  select json_build_object(
    'database', pg_catalog.current_database(),
    'user', current_user,
    'can_stage', pg_catalog.has_database_privilege(pg_catalog.current_database(), 'TEMPORARY'))::text`

export const tablesQuery = sql`
  select json_build_object(
    'oid', c.oid::text, 'schema', n.nspname, 'name', c.relname, 'kind', c.relkind,
    'persistence', c.relpersistence, 'rows', c.reltuples,
    'hides_rows', pg_catalog.row_security_active(c.oid),
    'can_select', pg_catalog.has_table_privilege(c.oid, 'SELECT'),
    'can_insert', pg_catalog.has_table_privilege(c.oid, 'INSERT'),
    'can_update', pg_catalog.has_table_privilege(c.oid, 'UPDATE'),
    'can_delete', pg_catalog.has_table_privilege(c.oid, 'DELETE'))::text
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where ${userTable} and pg_catalog.has_schema_privilege(n.oid, 'USAGE')
  order by n.nspname collate "C", c.relname collate "C"`

export const othersQuery = sql`
  select json_build_object('schema', n.nspname, 'name', c.relname, 'kind', c.relkind,
    'usable', pg_catalog.has_schema_privilege(n.oid, 'USAGE'))::text
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where (c.relkind in ('v', 'm', 'f') -- v: view, m: materialised view, f: foreign table
         or (c.relkind in ('r', 'p') and not pg_catalog.has_schema_privilege(n.oid, 'USAGE')))
    and not c.relispartition and ${userNamespace} and ${notOfExtension}
  order by n.nspname collate "C", c.relname collate "C"`

/** The types of columns, each domain followed down to its base type: what is asked about a type is asked once. */
const usedTypes = sql`
  with recursive used as (
    select distinct a.atttypid as oid
    from pg_catalog.pg_attribute a
    join pg_catalog.pg_class c on c.oid = a.attrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where a.attnum > 0 and not a.attisdropped and ${userTable}
  ), base as (
    select t.oid as start, t.oid, t.typtype, t.typbasetype
    from used u join pg_catalog.pg_type t on t.oid = u.oid
    union all
    select b.start, t.oid, t.typtype, t.typbasetype
    from base b join pg_catalog.pg_type t on t.oid = b.typbasetype
    where b.typtype = 'd' -- d: domain
  ), types as materialized (
    select b.start, b.oid, pg_catalog.format_type(b.oid, null) as name, t.typtype as kind, b.start <> b.oid as is_domain,
      case when t.typsubscript::text like '%array_subscript_handler' then t.typelem end as element,
      exists (
        select from pg_catalog.pg_depend d
        where d.classid = 'pg_catalog.pg_type'::regclass and d.objid in (t.oid, t.typelem)
          and d.deptype = 'e') as of_extension, -- e: member of an extension
      (select json_agg(e.enumlabel order by e.enumsortorder) from pg_catalog.pg_enum e
        where e.enumtypid in (t.oid, t.typelem)) as labels,
      (select json_agg(f.attname || ' ' || pg_catalog.format_type(f.atttypid, f.atttypmod) order by f.attnum)
        from pg_catalog.pg_type e
        join pg_catalog.pg_attribute f on f.attrelid = e.typrelid and f.attnum > 0 and not f.attisdropped
        where e.oid in (t.oid, t.typelem) and e.typtype = 'c') as attributes, -- c: composite
      case
        when not pg_catalog.has_schema_privilege(t.typnamespace, 'USAGE')
          then 'usage on schema ' || t.typnamespace::regnamespace::text
        when not pg_catalog.has_type_privilege(t.oid, 'USAGE')
          then 'usage on type ' || pg_catalog.format_type(t.oid, null) end as type_grant,
      coalesce((
        select op.oprnamespace <> 'pg_catalog'::regnamespace
        from pg_catalog.pg_opclass oc
        join pg_catalog.pg_am m on m.oid = oc.opcmethod and m.amname = 'btree'
        join pg_catalog.pg_amop am on am.amopfamily = oc.opcfamily and am.amoplefttype = oc.opcintype
          and am.amoprighttype = oc.opcintype and am.amopstrategy = 3 -- equal
        join pg_catalog.pg_operator op on op.oid = am.amopopr
        where oc.opcintype = t.oid and oc.opcdefault), false) as own_equality
    from base b join pg_catalog.pg_type t on t.oid = b.oid
    where b.typtype <> 'd'
  )`

export const columnsQuery = sql`
  ${usedTypes}
  select json_build_object(
    'table', a.attrelid::text, 'name', a.attname,
    'type', pg_catalog.format_type(a.atttypid, a.atttypmod),
    'base_oid', b.oid::text, 'base_type', b.name, 'kind', b.kind, 'is_domain', b.is_domain,
    'element_oid', b.element::text,
    'element_kind', (select e.typtype from pg_catalog.pg_type e where e.oid = b.element),
    'of_extension', b.of_extension, 'labels', b.labels, 'attributes', b.attributes,
    'not_null', a.attnotnull, 'identity', a.attidentity, 'generated', a.attgenerated,
    'default', case when a.attgenerated = '' then pg_catalog.pg_get_expr(d.adbin, d.adrelid) end,
    'type_grant', b.type_grant,
    'nondeterministic', coalesce(not co.collisdeterministic, false),
    'own_equality', b.own_equality,
    'can_select', pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'SELECT'),
    'can_insert', pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'INSERT'),
    'can_update', pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'UPDATE'),
    'sequence', (
      select json_build_object(
        'schema', sn.nspname, 'name', sc.relname, 'increment', s.seqincrement::text,
        'minimum', s.seqmin::text, 'maximum', s.seqmax::text,
        'can_use', pg_catalog.has_sequence_privilege(sc.oid, 'USAGE, UPDATE') -- any of them
                   and pg_catalog.has_sequence_privilege(sc.oid, 'SELECT'),
        'can_update', pg_catalog.has_sequence_privilege(sc.oid, 'UPDATE'))
      from pg_catalog.pg_depend dep
      join pg_catalog.pg_class sc on sc.relkind = 'S' -- S: sequence
        and sc.oid = case when dep.deptype = 'i' then dep.objid else dep.refobjid end
      join pg_catalog.pg_namespace sn on sn.oid = sc.relnamespace
      join pg_catalog.pg_sequence s on s.seqrelid = sc.oid
      where (dep.classid = 'pg_catalog.pg_class'::regclass and dep.refclassid = 'pg_catalog.pg_class'::regclass
             and dep.refobjid = a.attrelid and dep.refobjsubid = a.attnum and dep.deptype = 'i') -- i: identity
         or (dep.classid = 'pg_catalog.pg_attrdef'::regclass and dep.objid = d.oid
             and dep.refclassid = 'pg_catalog.pg_class'::regclass and a.attgenerated = '')
      order by dep.deptype = 'i' desc
      limit 1))::text
  from pg_catalog.pg_attribute a
  join pg_catalog.pg_class c on c.oid = a.attrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  join types b on b.start = a.atttypid
  left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
  left join pg_catalog.pg_collation co on co.oid = a.attcollation
  where a.attnum > 0 and not a.attisdropped and ${userTable} and pg_catalog.has_schema_privilege(n.oid, 'USAGE')
  order by a.attrelid, a.attnum`

export const uniquesQuery = sql`
  select json_build_object(
    'table', i.indrelid::text, 'name', ic.relname,
    'kind', case when i.indisprimary then 'primary' when i.indisunique then 'unique' else 'exclusion' end,
    'predicate', pg_catalog.pg_get_expr(i.indpred, i.indrelid),
    'nulls_not_distinct', coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, false),
    'deferrable', not i.indimmediate, 'valid', i.indisvalid,
    'period', coalesce((to_jsonb(con) ->> 'conperiod')::boolean, false),
    'definition', coalesce(pg_catalog.pg_get_constraintdef(con.oid), pg_catalog.pg_get_indexdef(i.indexrelid)),
    'columns', (
      select json_agg(distinct a.attname)
      from pg_catalog.pg_attribute a
      where a.attrelid = i.indrelid
        and (a.attnum = any ((i.indkey::int2[])[0:i.indnkeyatts - 1]) or exists (
          select 1 from pg_catalog.pg_depend d
          where coalesce(i.indexprs, i.indpred) is not null -- else what follows the key is merely carried along (INCLUDE)
            and d.classid = 'pg_catalog.pg_class'::regclass and d.objid = i.indexrelid
            and d.refclassid = 'pg_catalog.pg_class'::regclass and d.refobjid = i.indrelid and d.refobjsubid = a.attnum))),
    'elements', (
      select json_agg(json_build_object(
        'column', case when i.indkey[k.pos - 1] <> 0 then a.attname end,
        'expression', pg_catalog.pg_get_indexdef(i.indexrelid, k.pos, false),
        'operator', (
          select pg_catalog.quote_ident(op_n.nspname) || '.' || op.oprname
          from pg_catalog.pg_operator op
          join pg_catalog.pg_namespace op_n on op_n.oid = op.oprnamespace
          where op.oid = case when con.contype = 'x' then con.conexclop[k.pos] else (
            select am.amopopr from pg_catalog.pg_amop am
            where am.amopfamily = oc.opcfamily and am.amoplefttype = oc.opcintype
              and am.amoprighttype = oc.opcintype and am.amopstrategy = 3) end), -- btree strategy 3: equal
        'collation', (
          select json_build_object('schema', cn.nspname, 'name', co.collname)
          from pg_catalog.pg_collation co join pg_catalog.pg_namespace cn on cn.oid = co.collnamespace
          where co.oid = i.indcollation[k.pos - 1])) order by k.pos)
      from generate_series(1, i.indnkeyatts) as k(pos)
      left join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[k.pos - 1]
      join pg_catalog.pg_opclass oc on oc.oid = i.indclass[k.pos - 1]))::text
  from pg_catalog.pg_index i
  join pg_catalog.pg_class ic on ic.oid = i.indexrelid
  join pg_catalog.pg_class c on c.oid = i.indrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  left join pg_catalog.pg_constraint con
    on con.conindid = i.indexrelid and con.conrelid = i.indrelid and con.contype in ('p', 'u', 'x')
  where (i.indisunique or i.indisexclusion) and i.indisready and ${userTable}
  order by i.indrelid, not i.indisprimary, ic.relname collate "C"`

export const foreignKeysQuery = sql`
  select json_build_object(
    'table', k.conrelid::text, 'name', k.conname,
    'parent_schema', pn.nspname, 'parent', p.relname,
    'columns', (select json_agg(a.attname order by u.pos) from unnest(k.conkey) with ordinality u(num, pos)
                join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.num),
    'parent_columns', (select json_agg(a.attname order by u.pos) from unnest(k.confkey) with ordinality u(num, pos)
                join pg_catalog.pg_attribute a on a.attrelid = k.confrelid and a.attnum = u.num),
    'set_columns', (select json_agg(a.attname) from pg_catalog.pg_attribute a
                where a.attrelid = k.conrelid and known.facts -> 'confdelsetcols' @> to_jsonb(a.attnum)),
    'on_delete', k.confdeltype, 'match', k.confmatchtype, 'deferrable', k.condeferrable,
    'enforced', coalesce((known.facts ->> 'conenforced')::boolean, true),
    'period', coalesce((known.facts ->> 'conperiod')::boolean, false),
    'definition', pg_catalog.pg_get_constraintdef(k.oid))::text
  from pg_catalog.pg_constraint k
  cross join lateral (select to_jsonb(k) as facts offset 0) as known -- offset 0: made once, not for every column
  join pg_catalog.pg_class c on c.oid = k.conrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  join pg_catalog.pg_class p on p.oid = k.confrelid
  join pg_catalog.pg_namespace pn on pn.oid = p.relnamespace
  where k.contype = 'f' and k.conparentid = 0 and not p.relispartition and ${userTable}
  order by k.conrelid, k.conname collate "C"`

export const checksQuery = sql`
  select json_build_object('table', k.conrelid::text, 'name', k.conname,
    'definition', pg_catalog.pg_get_constraintdef(k.oid))::text
  from pg_catalog.pg_constraint k
  join pg_catalog.pg_class c on c.oid = k.conrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where k.contype = 'c' and ${userTable}
  order by k.conrelid, k.conname collate "C"`

export const triggersQuery = sql`
  select json_build_object('table', t.tgrelid::text, 'name', t.tgname, 'type', t.tgtype, 'enabled', t.tgenabled,
    'definition', pg_catalog.pg_get_triggerdef(t.oid),
    'of_columns', (select json_agg(a.attname) from pg_catalog.pg_attribute a
                   where a.attrelid = t.tgrelid and a.attnum = any (t.tgattr::int2[])),
    'function', f.proname, 'source', f.prosrc)::text
  from pg_catalog.pg_trigger t
  join pg_catalog.pg_class c on c.oid = t.tgrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  join pg_catalog.pg_proc f on f.oid = t.tgfoid
  where not t.tgisinternal and ${userTable}
  order by t.tgrelid, t.tgname collate "C"`

export const rulesQuery = sql`
  select json_build_object('table', r.ev_class::text, 'name', r.rulename, 'kind', 'rule',
    'definition', pg_catalog.pg_get_ruledef(r.oid))::text
  from pg_catalog.pg_rewrite r
  join pg_catalog.pg_class c on c.oid = r.ev_class
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where r.ev_type in ('2', '3', '4') and ${userTable} -- 2: update, 3: insert, 4: delete
  union all
  select json_build_object('table', p.polrelid::text, 'name', p.polname, 'kind', 'policy',
    'definition', concat_ws(' ', p.polcmd, p.polpermissive, pg_catalog.pg_get_expr(p.polqual, p.polrelid),
                            pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)))::text
  from pg_catalog.pg_policy p
  join pg_catalog.pg_class c on c.oid = p.polrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where ${userTable}
  order by 1`
