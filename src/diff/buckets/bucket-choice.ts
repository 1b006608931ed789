/**
 * Which buckets a table is put into, or whether it is not worth it. Pure.
 *
 * A bucket costs a little, and each that differs is read again. Many rows that differ want narrow buckets, gaps in the keys wide ones;
 * where no width does (keys in clusters far from each other) rows are put together by the hash of their keys; and where most
 * buckets would differ anyway, all rows are read once, with their digests.
 */

/**
 * Ranges of the first key column, 2^shift wide and counted from `base`; or hashes of the key; or no buckets. `walked`: range by range
 * through the index, `walked` ranges in all, instead of row by row through the table.
 */
export type BucketChoice =
  | { readonly by: 'range'; readonly shift: number; readonly base: bigint; readonly walked: number | null }
  | { readonly by: 'hash'; readonly buckets: number }
  | { readonly by: 'nothing' }

/** What is known when choosing. */
export interface Facts {
  readonly rows: number
  /** Bounds of an integer first key column on both sides together. */
  readonly bounds: readonly [smallest: bigint, largest: bigint] | null
  /** A sample of that column's values. */
  readonly leading: readonly number[]
  /** The share of rows thought to differ. */
  readonly differing: number
  /** Rows lie in the order of an index on the first key column, on both sides, so that a range of keys is read as fast as the table. */
  readonly isOrdered: boolean
  /** Rows per bucket, to force a width; Infinity for one bucket. */
  readonly forced?: number | undefined
}

/**
 * In units of reading one row of both sides and digesting it: what a bucket costs, putting a row into one, walking to a range, a row
 * read again, and streaming a row. Measured with 5M rows of 11 columns.
 */
const cost = { bucket: 2, grouping: 0.3, walking: 15, again: 1.5, all: 1.1, hashing: 0.65 }

/** Bucket numbers are int4. */
const mostBuckets = 2n ** 31n - 1n

const hashBuckets = { fewest: 1_024, most: 65_536, rows: 64 }

interface Stretch {
  readonly rows: number
  readonly span: number
}

/** The keys as stretches with the same number of rows each. */
const stretchesOf = ({ rows, bounds, leading }: Facts): readonly Stretch[] => {
  if (bounds === null) return []
  const values = [Number(bounds[0]), ...[...leading].sort((a, b) => a - b), Number(bounds[1])]
  const count = Math.max(1, Math.min(64, Math.floor(values.length / 16)))
  return Array.from({ length: count }, (_, index) => {
    const [from, to] = [index, index + 1].map((edge) => values[Math.round((edge * (values.length - 1)) / count)] ?? 0)
    return { rows: rows / count, span: (to ?? 0) - (from ?? 0) }
  })
}

/** The share of buckets with `fill` rows in which at least one differs. */
const hit = (fill: number, differing: number): number => 1 - (1 - differing) ** fill

const rangeCost = (stretches: readonly Stretch[], shift: number, differing: number): number =>
  stretches.reduce((sum, { rows, span }) => {
    const buckets = Math.max(1, Math.min(rows, span / 2 ** shift))
    return sum + buckets * cost.bucket + rows * (cost.grouping + cost.again * hit(rows / buckets, differing))
  }, 0)

/** As `rangeCost`, but ranges without rows are walked to as well, and rows need not be put together. */
const walkCost = (stretches: readonly Stretch[], shift: number, differing: number): number =>
  stretches.reduce((sum, { rows, span }) => {
    const ranges = Math.max(1, span / 2 ** shift)
    return sum + ranges * cost.walking + rows * cost.again * hit(rows / Math.min(rows, ranges), differing)
  }, 0)

const rangesBetween = ([smallest, largest]: readonly [bigint, bigint], shift: number): number =>
  Number((largest >> BigInt(shift)) - (smallest >> BigInt(shift))) + 1

const smallestShift = ([smallest, largest]: readonly [bigint, bigint]): number => {
  let shift = 0
  while ((largest >> BigInt(shift)) - (smallest >> BigInt(shift)) > mostBuckets) shift++
  return shift
}

const powerOfTwo = (value: number): number => 2 ** Math.max(0, Math.ceil(Math.log2(Math.max(1, value))))

const chooseForced = ({ rows, bounds, isOrdered }: Facts, width: number): BucketChoice => {
  if (bounds === null) {
    return { by: 'hash', buckets: Number.isFinite(width) ? Math.min(2 ** 20, powerOfTwo(rows / width)) : 1 }
  }
  const fitting = Number.isFinite(width) ? Math.round(Math.log2(width)) : 63
  const shift = Math.min(63, Math.max(smallestShift(bounds), fitting))
  const ranges = rangesBetween(bounds, shift)
  const walked = isOrdered && ranges <= 2 * rows ? ranges : null
  return { by: 'range', shift, base: bounds[0] >> BigInt(shift), walked }
}

/** Chooses by cost. */
export const chooseBuckets = (facts: Facts): BucketChoice => {
  const { rows, bounds, differing, isOrdered, forced } = facts
  if (forced !== undefined) return chooseForced(facts, forced)
  const hashed = Math.min(hashBuckets.most, Math.max(hashBuckets.fewest, powerOfTwo(rows / hashBuckets.rows)))
  let best: BucketChoice = { by: 'nothing' }
  let lowest = rows * cost.all
  const consider = (choice: BucketChoice, price: number): void => {
    if (price >= lowest) return
    lowest = price
    best = choice
  }
  consider({ by: 'hash', buckets: hashed }, rows * (cost.hashing + cost.again * hit(rows / hashed, differing)))
  if (bounds === null) return best
  const stretches = stretchesOf(facts)
  for (let shift = smallestShift(bounds); shift < 63; shift++) {
    const choice = { by: 'range', shift, base: bounds[0] >> BigInt(shift) } as const
    consider({ ...choice, walked: null }, rangeCost(stretches, shift, differing))
    if (isOrdered) {
      consider({ ...choice, walked: rangesBetween(bounds, shift) }, walkCost(stretches, shift, differing))
    }
  }
  return best
}
