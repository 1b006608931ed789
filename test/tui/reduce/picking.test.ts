import { describe, expect, test } from 'vitest'
import { noPicks, pickedRows } from '../../../src/tui/state/picks.ts'
import type { State } from '../../../src/tui/state/state.ts'
import { makePlan, makeStep } from '../../format/plans.ts'
import {
  afterKeys,
  incidents,
  listing,
  note,
  openAt,
  photos,
  photosId,
  press,
  rowsScreen,
  told,
  withTop,
} from './states.ts'

/** Positions of the rows that are picked. */
const picked = ({ picks }: State): readonly number[] => {
  const rows = picks.rows.get(photosId)
  return rows === undefined ? [] : [...pickedRows(rows)]
}

const stale = listing(['missing', 'changed', 'extra', 'missing', 'restored'])

describe('of incidents', () => {
  test('space picks one, and goes one down', () => {
    expect(afterKeys(told, 'space')).toEqual({
      ...withTop(told, { ...incidents, cursor: 1 }),
      picks: { ...noPicks, incidents: new Map([['aaa', 'gallery "Pets" (7)']]) },
    })
  })

  test('space picks one off again', () => {
    expect(afterKeys(told, 'space', 'up', 'space')).toEqual(withTop(told, { ...incidents, cursor: 1 }))
  })

  test('all, none and the others can be picked', () => {
    expect([...afterKeys(told, 'a').picks.incidents.keys()]).toEqual(['aaa', 'bbb'])
    expect([...afterKeys(told, 'space', '*').picks.incidents.keys()]).toEqual(['bbb'])
    expect(afterKeys(told, 'a', 'A')).toEqual({ ...told, message: note('nothing is picked any more') })
  })

  test('only those that the filter lets through are picked', () => {
    const filtered = withTop(told, { ...incidents, filter: 'ida' })
    expect([...afterKeys(filtered, 'a').picks.incidents.keys()]).toEqual(['bbb'])
  })
})

describe('of rows', () => {
  test('space picks one, and goes one down', () => {
    const after = afterKeys(stale, 'space')
    expect(picked(after)).toEqual([0])
    expect({ ...after, picks: noPicks }).toEqual(withTop(stale, { ...rowsScreen, cursor: 1 }))
  })

  test('what only live has is not picked, and it is said why', () => {
    const extra = withTop(stale, { ...rowsScreen, cursor: 2 })
    expect(press(extra, 'space')).toEqual([
      {
        ...withTop(stale, { ...rowsScreen, cursor: 3 }),
        message: note('it is only in live: there is nothing to bring back'),
      },
    ])
  })

  test('what an earlier run brought back is not picked either', () => {
    const restored = withTop(stale, { ...rowsScreen, cursor: 4 })
    expect(press(restored, 'space')).toEqual([
      { ...restored, message: note('an earlier run brought it back under another id') },
    ])
  })

  test('all that can be picked are picked, none of them, or the others', () => {
    expect(picked(afterKeys(stale, 'a'))).toEqual([0, 1, 3])
    expect(picked(afterKeys(stale, 'a', 'A'))).toEqual([])
    expect(picked(afterKeys(stale, 'space', '*'))).toEqual([1, 3])
  })

  test('a range is picked from where it was begun to the cursor', () => {
    const begun = afterKeys(stale, 'v')
    expect(begun).toEqual(withTop(stale, { ...rowsScreen, anchor: 0 }))
    const ended = afterKeys(begun, 'down', 'down', 'down', 'v')
    expect(picked(ended)).toEqual([0, 1, 3])
    expect({ ...ended, picks: noPicks }).toEqual(withTop(stale, { ...rowsScreen, cursor: 3 }))
  })

  test('shift and an arrow pick as they go', () => {
    const after = afterKeys(stale, 'shift-down')
    expect(picked(after)).toEqual([0, 1])
    expect({ ...after, picks: noPicks }).toEqual(withTop(stale, { ...rowsScreen, cursor: 1, anchor: 0 }))
  })

  test('n goes to the next one that is picked, or says that there is none', () => {
    const some = afterKeys(stale, 'G', 'up', 'space', 'g')
    expect(afterKeys(some, 'n')).toEqual(withTop(some, { ...rowsScreen, cursor: 3 }))
    expect(press(some, 'N')).toEqual([{ ...some, message: note('no other row is picked that way') }])
  })

  test('o sorts by one column after the other, downwards too', () => {
    const [, effect] = press(stale, 'o')
    expect(effect).toEqual({
      do: 'work',
      ticket: 1,
      work: {
        kind: 'view',
        source: photos,
        list: stale.rows.get(photosId)?.list,
        filter: '',
        sort: { column: 'id', descending: false },
      },
    })
  })
})

describe('of a changed row', () => {
  const changed: State = {
    ...stale,
    stack: [
      ...stale.stack,
      { at: 'row', table: 'public.photo', key: '2', from: { source: photos, position: 1 }, cursor: 0 },
    ],
  }
  const columns = ({ picks }: State) => picks.rows.get(photosId)?.columns.get(1)

  test('a column is put back alone', () => {
    const after = afterKeys(changed, 'space')
    expect(columns(after)).toEqual(['title'])
    expect(picked(after)).toEqual([1])
  })

  test('all columns, or the others, are put back', () => {
    expect(columns(afterKeys(changed, 'a'))).toEqual(['title', 'gallery_id'])
    expect(columns(afterKeys(changed, 'space', '*'))).toEqual(['gallery_id'])
  })

  test('no column is no row', () => {
    expect(afterKeys(changed, 'space', 'space')).toEqual(changed)
  })

  test('what live has as well is not put back', () => {
    const same = afterKeys(changed, 'G')
    expect(press(same, 'space')).toEqual([
      { ...same, message: note('live has the same: there is nothing to put back') },
    ])
  })
})

describe('of what comes along', () => {
  const plan = makePlan({
    steps: [makeStep('gallery', ['7']), makeStep('comment', ['11'], { because: 'child', via: 'fk' })],
    relations: [],
  })
  const along = openAt({ at: 'along', cursor: 1 }, { planned: { plan, undoes: null }, isStale: false })
  const planned = (chosen: Partial<State['chosen']>) => ({
    do: 'work',
    ticket: 1,
    work: { kind: 'plan', picks: noPicks, chosen: { ...along.chosen, ...chosen }, answers: {}, without: [] },
  })

  test('space leaves a table out, and the plan is made anew', () => {
    const [after, effect] = press(along, 'space')
    expect(after.chosen).toEqual({ ...along.chosen, without: ['public.comment'] })
    expect(effect).toEqual(planned({ without: ['public.comment'] }))
  })

  test('what was picked is left out where it was picked', () => {
    const first = withTop(along, { at: 'along', cursor: 0 })
    expect(press(first, 'space')).toEqual([{ ...first, message: note('you picked it: leave it out where you did') }])
  })

  test('an option is turned both ways', () => {
    const keys = withTop(along, { at: 'along', cursor: 2 })
    expect(press(keys, 'l')[1]).toEqual(planned({ keys: 'keep' }))
    expect(press(keys, 'h')[1]).toEqual(planned({ keys: 'new' }))
  })

  test('b says where there is nothing to bring along', () => {
    expect(press(along, 'b')).toEqual([{ ...along, message: note('there is nothing to bring along here') }])
  })
})
