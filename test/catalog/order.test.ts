import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { orderTables } from '../../src/catalog/order.ts'

const relations = (text: string): readonly { readonly child: string; readonly parent: string }[] =>
  text
    .split(' ')
    .filter((part) => part !== '')
    .map((part) => ({ child: part[0] ?? '', parent: part[1] ?? '' }))

describe('the order of tables', () => {
  test.each([
    ['abc', '', [['a'], ['b'], ['c']]],
    ['abc', 'ab bc', [['c'], ['b'], ['a']]],
    ['abcd', 'bA cA dc', [['a'], ['b'], ['c'], ['d']]],
    ['ab', 'aa ab', [['b'], ['a']]],
    ['abc', 'ab ba ca', [['a', 'b'], ['c']]],
    ['abcd', 'ab bc ca da', [['a', 'b', 'c'], ['d']]],
    ['ab', 'ax xb', [['a'], ['b']]],
    [
      'abcd',
      'ab ba cd dc ac',
      [
        ['c', 'd'],
        ['a', 'b'],
      ],
    ],
  ])('of %s with %j is %j', (tables, references, expected) => {
    expect(orderTables([...tables], relations(references))).toEqual(expected)
  })

  test('puts parents first, and tables that reach each other together, whatever the graph', () => {
    const names = [...'abcdefgh']
    const edge = fc.record({ child: fc.constantFrom(...names), parent: fc.constantFrom(...names) })
    fc.assert(
      fc.property(fc.array(edge, { maxLength: 20 }), (edges) => {
        const groups = orderTables(names, edges)
        expect(groups.flat().sort()).toEqual(names)
        const reach = new Map(names.map((name) => [name, new Set([name])]))
        for (let round = 0; round < names.length; round++) {
          for (const { child, parent } of edges)
            for (const other of reach.get(parent) ?? []) reach.get(child)?.add(other)
        }
        const groupOf = (name: string): number => groups.findIndex((group) => group.includes(name))
        for (const { child, parent } of edges) expect(groupOf(parent)).toBeLessThanOrEqual(groupOf(child))
        for (const a of names) {
          for (const b of names) {
            const together = reach.get(a)?.has(b) === true && reach.get(b)?.has(a) === true
            expect(groupOf(a) === groupOf(b)).toBe(together)
          }
        }
      }),
      { numRuns: 300, verbose: 1 },
    )
  })

  test('of a chain of thousands of tables is found', () => {
    const names = Array.from({ length: 3_000 }, (_, at) => `t${String(at).padStart(4, '0')}`)
    const edges = names.slice(1).map((child, at) => ({ child, parent: names[at] ?? '' }))
    expect(orderTables(names, edges).flat()).toEqual(names)
    expect(orderTables([...names].reverse(), edges).flat()).toEqual(names)
  })
})
