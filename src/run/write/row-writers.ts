/** Who wrote a row, as far as the server can tell: by its `xmin`, which tables of other kinds than its own may not have. */
import { sql } from 'kysely'
import type { Table } from '../../catalog/catalog.ts'
import type { SharedTable } from '../../catalog/shared.ts'
import { column, type Query } from '../../database/names.ts'
import type { Writer } from '../../database/session/reader.ts'
import { findKeys } from '../../rows/by-key.ts'
import { oidOf, treeOf } from '../../sql/tree.ts'
import type { EndedTransactions } from '../journal/journal-shape.ts'

/** True for tables whose rows tell who wrote them; who may read columns alone may not ask. */
export const tellsWriters = async (
  writer: Writer,
  table: Pick<Table, 'schema' | 'name' | 'kind'>,
): Promise<boolean> => {
  const [row] = await writer.look(sql`
    select (pg_catalog.has_table_privilege(${oidOf(table)}, 'SELECT') and bool_and(
      c.relkind = 'p' or c.relkind = 'r' and coalesce(m.amname = 'heap', false)))::text -- p: partitioned, r: ordinary
    from (${treeOf(table)}) as tree(relid)
    join pg_catalog.pg_class c on c.oid = tree.relid
    left join pg_catalog.pg_am m on m.oid = c.relam`)
  return row?.[0] === 'true'
}

/** FROM with the 64-bit `known.id` of a transaction, by an `xmin` as a bigint: the one nearest to the current transaction's. */
const widened = (written: Query): Query => sql`
  (select id + case when id > top + 2147483648 then -4294967296 when id < top - 2147483648 then 4294967296 else 0 end as id
   from (select ((top >> 32) << 32) + ${written} as id, top
         from (select pg_catalog.pg_current_xact_id()::text::bigint) as current(top)) as near) as known`

/**
 * True for a row that this transaction wrote, by its `xmin` as a bigint: it can be seen, and yet its transaction has not ended. A trigger
 * may have written it in a subtransaction (an EXCEPTION block), whose id is not the transaction's own.
 */
export const isWrittenByUs = (written: Query): Query =>
  sql`(select pg_catalog.pg_xact_status(known.id::text::xid8) = 'in progress' from ${widened(written)})`

/** Of a busy server's transactions, those begun after the oldest that is open are asked one by one, up to so many. */
const mostAsked = 10_000

/** Reads which transactions have ended. What a subtransaction wrote is known by its own id, which no snapshot tells. */
export const readEnded = async (writer: Writer): Promise<EndedTransactions> => {
  const [row] = await writer.rows(sql`
    select below::text, (
      select pg_catalog.string_agg(id::text, ',')
      from pg_catalog.generate_series(oldest, below - 1) as id
      where pg_catalog.pg_xact_status(id::text::xid8) = 'in progress')
    from (
      select oldest, case when next - oldest > ${sql.lit(mostAsked)} then oldest else next end as below
      from (
        select pg_catalog.pg_snapshot_xmin(now)::text::bigint as oldest, pg_catalog.pg_snapshot_xmax(now)::text::bigint as next
        from pg_catalog.pg_current_snapshot() as now) as snapshot) as asked`)
  const [below, open] = row ?? []
  return { below: below ?? '1', except: open?.split(',') ?? [] }
}

/** True for a row that was last written by one of these transactions, by its `xmin` as a bigint; ids below 3 are frozen ones. */
export const isWrittenByEnded = (written: Query, { below, except }: EndedTransactions): Query => {
  const open = `{${except.join(',')}}`
  return sql`(${written} < 3 or (
    select known.id < ${below}::bigint and known.id <> all (${open}::bigint[]) from ${widened(written)}))`
}

/** When the transaction that wrote a row ended, as text; NULL where the server does not keep that. */
export const writtenAt = async (
  writer: Writer,
  table: Pick<Table, 'schema' | 'name' | 'kind'>,
  alias: string,
): Promise<Query> => {
  const [row] = await writer.look(sql`select pg_catalog.current_setting('track_commit_timestamp', true)`)
  if (row?.[0] !== 'on' || !(await tellsWriters(writer, table))) return sql`null::text`
  return sql`pg_catalog.pg_xact_commit_timestamp(${column(alias, 'xmin')})::text`
}

/** Which of the keys belong to rows that others see: those were there before this transaction. Null where nobody can be asked. */
export const seenByOthers = async (
  writer: Writer,
  table: SharedTable,
  keys: readonly string[],
): Promise<readonly string[] | null> =>
  writer.outside(async (outside) => [...(await findKeys(outside, table, { keys }))])
