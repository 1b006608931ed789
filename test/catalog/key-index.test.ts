import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { listKeys } from '../../src/catalog/key.ts'
import { KeyIndex, KeySet, NumberColumn, NumberQueue } from '../../src/catalog/key-index.ts'
import { compareKeys, sortKeys } from '../../src/catalog/key-order.ts'

const key = fc.oneof(
  fc.integer().map(String),
  fc.tuple(fc.integer(), fc.string({ unit: 'binary' })).map((parts) => parts.join('\0')),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('', '\0', 'é', '漢', 'a\u00ff', 'a\u0100'),
)

describe('an index of keys', () => {
  test('numbers keys as a map does, whatever they are made of', () => {
    fc.assert(
      fc.property(fc.array(key, { maxLength: 400 }), (keys) => {
        const index = new KeyIndex()
        const map = new Map<string, number>()
        for (const each of keys) {
          expect(index.find(each)).toBe(map.get(each) ?? -1)
          if (!map.has(each)) map.set(each, map.size)
          expect(index.add(each)).toBe(map.get(each))
        }
        expect(index.size).toBe(map.size)
        for (const [each, number] of map) {
          expect(index.find(each)).toBe(number)
          expect(index.keyAt(number)).toBe(each)
        }
      }),
    )
  })

  test('holds many', () => {
    const index = new KeyIndex()
    for (let number = 0; number < 100_000; number++) expect(index.add(`${number % 317}\0${number}`)).toBe(number)
    expect(index.keyAt(99_999)).toBe(`${99_999 % 317}\0${99_999}`)
    expect(index.find('5\0' + '99999')).toBe(-1)
  })

  test('a set of keys is what a set is', () => {
    const key = fc.oneof(fc.integer({ min: 0, max: 20 }).map(String), fc.string({ unit: 'grapheme', maxLength: 2 }))
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom('add', 'delete'), key)), (steps) => {
        const [found, expected] = [new KeySet(), new Set<string>()]
        for (const [what, value] of steps) {
          found[what](value)
          expected[what](value)
          expect([found.has(value), found.size]).toEqual([expected.has(value), expected.size])
        }
      }),
    )
  })

  test('a column of numbers is 0 where nothing was set', () => {
    const column = new NumberColumn()
    column.set(1_000, 7)
    expect([column.at(0), column.at(1_000), column.at(5_000)]).toEqual([0, 7, 0])
  })
})

describe('a queue of numbers', () => {
  test('hands each out once, in the order they came', () => {
    const queue = new NumberQueue()
    for (const number of [5, 6, 7]) queue.push(number)
    expect(queue.take(2)).toEqual([5, 6])
    queue.push(8)
    expect([queue.take(9), queue.take(1), queue.size]).toEqual([[7, 8], [], 0])
  })
})

describe('the order of keys', () => {
  test('is the same for many and for two', () => {
    const keys = fc.oneof(
      fc.array(fc.integer().map(String)),
      fc.array(fc.tuple(fc.integer(), fc.bigInt()).map((parts) => parts.join('\0'))),
      fc.array(fc.tuple(fc.integer({ min: -3, max: 3 }), fc.integer()).map((parts) => parts.join('\0'))),
      fc.array(key),
    )
    fc.assert(
      fc.property(keys, (list) => {
        expect(listKeys(sortKeys(list))).toEqual(list.toSorted(compareKeys))
      }),
    )
  })

  test('puts integers by value and everything else by code unit', () => {
    expect(listKeys(sortKeys(['10', '9', '-1']))).toEqual(['-1', '9', '10'])
    expect(listKeys(sortKeys(['b', '10', 'a', '9']))).toEqual(['9', '10', 'a', 'b'])
    expect(listKeys(sortKeys(['2\0b', '2\0a', '1\0c']))).toEqual(['1\0c', '2\0a', '2\0b'])
  })
})
