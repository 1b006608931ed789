import { describe, expect, test } from 'vitest'
import { type Fate, fates } from '../../../../src/selection/incidents/conditions/sample.ts'
import { searchConditions } from '../../../../src/selection/incidents/conditions/search.ts'
import type { ColumnFacts } from '../../../../src/selection/incidents/conditions/worth.ts'

const plain: ColumnFacts = { steps: 0, isReference: false, rises: null, hasRanges: true }

/** The tests of the best condition on rows that have these numbers in their columns. */
const best = (rows: number, fateOf: (row: number) => Fate, columns: readonly ((row: number) => number)[]) => {
  const places = Array.from({ length: rows }, (_, row) => row)
  const sample = {
    keys: places.map(String),
    fates: Uint8Array.from(places, fateOf),
    codes: columns.map((codeOf) => Int32Array.from(places, codeOf)),
  }
  return (
    searchConditions(
      sample,
      columns.map(() => plain),
    )[0]?.terms ?? null
  )
}

const id = (row: number): number => row + 1
const where = (isLost: (row: number) => boolean) => (row: number) => (isLost(row) ? fates.open : fates.stayed)

describe('the best condition', () => {
  test('is the value that all lost rows have, and no other', () => {
    const kind = (row: number): number => 1 + (row % 7)
    expect(
      best(
        200,
        where((row) => kind(row) === 3),
        [id, kind],
      ),
    ).toEqual([{ feature: 1, test: { is: 'value', code: 3 } }])
  })

  test('is a range where the values are next to each other, without an end where nothing comes before or after', () => {
    const kind = (row: number): number => 1 + ((row * 3) % 11)
    const between = { feature: 1, test: { is: 'range', first: 4, last: 7, hasFirst: true, hasLast: true } }
    expect(
      best(
        300,
        where((row) => kind(row) > 3 && kind(row) < 8),
        [id, kind],
      ),
    ).toEqual([between])
    const from = { feature: 1, test: { is: 'range', first: 8, last: 11, hasFirst: true, hasLast: false } }
    expect(
      best(
        300,
        where((row) => kind(row) > 7),
        [id, kind],
      ),
    ).toEqual([from])
  })

  test('is a list where they are not, or all values but one', () => {
    const kind = (row: number): number => 1 + ((row * 3) % 11)
    expect(
      best(
        300,
        where((row) => [2, 5, 9].includes(kind(row))),
        [id, kind],
      ),
    ).toEqual([{ feature: 1, test: { is: 'among', codes: [2, 5, 9] } }])
    expect(
      best(
        300,
        where((row) => kind(row) !== 6),
        [id, kind],
      ),
    ).toEqual([{ feature: 1, test: { is: 'other', codes: [6] } }])
  })

  test('is on two columns where neither tells alone', () => {
    const [kind, state] = [(row: number): number => 1 + (row % 7), (row: number): number => 1 + (row % 5)]
    expect(
      best(
        350,
        where((row) => kind(row) === 3 && state(row) === 2),
        [id, kind, state],
      ),
    ).toEqual([
      { feature: 1, test: { is: 'value', code: 3 } },
      { feature: 2, test: { is: 'value', code: 2 } },
    ])
  })

  test('is none for rows by their keys', () => {
    expect(
      best(
        200,
        where((row) => row % 41 === 7),
        [id],
      ),
    ).toBeNull()
  })

  test('is every row where all others were made again, though a value would tell these apart', () => {
    const kind = (row: number): number => 1 + (row % 20)
    expect(best(40, (row) => (kind(row) === 1 ? fates.again : fates.open), [id, kind])).toEqual([])
  })
})
