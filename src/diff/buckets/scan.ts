/**
 * Finds how two sides of a table differ with as little reading as may be.
 *
 * Missing and extra rows alone are found by their keys. Rows that changed are found by digests: one pass puts each side into buckets,
 * both at once; only buckets that differ are read again, key by key. A sample says beforehand how many will: if most, all rows are
 * read key by key at once. Whatever is chosen, the answer is the same.
 *
 * In come two sides of a table, out goes each row that differs, once.
 */
import { sql } from 'kysely'
import { columnOf } from '../../catalog/catalog.ts'
import type { SharedTable } from '../../catalog/shared.ts'
import { arrayText, column, literal, type Query } from '../../database/names.ts'
import type { Reader } from '../../database/session/reader.ts'
import { possibleCreation, readCreation } from '../../rows/records/habits.ts'
import { comparedColumns } from '../../rows/records/records.ts'
import type { Sides } from '../../rows/sides.ts'
import { tableDigest } from '../../sql/column-digest.ts'
import { fromTable } from '../../sql/rows.ts'
import { shapeOf } from '../keys/key-shape.ts'
import { compareByKey, type Part } from '../keys/keys.ts'
import type { FoundKeys } from '../keys/merge.ts'
import { type BucketChoice, chooseBuckets } from './bucket-choice.ts'
import { Buckets, groupedRows, scanBuckets } from './buckets.ts'
import { type Extent, readExtent, readSample } from './estimate.ts'
import { prepareScan, type ScanOptions, type Way, withHeartbeat, without } from './prepare.ts'

/** Tables up to this many rows are read whole: estimating would cost more. */
const small = 20_000

/** Where more than this share of the rows would be read again, all of them are, in the order of the index. */
const most = 0.4

const leadingInteger = (table: SharedTable): string | null => {
  const [name = ''] = table.identity
  const isInteger = [table.live, table.backup].every((side) =>
    /^(smallint|integer|bigint)$/.test(columnOf(side, name)?.baseType ?? ''),
  )
  return isInteger ? name : null
}

type Chosen = Exclude<BucketChoice, { by: 'nothing' }>

/** A table whose rows are put into buckets. */
interface Bucketed {
  readonly table: SharedTable
  /** What is digested. */
  readonly columns: readonly string[]
  readonly choice: Chosen
}

const bucketOf = (sides: Sides, { table, choice }: Bucketed): Query =>
  choice.by === 'range'
    ? sql`((${column('t', table.identity[0] ?? '')}::bigint >> ${sql.lit(choice.shift)}) - ${sql.raw(`(${choice.base})`)})::integer`
    : sql`(${tableDigest({ alias: 't', table, columns: table.identity }, sides.hashing, 1)} & ${sql.lit(choice.buckets - 1)})::integer`

/** What the planner must not do: sort rows by their bucket, or walk to each range in another way than by the bitmap of an index. */
const waysPastBuckets = (choice: Chosen): readonly Way[] =>
  choice.by === 'range' && choice.walked !== null ? ['seqscan', 'indexscan', 'indexonlyscan'] : ['sort']

/** One row per bucket of one side: its number, how many rows it holds, and their digest. */
const bucketRows = (sides: Sides, reader: Reader, bucketed: Bucketed): Query => {
  const { table, columns, choice } = bucketed
  const from = fromTable(table[reader.side])
  const digest = tableDigest({ alias: 't', table, columns }, sides.hashing)
  if (choice.by === 'range' && choice.walked !== null) {
    const start = sql`((${sql.raw(`(${choice.base})`)} + r.bucket) << ${sql.lit(choice.shift)})`
    return sql`
      select r.bucket::integer, b.rows, b.digest
      from pg_catalog.generate_series(0::bigint, ${sql.lit(choice.walked - 1)}) as r(bucket)
      cross join lateral (
        select pg_catalog.count(*) as rows, pg_catalog.bit_xor(${digest}) as digest
        from ${from} as t
        where ${column('t', table.identity[0] ?? '')} between ${start} and ${start} + ${sql.raw(String((1n << BigInt(choice.shift)) - 1n))}) as b
      where b.rows > 0`
  }
  const bucket = bucketOf(sides, bucketed)
  // Fenced, so that no column but these two travels to the grouping; but a fence keeps workers out.
  const fence = sides.workers === 0 ? sql`offset 0` : sql``
  return groupedRows({
    from: sql`from (select ${bucket} as bucket, ${digest} as digest from ${from} as t ${fence}) as r`,
    bucket: sql`r.bucket`,
    digest: sql`pg_catalog.bit_xor(r.digest)`,
  })
}

const largestKey = 2n ** 63n - 1n

