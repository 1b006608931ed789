import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { keyBatches, keyColumns, keysOf } from '../../src/keys/key-columns.ts'

const numbers = (count: number, numberAt: (row: number) => number): readonly string[] =>
  Array.from({ length: count }, (_, row) => String(numberAt(row)))

describe('the keys of a plan', () => {
  test('are lists of values', () => {
    const keys = ['1\0a', '2\0b']
    expect(keyColumns(2, keys)).toEqual([
      ['1', '2'],
      ['a', 'b'],
    ])
    expect(keysOf(keyColumns(2, keys))).toEqual(keys)
  })

  test('are lists of 9,999 integers, and differences of 10,000', () => {
    expect(
      keyColumns(
        1,
        numbers(9_999, (row) => row),
      ),
    ).toEqual([numbers(9_999, (row) => row)])
    const column = { integers: '7 1*9999' }
    expect(
      keyColumns(
        1,
        numbers(10_000, (row) => row + 7),
      ),
    ).toEqual([column])
    expect(keysOf([column])).toEqual(numbers(10_000, (row) => row + 7))
  })

  test.each(['007', '-0', '+1', '1.0', '', ' 1', '9007199254740993'])('stay a list where %j is one of them', (odd) => {
    const keys = [...numbers(10_000, (row) => row), odd]
    expect(keyColumns(1, keys)).toEqual([keys])
  })

  test('are what they were, whatever the integers', () => {
    const integer = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer(), fc.maxSafeInteger())
    fc.assert(
      fc.property(
        fc.array(integer, { minLength: 1, maxLength: 50 }),
        fc.integer({ min: 1, max: 20_000 }),
        (some, size) => {
          const keys = numbers(10_000, (row) => some[row % some.length] ?? 0).map(
            (value, row) => `${value}\0${row}\0t${row}`,
          )
          const columns = keyColumns(3, keys)
          expect(keysOf(columns)).toEqual(keys)
          expect([...keyBatches(columns, size)].flat()).toEqual(keys)
          expect(keysOf(JSON.parse(JSON.stringify(columns)) as typeof columns)).toEqual(keys)
        },
      ),
      { numRuns: 20 },
    )
  })
})
