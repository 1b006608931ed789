/** How large tables are, as the server's catalog has it: nothing of a table is read. */
import { sql } from 'kysely'
import type { Table } from '../catalog/catalog.ts'
import { storedTable } from '../catalog/catalog.ts'
import { displayTable } from '../database/display.ts'
import type { Reader } from '../database/session/reader.ts'
import type { Sides } from './sides.ts'

/** An estimate, partitions included. */
export interface TableSize {
  /** As of the last VACUUM, ANALYZE or index build (`pg_class.reltuples`); null where there was none. */
  readonly rows: number | null
  /** With what is stored out of line, without indexes. */
  readonly bytes: number
}

/** By table id. */
export type Sizes = ReadonlyMap<string, TableSize>

/** Whether the role may ask for today's bytes: that can be revoked. */
const mayMeasure = async (reader: Reader): Promise<boolean> => {
  const [row] = await reader.rows(sql`
    select pg_catalog.has_function_privilege('pg_catalog.pg_table_size(regclass)', 'EXECUTE')::text`)
  return row?.[0] === 'true'
}

/**
 * By display name. Asking for bytes takes a lock: a table that somebody alters, or waits to, is told by the pages it had at its last
 * VACUUM instead; so are all where the role may not ask.
 */
const readSide = async (reader: Reader): Promise<Sizes> => {
  const pages = sql`c.relpages::bigint * pg_catalog.current_setting('block_size')::integer`
  const bytes = (await mayMeasure(reader))
    ? sql`case when c.oid = any (array(select l.relation
                                       from pg_catalog.pg_locks l
                                       where l.mode = 'AccessExclusiveLock' and l.relation is not null))
               then ${pages} else pg_catalog.pg_table_size(c.oid) end`
    : pages
  // r: ordinary, p: partitioned, which has no rows of its own
  const rows = await reader.rows(sql`
    with recursive tree as (
      select root.oid as root, root.oid as member
      from pg_catalog.pg_class root
      where root.relkind in ('r', 'p') and not root.relispartition
      union all
      select tree.root, c.oid
      from tree
      join pg_catalog.pg_inherits i on i.inhparent = tree.member
      join pg_catalog.pg_class c on c.oid = i.inhrelid and c.relispartition
    )
    select n.nspname::text, root.relname::text,
           (sum(c.reltuples) filter (where c.reltuples >= 0 and c.relkind <> 'p'))::bigint::text,
           coalesce(sum(${bytes}), 0)::bigint::text
    from tree
    join pg_catalog.pg_class root on root.oid = tree.root
    join pg_catalog.pg_namespace n on n.oid = root.relnamespace
    join pg_catalog.pg_class c on c.oid = tree.member
    where n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
    group by n.nspname, root.relname`)
  return new Map(
    rows.map(([schema, name, count, size]) => [
      displayTable({ schema: schema ?? '', name: name ?? '' }),
      { rows: count == null ? null : Number(count), bytes: Number(size ?? 0) },
    ]),
  )
}

const unknown: TableSize = { rows: null, bytes: 0 }

/** Sizes of the tables that both sides have, on each of them. */
export const readSizes = async (sides: Sides): Promise<{ readonly live: Sizes; readonly backup: Sizes }> => {
  const [live, backup] = await Promise.all([readSide(sides.live), readSide(sides.backup)])
  const tables = [...sides.catalog.tables.values()]
  const pick = (sizes: Sizes, sideOf: (table: (typeof tables)[number]) => Table): Sizes =>
    new Map(tables.map((table) => [table.id, sizes.get(displayTable(storedTable(sideOf(table)))) ?? unknown]))
  return { live: pick(live, (table) => table.live), backup: pick(backup, (table) => table.backup) }
}

/** The larger of both sides, by table. */
export const largerSizes = (live: Sizes, backup: Sizes): Sizes =>
  new Map(
    [...live].map(([id, here]) => {
      const there = backup.get(id) ?? unknown
      const rows =
        here.rows === null || there.rows === null ? (here.rows ?? there.rows) : Math.max(here.rows, there.rows)
      return [id, { rows, bytes: Math.max(here.bytes, there.bytes) }]
    }),
  )
