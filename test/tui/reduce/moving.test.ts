import { describe, expect, test } from 'vitest'
import { reduce } from '../../../src/tui/reduce/reduce.ts'
import {
  afterKeys,
  incidents,
  listing,
  makeList,
  openAt,
  photos,
  photosId,
  press,
  rowsScreen,
  told,
  unconnected,
  withTop,
} from './states.ts'

const many = listing(Array.from({ length: 100 }, () => 'missing' as const))

describe('the cursor', () => {
  test('goes down and up, and stays on the list', () => {
    expect(afterKeys(told, 'j')).toEqual(withTop(told, { ...incidents, cursor: 1 }))
    expect(afterKeys(told, 'down', 'down', 'down')).toEqual(withTop(told, { ...incidents, cursor: 1 }))
    expect(afterKeys(told, 'down', 'up', 'up')).toEqual(told)
  })

  test('goes to the last and to the first', () => {
    expect(afterKeys(many, 'G')).toEqual(withTop(many, { ...rowsScreen, cursor: 99, top: 84 }))
    expect(afterKeys(many, 'G', 'g')).toEqual(many)
  })

  test('takes the list along by as much as keeps it in sight', () => {
    expect(afterKeys(many, 'pagedown')).toEqual(withTop(many, { ...rowsScreen, cursor: 16, top: 1 }))
    expect(afterKeys(many, 'pagedown', 'up')).toEqual(withTop(many, { ...rowsScreen, cursor: 15, top: 1 }))
    expect(afterKeys(many, 'ctrl-d')).toEqual(withTop(many, { ...rowsScreen, cursor: 8 }))
  })

  test('stands on one of two addresses', () => {
    expect(afterKeys(unconnected, 'down')).toEqual(withTop(unconnected, { at: 'connect', field: 'backup' }))
    expect(afterKeys(unconnected, 'up', 'up')).toEqual(withTop(unconnected, { at: 'connect', field: 'live' }))
  })

  test('is on the list after a change of size as well, and the next frame is empty', () => {
    const last = afterKeys(many, 'G')
    const size = { columns: 80, rows: 12 }
    expect(reduce(last, { type: 'resize', size })).toEqual([
      { ...withTop(last, { ...rowsScreen, cursor: 99, top: 96 }), size, isBlank: true },
    ])
  })
})

describe('columns', () => {
  test('scroll to the right, and back to the first', () => {
    expect(afterKeys(many, 'l', 'l')).toEqual(withTop(many, { ...rowsScreen, left: 2 }))
    expect(afterKeys(many, 'l', 'h', 'h')).toEqual(many)
  })
})

describe('rows that come into sight', () => {
  const list = makeList(Array.from({ length: 100 }, () => 'missing' as const))
  const rows = { source: photos, list, view: null, filter: '', sort: null, values: new Map() }
  const unread = openAt(rowsScreen, { rows: new Map([[photosId, rows]]) })

  test('are read with a page on either side', () => {
    const [, ...effects] = press(unread, 'pagedown')
    expect(effects).toEqual([
      {
        do: 'work',
        ticket: 1,
        work: { kind: 'page', source: photos, list, indexes: Array.from({ length: 33 }, (_, index) => index) },
      },
    ])
  })

  test('are not asked for twice', () => {
    const asked = afterKeys(unread, 'down')
    expect(press(asked, 'down')).toEqual([withTop(asked, { ...rowsScreen, cursor: 2 })])
  })
})

test('a key that nothing is bound to changes nothing', () => {
  expect(press(told, 'ctrl-g')).toEqual([told])
})
