import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { listKeys } from '../../src/keys/key.ts'
import { KeyIndex, KeyIndexes, KeySequence, KeySet } from '../../src/keys/key-index.ts'
import { compareKeys, sortKeys } from '../../src/keys/key-order.ts'

const integer = fc.oneof(
  fc.integer({ min: -20, max: 300 }),
  fc.integer(),
  fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n }),
)

const key = fc.oneof(
  integer.map(String),
  fc.tuple(integer, fc.string({ unit: 'binary' })).map((parts) => parts.join('\0')),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('', '\0', '-', '-0', '00', '1\0', '\x001', 'é', '漢', 'a\u00ff', 'a\u0100'),
)

const alike = fc.oneof(
  fc.array(integer.map(String)),
  fc.array(fc.tuple(integer, integer, integer).map((parts) => parts.join('\0'))),
  // Integers, and among them one that is none.
  fc.tuple(fc.array(integer.map(String)), key, fc.array(integer.map(String))).map(([a, b, c]) => [...a, b, ...c]),
  fc.array(key, { maxLength: 400 }),
)

describe('an index of keys', () => {
  test('numbers keys as a map does, whatever they are made of', () => {
    fc.assert(
      fc.property(alike, (keys) => {
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

  test.each([
    ['integers', (number: number) => `${number % 317}\0${number}`],
    ['large integers', (number: number) => String(2 ** 45 + number * 1_000_003)],
    ['text', (number: number) => `${number % 317}\0photo-${number}`],
  ])('holds many keys of %s', (_, keyOf) => {
    const index = new KeyIndex()
    const rows = 50_000
    for (let number = 0; number < rows; number++) index.add(keyOf(number))
    const strays = Array.from({ length: rows }, (_, number) => number).filter(
      (number) => index.find(keyOf(number)) !== number || index.keyAt(number) !== keyOf(number),
    )
    expect([index.size, strays, index.find(keyOf(rows))]).toEqual([rows, [], -1])
  })

  test('takes a key longer than the arguments of a call', () => {
    const index = new KeyIndex()
    const long = 'ab'.repeat(200_000)
    expect([index.add('short'), index.add(long), index.add(`${long}!`), index.find(long)]).toEqual([0, 1, 2, 1])
    expect(index.keyAt(1) === long).toBe(true)
  })

  test('is one per table', () => {
    const indexes = new KeyIndexes()
    indexes.of('photo').add('7')
    expect([indexes.of('photo').size, indexes.of('gallery').size]).toEqual([1, 0])
  })
})

describe('a sequence of keys', () => {
  test('has an order of its own, and a key as often as it was pushed', () => {
    const index = new KeyIndex()
    const numbers = ['7', '8', '9'].map((each) => index.add(each))
    const keys = new KeySequence(index)
    for (const number of numbers.reverse()) keys.push(number)
    keys.push(index.add('8'))
    expect([...keys]).toEqual(['9', '8', '7', '8'])
    expect([keys.length, keys.at(2), keys.numberAt(3)]).toEqual([4, '7', 1])
  })
})

describe('a set of keys', () => {
  test('is what a set is', () => {
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

  test('knows nothing of another set over the same index', () => {
    const index = new KeyIndex()
    const [one, other] = [new KeySet(index), new KeySet(index)]
    one.add('7')
    expect([one.has('7'), other.has('7'), other.size]).toEqual([true, false, 0])
  })
})

describe('the order of keys', () => {
  test('is the same for many and for two', () => {
    const keys = fc.oneof(
      fc.array(fc.integer().map(String)),
      fc.array(fc.tuple(fc.integer(), fc.bigInt()).map((parts) => parts.join('\0'))),
      fc.array(fc.tuple(fc.integer(), fc.integer(), fc.integer()).map((parts) => parts.join('\0'))),
      fc.array(fc.tuple(fc.integer({ min: -3, max: 3 }), fc.integer()).map((parts) => parts.join('\0'))),
      fc.array(key),
    )
    fc.assert(
      fc.property(keys, (list) => {
        expect(listKeys(sortKeys(list))).toEqual(list.toSorted(compareKeys))
      }),
    )
  })

  test('has no key beyond its end', () => {
    expect(['1', '2', '3'].map((_, row) => sortKeys(['7', '5']).at(row))).toEqual(['5', '7', undefined])
  })

  test('puts integers by value and everything else by code unit', () => {
    expect(listKeys(sortKeys(['10', '9', '-1']))).toEqual(['-1', '9', '10'])
    expect(listKeys(sortKeys(['b', '10', 'a', '9']))).toEqual(['9', '10', 'a', 'b'])
    expect(listKeys(sortKeys(['2\0b', '2\0a', '1\0c']))).toEqual(['1\0c', '2\0a', '2\0b'])
  })
})
