import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NumberColumn, NumberQueue } from '../../src/keys/number-column.ts'

const position = fc.oneof(fc.nat(200), fc.nat(100_000))
const value = fc.oneof(fc.nat(255), fc.integer(), fc.maxSafeInteger(), fc.constantFrom(256, 2 ** 31, -(2 ** 31), 0.5))

describe('a column of numbers', () => {
  test('holds what was set last, however large', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(position, value)), (steps) => {
        const [column, map] = [new NumberColumn(), new Map<number, number>()]
        for (const [at, number] of steps) {
          column.set(at, number)
          map.set(at, number)
        }
        for (const [at, number] of map) expect(column.at(at)).toBe(number)
      }),
    )
  })

  test('is 0 where nothing was set', () => {
    const column = new NumberColumn()
    column.set(1_000, 7)
    column.set(50_000, -7)
    expect([0, 1_000, 1_001, 20_000, 50_000, 500_000].map((at) => column.at(at))).toEqual([0, 7, 0, 0, -7, 0])
  })

  test('forgets what comes before a position, or keeps it', () => {
    const column = new NumberColumn()
    for (let at = 0; at < 40_000; at++) column.set(at, at)
    column.forget(35_000)
    expect([column.at(0), column.at(35_000), column.at(39_999)]).toEqual([0, 35_000, 39_999])
    column.forget(40_000)
    column.set(40_000, 7)
    expect([column.at(39_999), column.at(40_000)]).toEqual([39_999, 7])
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

  test('takes as many as anybody pushes', () => {
    const queue = new NumberQueue()
    const taken: number[] = []
    for (let number = 0; number < 60_000; number++) {
      queue.push(number)
      if (number % 3 === 2) taken.push(...queue.take(2))
    }
    taken.push(...queue.take(60_000))
    expect(taken.findIndex((number, place) => number !== place)).toBe(-1)
    expect([taken.length, queue.size]).toEqual([60_000, 0])
  })
})