/** The rows of some buckets. */
const partOf = (sides: Sides, bucketed: Bucketed, numbers: readonly number[]): Part => {
  const { table, choice } = bucketed
  if (choice.by === 'hash') {
    return {
      where: sql`${bucketOf(sides, bucketed)} = any (${literal(arrayText(numbers.map(String)))}::integer[])`,
    }
  }
  const starts: string[] = []
  const ends: string[] = []
  for (const [index, number] of numbers.entries()) {
    const start = (choice.base + BigInt(number)) << BigInt(choice.shift)
    const end = start + (1n << BigInt(choice.shift)) - 1n
    // Neighbours are read as one range.
    if (index > 0 && numbers[index - 1] === number - 1) ends.pop()
    else starts.push(String(start))
    ends.push(String(end > largestKey ? largestKey : end))
  }
  const ranges = [starts, ends].map((bounds) => sql`${literal(arrayText(bounds))}::bigint[]`)
  return {
    join: {
      source: sql`unnest(${sql.join(ranges)}) as r(first, last)`,
      on: sql`${column('t', table.identity[0] ?? '')} between r.first and r.last`,
    },
  }
}

const togetherBounds = (live: Extent, backup: Extent): readonly [bigint, bigint] | null => {
  if (live.bounds === null || backup.bounds === null) return null
  const [a, b] = [live.bounds, backup.bounds]
  return [a[0] < b[0] ? a[0] : b[0], a[1] > b[1] ? a[1] : b[1]]
}

/** What is compared of a table, and how large it is on both sides. */
interface Measured {
  readonly table: SharedTable
  readonly columns: readonly string[]
  readonly live: Extent
  readonly backup: Extent
}

const choose = async (sides: Sides, measured: Measured, options: ScanOptions): Promise<BucketChoice> => {
  const { table, columns, live, backup } = measured
  const rows = Math.max(live.rows, backup.rows)
  const bounds = togetherBounds(live, backup)
  const isOrdered = live.isOrdered && backup.isOrdered && sides.workers === 0
  if (options.bucketRows !== undefined) {
    return chooseBuckets({ rows, bounds, isOrdered, leading: [], differing: 0, forced: options.bucketRows })
  }
  const sample = await readSample(sides, table, { pages: backup.pages, columns })
  // Rows that only live has are not in the sample.
  const surplus = Math.max(0, live.rows - backup.rows) / rows
  const differing = Math.max(sample.differing, surplus / 10, 1 / (2 * Math.max(sample.size, 1)))
  return chooseBuckets({
    rows,
    bounds,
    isOrdered,
    leading: bounds === null ? [] : sample.leading.map(Number),
    differing,
  })
}

/** Streams what differs, in parts; within a part in the order of the keys. */
export async function* scanTable(sides: Sides, table: SharedTable, options: ScanOptions): AsyncGenerator<FoundKeys> {
  const { wants, onRead } = options
  const columns = wants === 'keys' ? table.identity : comparedColumns(table)
  const onRows = (rows: number): void => onRead({ rows, buckets: 0 })
  const isKeyOnly = columns.every((name) => table.identity.includes(name))
  if (options.bucketRows === undefined && isKeyOnly && !shapeOf(table).isText) {
    yield await compareByKey(sides, table, { creation: null, onRows })
    return
  }
  await Promise.all([prepareScan(sides.live, sides.workers), prepareScan(sides.backup, sides.workers)])
  const integer = leadingInteger(table)
  const [live, backup] = await Promise.all([
    readExtent(sides.live, table, integer),
    readExtent(sides.backup, table, integer),
  ])
  if (live.isEmpty || backup.isEmpty) {
    yield await compareByKey(sides, table, { creation: null, onRows })
    return
  }
  const isSmall = Math.max(live.rows, backup.rows) <= small && options.bucketRows === undefined
  const choice: BucketChoice = isSmall
    ? { by: 'nothing' }
    : await choose(sides, { table, columns, live, backup }, options)
  // What a sample would show is not worth its round trips in a small table: there every row that it could tell of is looked at.
  const creation = isKeyOnly ? null : isSmall ? possibleCreation(sides, table) : await readCreation(sides, table)
  if (choice.by === 'nothing') {
    yield await compareByKey(sides, table, { creation, onRows })
    return
  }
  const bucketed = { table, columns, choice }
  const scan = async (reader: Reader): Promise<Buckets> => {
    const buckets = new Buckets()
    const rows = bucketRows(sides, reader, bucketed)
    await without(reader, waysPastBuckets(choice), () => scanBuckets(reader, buckets, rows))
    onRead({ rows: buckets.rows, buckets: buckets.length })
    return buckets
  }
  const [here, there] = await withHeartbeat(onRead, () => Promise.all([scan(sides.live), scan(sides.backup)]))
  const differing = here.differing(there)
  if (differing.length === 0) return
  const rereads = differing.reduce((sum, bucket) => sum + Math.max(here.count(bucket), there.count(bucket)), 0)
  const isMost = rereads > most * Math.max(here.rows, there.rows)
  const again = { creation, onRows: () => undefined }
  if (isMost) yield await compareByKey(sides, table, again)
  else {
    const part = partOf(sides, bucketed, differing)
    const read = (): Promise<FoundKeys> => compareByKey(sides, table, { ...again, part })
    // Rows that only hash alike lie all over the table: in the order of an index each would be fetched by itself.
    const ways: readonly Way[] = choice.by === 'hash' ? ['indexscan', 'indexonlyscan', 'bitmapscan'] : []
    yield await without(sides.live, ways, () => without(sides.backup, ways, read))
  }
}
