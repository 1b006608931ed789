/** References without an index in live: an undo, which deletes what was inserted, would make the server look through them row by row. */
import { sql } from 'kysely'
import type { SharedCatalog } from '../../catalog/shared.ts'
import { list } from '../../database/names.ts'
import type { Reader } from '../../database/session/reader.ts'
import type { Note } from '../../plan/notes/note.ts'
import { oidOf, treeOf } from '../../sql/tree.ts'

/** Pages read for an undo from which on it is worth a word: some seconds. */
const worthAWord = 200_000

/** Says which tables lack an index by which rows that refer to inserted ones are found. */
export const unindexedReferences = async (
  live: Reader,
  { tables }: SharedCatalog,
  steps: readonly { readonly table: string; readonly action: string; readonly rows: number }[],
): Promise<readonly Note[]> => {
  const inserts = steps.filter(({ action }) => action === 'insert')
  const parents = [...Map.groupBy(inserts, ({ table }) => table)].flatMap(([id, own]) => {
    const table = tables.get(id)?.live
    const rows = own.reduce((sum, step) => sum + step.rows, 0)
    return table === undefined
      ? []
      : [
          sql`select relid, ${sql.lit(rows)}::bigint as rows, ${oidOf(table)} as root from (${treeOf(table)}) as own(relid)`,
        ]
  })
  if (parents.length === 0) return []
  // k: foreign key, c: child, a: its columns. A key of a partition that its root has too is told once.
  const found = await live.rows(sql`
    select c.oid::pg_catalog.regclass::text, parent.root::pg_catalog.regclass::text, parent.rows::text,
      (select pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' order by u.position)
       from unnest(k.conkey) with ordinality as u(number, position)
       join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.number)
    from (${list(parents, ' union all ')}) as parent
    join pg_catalog.pg_constraint k on k.confrelid = parent.relid and k.contype = 'f' and k.conparentid = 0
    join pg_catalog.pg_class c on c.oid = k.conrelid
    where parent.rows * greatest(c.relpages, (
        select pg_catalog.sum(p.relpages) from pg_catalog.pg_partition_tree(c.oid) as tree
        join pg_catalog.pg_class p on p.oid = tree.relid)) > ${sql.lit(worthAWord)}
      and not exists (
        select from pg_catalog.pg_index i
        where i.indrelid = k.conrelid and i.indisvalid and i.indpred is null
          and (i.indkey::smallint[])[0:pg_catalog.cardinality(k.conkey) - 1] operator(pg_catalog.@>) k.conkey)
    order by 1, 4`)
  return found.map(([table, parent, rows, columns]) => ({
    kind: 'unindexed',
    table: table ?? '',
    columns: columns ?? '',
    parent: parent ?? '',
    rows: Number(rows),
  }))
}
