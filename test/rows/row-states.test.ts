import { expect, test } from 'vitest'
import { RowStates } from '../../src/rows/row-states.ts'
import type { RowState } from '../../src/rows/states.ts'

test('states are what was set last, in the order of the keys', () => {
  const states = new RowStates()
  const given: readonly (readonly [string, RowState])[] = [
    ['1', { state: 'missing' }],
    ['2', { state: 'changed', columns: ['a'] }],
    ['3', { state: 'same' }],
    ['4', { state: 'missing', isMarked: true }],
    ['2', { state: 'same' }],
    ['1', { state: 'restored', liveKey: '9' }],
  ]
  for (const [key, state] of given) states.set(key, state)
  expect([...states]).toEqual([...new Map(given)])
  expect([...states.keys()]).toEqual(['1', '2', '3', '4'])
  expect([states.size, states.has('4'), states.has('5'), states.get('5')]).toEqual([4, true, false, undefined])
})
