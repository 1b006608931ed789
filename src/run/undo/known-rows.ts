/**
 * What the journal of a run says about rows that refer to those its undo deletes, beside those of the plan: which may have referred to them
 * before the run, when they were missing, and which have no key by which a plan could name them: triggers of the run made them.
 */
import { sql } from 'kysely'
import type { Table } from '../../catalog/catalog.ts'
import { column, literal, type Query } from '../../database/names.ts'
import type { Writer } from '../../database/session/reader.ts'
import { keptDigest } from '../../sql/images.ts'
import { fromTable, inBatches } from '../../sql/rows.ts'
import { readHead } from '../journal/journal-head.ts'
import type { EndedTransactions, Stream } from '../journal/journal-shape.ts'
import { readMadeRows } from '../journal/written-rows.ts'
import { isWrittenByEnded, tellsWriters } from '../write/row-writers.ts'

/** What is known of a run; the digests of rows without a key stand in a temporary table. */
export interface KnownRows {
  /** Transactions that had ended as the run began; null where its journal does not say. */
  readonly ended: EndedTransactions | null
  /** Tables without a key in which triggers of the run made rows. */
  readonly unkeyed: ReadonlySet<string>
}

const unkeyedRows = sql.id('pg_temp', 'rowgraft_unkeyed')

const isUnkeyed = ({ kind, columns }: Stream): boolean => kind === 'made' && columns.indexOf('digest') === 1

/** Reads what is known of the run whose journal this is. */
export const readKnownRows = async (writer: Writer, path: string): Promise<KnownRows> => {
  const head = await readHead(path, { isMeant: () => true, isWhole: false })
  const unkeyed = new Set((head?.streams ?? []).filter(isUnkeyed).map(({ table }) => table))
  if (unkeyed.size > 0) {
    await writer.execute(sql`create temporary table ${unkeyedRows} (table_id text, digest bigint) on commit drop`)
    for await (const { table, identity, rows } of readMadeRows(path)) {
      for (const batch of identity.length === 0 ? inBatches(rows) : []) {
        const digests = `{${batch.map(({ digest }) => digest).join(',')}}`
        await writer.execute(sql`
          insert into ${unkeyedRows} select ${literal(table)}, pg_catalog.unnest(${digests}::bigint[])`)
      }
    }
  }
  return { ended: head?.begin?.ended ?? null, unkeyed }
}

/** True for rows of a table that nobody has written since the run began. */
export const isOlder = async (
  writer: Writer,
  { ended }: KnownRows,
  { table, alias }: { readonly table: Pick<Table, 'schema' | 'name' | 'kind'>; readonly alias: string },
): Promise<Query> =>
  ended !== null && (await tellsWriters(writer, table))
    ? isWrittenByEnded(sql`${column(alias, 'xmin')}::text::bigint`, ended)
    : sql`false`

/**
 * True for rows `c` of a table without a key that triggers of the run made. `same`: what holds of a row `o` of that table that refers to the
 * same rows. Where somebody has made another that is equal in every column, neither counts.
 */
export const isMadeUnkeyed = ({ unkeyed }: KnownRows, table: Table, same: Query): Query => {
  if (!unkeyed.has(table.id)) return sql`false`
  const digest = keptDigest('c', table, [])
  return sql`(
    (select pg_catalog.count(*) from ${unkeyedRows} as u where u.table_id = ${literal(table.id)} and u.digest = ${digest})
    >= (select pg_catalog.count(*) from ${fromTable(table)} as o where ${same} and ${keptDigest('o', table, [])} = ${digest}))`
}
