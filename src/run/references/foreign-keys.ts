/**
 * Foreign keys as live has them now, read from live itself and not from the catalog: that leaves out what cannot be restored (keys to or
 * of a single partition, tables of extensions, schemas the role may not use), and the server spares none of it.
 *
 * In comes a table; out go its references, and from `parents.ts` and `referring.ts` refusals of rows that refer, or would refer, to what
 * they must not.
 */
import { sql } from 'kysely'
import type { Table } from '../../catalog/catalog.ts'
import type { QualifiedName } from '../../database/display.ts'
import type { Query } from '../../database/names.ts'
import type { Writer } from '../../database/session/reader.ts'
import { treeOf } from '../../sql/tree.ts'

export interface LiveForeignKey {
  readonly name: string
  readonly child: QualifiedName
  readonly parent: QualifiedName
  readonly isChildPartitioned: boolean
  readonly isParentPartitioned: boolean
  readonly columns: readonly string[]
  readonly parentColumns: readonly string[]
  /** The last column is a period: it refers to whatever it overlaps. */
  readonly isPeriod: boolean
  readonly isMatchFull: boolean
  readonly isEnforced: boolean
  /** The child's primary key. */
  readonly key: readonly string[]
  /** The child can be read. */
  readonly canSelect: boolean
  /** The server itself refuses to delete a row that is referred to. */
  readonly isRefused: boolean
  /** ON DELETE CASCADE. */
  readonly isCascaded: boolean
  /** The server heeds ON DELETE: the triggers by which it does so fire. */
  readonly acts: boolean
}

/** Keys of the table (`child`) or to it (`parent`). Those that the server made for partitions have a parent of their own, and are not told. */
export const readForeignKeys = async (
  writer: Writer,
  table: Table,
  as: 'child' | 'parent',
): Promise<readonly LiveForeignKey[]> => {
  const names = (numbers: Query, relation: Query): Query => sql`(
    select coalesce(json_agg(a.attname order by u.position), '[]')
    from unnest(${numbers}) with ordinality as u(number, position)
    join pg_catalog.pg_attribute a on a.attrelid = ${relation} and a.attnum = u.number)`
  const end = as === 'child' ? sql`k.conrelid` : sql`k.confrelid`
  // k: foreign key, c: child, p: parent, i: the child's primary key
  const rows = await writer.look(sql`
    select json_build_object(
      'name', k.conname,
      'child', json_build_object('schema', n.nspname, 'name', c.relname),
      'parent', json_build_object('schema', pn.nspname, 'name', p.relname),
      'isChildPartitioned', c.relkind = 'p',
      'isParentPartitioned', p.relkind = 'p',
      'columns', ${names(sql`k.conkey`, sql`k.conrelid`)},
      'parentColumns', ${names(sql`k.confkey`, sql`k.confrelid`)},
      'isPeriod', coalesce((to_jsonb(k) ->> 'conperiod')::boolean, false),
      'isMatchFull', k.confmatchtype = 'f',
      'isEnforced', coalesce((to_jsonb(k) ->> 'conenforced')::boolean, true),
      'key', ${names(sql`i.indkey::int2[]`, sql`c.oid`)},
      'canSelect', pg_catalog.has_schema_privilege(n.oid, 'USAGE') and pg_catalog.has_table_privilege(c.oid, 'SELECT'),
      'isRefused', k.confdeltype in ('a', 'r'), -- no action, restrict
      'isCascaded', k.confdeltype = 'c',
      'acts', exists (
        select from pg_catalog.pg_trigger g -- A: always, O: origin, R: replica
        where g.tgconstraint = k.oid and g.tgrelid = k.confrelid and g.tgenabled in (
          'A', case pg_catalog.current_setting('session_replication_role') when 'replica' then 'R' else 'O' end)))::text
    from pg_catalog.pg_constraint k
    join pg_catalog.pg_class c on c.oid = k.conrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    join pg_catalog.pg_class p on p.oid = k.confrelid
    join pg_catalog.pg_namespace pn on pn.oid = p.relnamespace
    left join pg_catalog.pg_index i on i.indrelid = c.oid and i.indisprimary
    where k.contype = 'f' and k.conparentid = 0 and ${end} in (${treeOf(table)})
    order by n.nspname collate "C", c.relname collate "C", k.conname collate "C"`)
  return rows.map(([text]) => JSON.parse(text ?? '') as LiveForeignKey)
}
