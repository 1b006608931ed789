/**
 * Tables without an identity: their rows are compared as they are, with how often each is there. What is missing or extra is copies of
 * rows; which of them changed nobody can tell.
 */
import { sql } from 'kysely'
import type { SharedTable } from '../catalog/shared.ts'
import { arrayText, literal, type Query } from '../database/names.ts'
import type { Reader } from '../database/session/reader.ts'
import { comparedColumns } from '../rows/records/records.ts'
import type { Sides } from '../rows/sides.ts'
import { tableDigest } from '../sql/column-digest.ts'
import { fromTable } from '../sql/rows.ts'
import { Buckets, groupedRows, scanBuckets } from './buckets/buckets.ts'
import { readExtent } from './buckets/estimate.ts'
import { prepareScan, type ScanOptions, withHeartbeat, withoutSorting } from './buckets/prepare.ts'
import { type Block, decodeBlocks } from './keys/blocks.ts'
import { copyShape } from './keys/key-shape.ts'
import { type FoundKeys, mergeBlocks, nothingFound } from './keys/merge.ts'

/** Tables of more rows are put into buckets first; there are so many of them. */
const [small, buckets] = [100_000, 16_384]

/** Equal rows would cancel out under xor: their hashes are summed, in halves that cannot overflow. */
const sumOf = (hash: Query): Query => sql`
  pg_catalog.hashint4extended(0, pg_catalog.sum(${hash} & 4294967295)::bigint)
  # pg_catalog.hashint4extended(1, pg_catalog.sum(${hash} >> 32)::bigint)`

/** Finds copies of rows that one side has more of; the keys of what is found are hashes. */
export const compareCopies = async (
  sides: Sides,
  table: SharedTable,
  { bucketRows, onRead }: Pick<ScanOptions, 'bucketRows' | 'onRead'>,
): Promise<FoundKeys> => {
  const found = nothingFound(copyShape)
  await Promise.all([prepareScan(sides.live, sides.workers), prepareScan(sides.backup, sides.workers)])
  const extents = await Promise.all([readExtent(sides.live, table, null), readExtent(sides.backup, table, null)])
  const columns = comparedColumns(table)
  const hash = tableDigest({ alias: 't', table, columns }, sides.hashing)
  const hashed = (reader: Reader): Query =>
    sql`from (select ${hash} as hash from ${fromTable(table[reader.side])} as t) as h`
  const bucket = sql`(h.hash & ${sql.lit(buckets - 1)})::integer`
  let where = sql``
  const isBucketed = bucketRows !== undefined || Math.max(...extents.map(({ rows }) => rows)) > small
  if (isBucketed) {
    const scan = async (reader: Reader): Promise<Buckets> => {
      const own = new Buckets()
      await withoutSorting(reader, () =>
        scanBuckets(reader, own, groupedRows({ from: hashed(reader), bucket, digest: sumOf(sql`h.hash`) })),
      )
      onRead({ rows: own.rows, buckets: own.length })
      return own
    }
    const [here, there] = await withHeartbeat(onRead, () => Promise.all([scan(sides.live), scan(sides.backup)]))
    const differing = here.differing(there)
    if (differing.length === 0) return found
    where = sql`where ${bucket} = any (${literal(arrayText(differing.map(String)))}::integer[])`
  }
  const stream = (reader: Reader): AsyncGenerator<Block> => {
    const query = sql`copy (
      select h.hash, pg_catalog.row_number() over (partition by h.hash) as copy
      ${hashed(reader)}
      ${where}
      order by 1, 2
    ) to stdout (format binary)`
    return decodeBlocks(reader.copyFrames(query), copyShape, 0)
  }
  await mergeBlocks(stream(sides.live), stream(sides.backup), {
    shape: copyShape,
    digests: 0,
    found,
    onRows: (rows) => onRead({ rows: isBucketed ? 0 : rows, buckets: 0 }),
  })
  return found
}
