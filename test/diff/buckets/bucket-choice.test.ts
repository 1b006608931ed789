import { describe, expect, test } from 'vitest'
import { chooseBuckets } from '../../../src/diff/buckets/bucket-choice.ts'

const million = 1_000_000
const spread = (from: number, to: number): readonly number[] =>
  Array.from({ length: 1_000 }, (_, index) => from + ((to - from) * index) / 1_000)

const dense = {
  rows: million,
  bounds: [1n, BigInt(million)] as const,
  leading: spread(1, million),
  differing: 0.000_3,
  isOrdered: false,
}

describe('how a table is put into buckets', () => {
  test('an ordered one is walked through in ranges, any other row by row', () => {
    expect(chooseBuckets({ ...dense, isOrdered: true })).toEqual({ by: 'range', shift: 8, base: 0n, walked: 3_907 })
    expect(chooseBuckets(dense)).toEqual({ by: 'range', shift: 6, base: 0n, walked: null })
  })

  test('keys far apart from each other are not walked through: most ranges would be empty', () => {
    const span = 10n ** 15n
    const far = {
      ...dense,
      bounds: [0n, span] as const,
      leading: [...spread(0, million), Number(span)],
      isOrdered: true,
    }
    expect(chooseBuckets(far)).toEqual({ by: 'hash', buckets: 16_384 })
    expect(chooseBuckets({ ...far, forced: 16 })).toMatchObject({ by: 'range', walked: null })
  })

  test('all rows are read at once where most buckets would differ', () => {
    expect(chooseBuckets({ ...dense, differing: 0.3, isOrdered: true })).toEqual({ by: 'nothing' })
  })

  test('keys that are no numbers are put together by their hashes', () => {
    expect(chooseBuckets({ ...dense, bounds: null, leading: [] })).toEqual({ by: 'hash', buckets: 16_384 })
  })
})
