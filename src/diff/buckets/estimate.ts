/** What is known of a table before all of it is read: its size, the spread of its keys, and about how many rows differ. */
import { sql } from 'kysely'
import type { Table } from '../../catalog/catalog.ts'
import { storedColumn, storedTable } from '../../catalog/catalog.ts'
import type { SharedTable } from '../../catalog/shared.ts'
import { column, type Query } from '../../database/names.ts'
import type { Reader } from '../../database/session/reader.ts'
import { packKey, unpackKey } from '../../keys/key.ts'
import { readShown } from '../../rows/by-key.ts'
import type { Sides } from '../../rows/sides.ts'
import { tableDigest } from '../../sql/column-digest.ts'
import { asText, fromSample, fromTable } from '../../sql/rows.ts'

/** One side of a table. */
export interface Extent {
  readonly rows: number
  readonly pages: number
  readonly isEmpty: boolean
  /** The first key column's bounds, where it is an integer and there are rows. */
  readonly bounds: readonly [smallest: bigint, largest: bigint] | null
  /** Rows lie in the order of that column, as far as the server knows, and it has an index that begins with it. */
  readonly isOrdered: boolean
}

/** From which correlation on (pg_stats) a range of keys counts as lying together. */
const ordered = 0.95

/** Rows per page where the server has never counted. */
const guess = 60

const hasIndexOn = (side: Table, name: string | null): boolean =>
  side.kind === 'ordinary' &&
  side.uniques.some(
    ({ kind, isValid, predicate, elements }) =>
      kind !== 'exclusion' && isValid && predicate === null && name !== null && elements[0]?.column === name,
  )

/** Reads size and bounds; the rows are an estimate of today's size, not of the last ANALYZE. */
export const readExtent = async (reader: Reader, table: SharedTable, integer: string | null): Promise<Extent> => {
  const side = table[reader.side]
  const { schema, name } = storedTable(side)
  const bound = (which: 'min' | 'max'): Query =>
    integer === null
      ? sql`null`
      : sql`(select pg_catalog.${sql.raw(which)}(${column('t', integer)})::text from ${fromTable(side)} as t)`
  const [row] = await reader.rows(sql`
    select coalesce(sum(size.pages * case when c.reltuples > 0 and c.relpages > 0 then c.reltuples / c.relpages
                                          else ${sql.lit(guess)} end), 0)::bigint::text,
           coalesce(sum(size.pages), 0)::text,
           (select not exists (select from ${fromTable(side)} as t))::text,
           ${bound('min')}, ${bound('max')},
           (select stats.correlation::text from pg_catalog.pg_stats stats
            where stats.schemaname = ${schema} and stats.tablename = ${name}
              and stats.attname = ${integer === null ? null : storedColumn(side, integer)} and not stats.inherited)
    from pg_catalog.pg_class root
    join pg_catalog.pg_namespace n on n.oid = root.relnamespace
    join pg_catalog.pg_class c
      on c.oid = root.oid or c.oid in (select tree.relid from pg_catalog.pg_partition_tree(root.oid) tree)
    cross join lateral (
      select pg_catalog.pg_relation_size(c.oid) / pg_catalog.current_setting('block_size')::integer as pages) size
    where n.nspname = ${schema} and root.relname = ${name}`)
  const [rows, pages, isEmpty, smallest, largest, correlation] = row ?? []
  return {
    rows: Number(rows ?? 0),
    pages: Number(pages ?? 0),
    isEmpty: isEmpty === 'true',
    bounds: smallest && largest ? [BigInt(smallest), BigInt(largest)] : null,
    isOrdered: Math.abs(Number(correlation ?? 0)) >= ordered && hasIndexOn(side, integer),
  }
}

/** Some rows of the backup, and how they fare in live. */
export interface Sample {
  /** Values of the first key column, in the order they were read. */
  readonly leading: readonly string[]
  /** The share of rows that live lacks or has otherwise. */
  readonly differing: number
  readonly size: number
}

/** Pages and rows of a sample at most: enough to tell one row in a hundred, and to see how keys are spread. */
const sampled = { pages: 100, rows: 1_000 }

/** Looks at rows of some pages of the backup, spread over the table. */
export const readSample = async (
  sides: Sides,
  table: SharedTable,
  { pages, columns }: { readonly pages: number; readonly columns: readonly string[] },
): Promise<Sample> => {
  const wanted = Math.min(sampled.pages, Math.max(20, pages / 50))
  const share = Math.min(100, (100 * wanted) / Math.max(1, pages))
  const digest = tableDigest({ alias: 't', table, columns }, sides.hashing)
  const rows = await sides.backup.rows(sql`
    select ${digest}::text, ${asText('t', table.identity)}
    from ${fromSample(table.backup, sql`system (${sql.lit(share)}) repeatable (0)`)}`)
  const step = Math.max(1, rows.length / sampled.rows)
  const digests = new Map<string, string>()
  for (let at = 0; at < rows.length; at += step) {
    const [own, ...key] = rows[Math.floor(at)] ?? []
    digests.set(packKey(key), own ?? '')
  }
  const keys = [...digests.keys()]
  const found = await readShown(sides.live, table, { keys, show: [digest] })
  const same = keys.filter((key) => found.get(key)?.[0] === digests.get(key)).length
  return {
    leading: keys.map((key) => unpackKey(key)[0] ?? ''),
    differing: keys.length === 0 ? 0 : 1 - same / keys.length,
    size: keys.length,
  }
}
