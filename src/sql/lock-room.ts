import { sql } from 'kysely'
import type { Table } from '../catalog/catalog.ts'
import { list } from '../database/names.ts'
import type { Check } from '../database/session/check.ts'
import { treeOf } from './tree.ts'

/** Refuses partitioned tables for which there is no room beside the locks that others hold; null where there are none. */
export const lockRoom = (tables: readonly Table[]): Check | null => {
  const partitioned = tables.filter(({ kind }) => kind === 'partitioned')
  if (partitioned.length === 0) return null
  const trees = partitioned.map((table) => sql`select relid from (${treeOf(table)}) as own`)
  return {
    query: sql`
      select wanted.locks::text, room.locks::text
      from (
        select pg_catalog.count(*) + pg_catalog.sum((
          select pg_catalog.count(*) from pg_catalog.pg_index i where i.indrelid = tree.relid)) as locks
        from (${list(trees, ' union all ')}) as tree
      ) as wanted, (
        select pg_catalog.current_setting('max_locks_per_transaction')::bigint
               * (pg_catalog.current_setting('max_connections')::bigint
                  + pg_catalog.current_setting('max_prepared_transactions')::bigint)
               - (select pg_catalog.count(*) from pg_catalog.pg_locks l
                  where not l.fastpath and l.pid is distinct from pg_catalog.pg_backend_pid()) as locks
      ) as room
      where wanted.locks > room.locks`,
    expect: { none: 2 },
    code: 'not-restorable',
    message: ({ row: [wanted, room] }) =>
      `${partitioned.map(({ id }) => `"${id}"`).join(', ')} with all partitions and indexes take ${wanted} locks, and live has room for ${room}`,
    detail: 'Without room for them the server fails the statements of others, too.',
    hint: 'Raise max_locks_per_transaction there (it takes a restart), or come back when fewer locks are held.',
  }
}
