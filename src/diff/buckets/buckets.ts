/**
 * Both sides put into buckets, of keys that lie together or of keys that hash alike, with one digest per bucket: a bucket whose
 * digests agree holds the same rows. Xor puts rows together, in whatever order each server reads them.
 *
 * Whether a table is read so, or by its keys, is decided in `scan.ts`.
 */
import { sql } from 'kysely'
import type { Query } from '../../database/names.ts'
import type { Reader } from '../../database/session/reader.ts'

/** How many rows each bucket of one side holds, and their digest; buckets without rows are absent. */
export class Buckets {
  readonly #places = new Map<number, number>()
  #counts = new Float64Array(1_024)
  #digests = new Int32Array(2_048)
  rows = 0

  get length(): number {
    return this.#places.size
  }

  /** Rows in a bucket. */
  count(bucket: number): number {
    const place = this.#places.get(bucket)
    return place === undefined ? 0 : (this.#counts[place] ?? 0)
  }

  /** Adds rows to a bucket. */
  add(bucket: number, rows: number, high: number, low: number): void {
    let place = this.#places.get(bucket)
    if (place === undefined) {
      place = this.#places.size
      this.#places.set(bucket, place)
      if (place === this.#counts.length) this.#grow()
    }
    this.rows += rows
    this.#counts[place] = (this.#counts[place] ?? 0) + rows
    this.#digests[2 * place] = (this.#digests[2 * place] ?? 0) ^ high
    this.#digests[2 * place + 1] = (this.#digests[2 * place + 1] ?? 0) ^ low
  }

  /** Numbers of the buckets that differ from the other side's, ascending. */
  differing(other: Buckets): readonly number[] {
    const found = [...this.#places.keys()].filter((bucket) => !this.#equals(bucket, other))
    for (const bucket of other.#places.keys()) if (!this.#places.has(bucket)) found.push(bucket)
    return found.sort((a, b) => a - b)
  }

  #equals(bucket: number, other: Buckets): boolean {
    const [own, its] = [this.#places.get(bucket), other.#places.get(bucket)]
    if (own === undefined || its === undefined) return own === its
    return (
      this.#counts[own] === other.#counts[its] &&
      this.#digests[2 * own] === other.#digests[2 * its] &&
      this.#digests[2 * own + 1] === other.#digests[2 * its + 1]
    )
  }

  #grow(): void {
    const [counts, digests] = [this.#counts, this.#digests]
    this.#counts = new Float64Array(counts.length * 2)
    this.#counts.set(counts)
    this.#digests = new Int32Array(digests.length * 2)
    this.#digests.set(digests)
  }
}

// Each row is a frame: `d`, its length, 3 columns, then an int4 and two int8, each after its own length.
const rowBytes = 5 + 2 + 8 + 12 + 12
const at = { bucket: 11, count: 19, digest: 31 }
const signature = 19

/** `head`: bytes before the first row. */
const addRows = (buckets: Buckets, chunk: Buffer, head: number): void => {
  let start = 0
  let skip = head
  while (start < chunk.length) {
    const length = 1 + chunk.readUInt32BE(start + 1)
    if (length === rowBytes + skip) {
      const row = start + skip
      buckets.add(
        chunk.readInt32BE(row + at.bucket),
        Number(chunk.readBigInt64BE(row + at.count)),
        chunk.readInt32BE(row + at.digest),
        chunk.readInt32BE(row + at.digest + 4),
      )
    }
    skip = 0
    start += length
  }
}

/** Adds the rows of one side to its buckets: `rows` gives an int4 bucket, an int8 number of rows and an int8 digest of them. */
export const scanBuckets = async (reader: Reader, buckets: Buckets, rows: Query): Promise<void> => {
  let head = signature
  for await (const chunk of reader.copyFrames(sql`copy (${rows}) to stdout (format binary)`)) {
    addRows(buckets, chunk, head)
    head = 0
  }
}

/** The rows of `from`, each put into the int4 `bucket`, with the int8 aggregate `digest` of each bucket's rows. */
export const groupedRows = (query: {
  readonly from: Query
  readonly bucket: Query
  readonly digest: Query
}): Query => sql`
  select ${query.bucket}, pg_catalog.count(*), ${query.digest}
  ${query.from}
  group by 1`
