import { describe, expect, test } from 'vitest'
import { beginWork } from '../../../src/tui/state/jobs.ts'
import { noPicks } from '../../../src/tui/state/picks.ts'
import { makePlan, makeStep } from '../../format/plans.ts'
import {
  afterKeys,
  found,
  incidents,
  listing,
  makeTable,
  note,
  openAt,
  photos,
  photosId,
  press,
  reviewing,
  rowsScreen,
  screensOf,
  told,
  unconnected,
} from './states.ts'

const tables = { at: 'tables', cursor: 0, sort: 'missing', filter: '' } as const
const rowScreen = { at: 'row', table: 'public.photo', cursor: 0 } as const

describe('Enter', () => {
  test('on an incident lists its rows', () => {
    const source = { table: 'public.gallery', incident: 'aaa' }
    const [after, ...effects] = press(told, 'enter')
    expect(after.stack).toEqual([incidents, { ...rowsScreen, source }])
    expect(effects).toEqual([{ do: 'work', ticket: 1, work: { kind: 'list', source } }])
  })

  test('on a table that was listed before shows its rows at once', () => {
    const known = { ...listing(['missing']), overview: [makeTable('photo')], stack: [incidents, tables] }
    expect(press(known, 'enter')).toEqual([{ ...known, stack: [incidents, tables, rowsScreen] }])
  })

  test('on a table that cannot be restored says why', () => {
    const overview = [makeTable('log', { restorable: false, refusal: { kind: 'rule' }, drift: [{ kind: 'unlogged' }] })]
    const state = openAt(tables, { overview })
    expect(press(state, 'enter')).toEqual([
      {
        ...state,
        overlay: {
          kind: 'text',
          title: 'public.log',
          lines: [
            'a rule on live rewrites what is written to it',
            '',
            "the backup's table is unlogged: rows absent there prove nothing",
          ],
          cursor: 0,
        },
      },
    ])
  })

  test('on a row reads both sides of it', () => {
    const rows = listing(['missing', 'changed'])
    const [after, ...effects] = press(rows, 'down', 'enter')
    expect(after.stack.at(-1)).toEqual({ ...rowScreen, key: '2', from: { source: photos, position: 1 } })
    expect(effects).toEqual([{ do: 'work', ticket: 1, work: { kind: 'row', table: 'public.photo', key: '2' } }])
  })

  test('on a value shows all of it, of both sides where they differ', () => {
    const row = afterKeys(listing(['missing', 'changed']), 'down', 'enter')
    expect(afterKeys(row, 'enter').overlay).toEqual({
      kind: 'text',
      title: 'title',
      lines: ['live', '  another', '', 'backup', '  photo 2'],
      cursor: 0,
    })
  })
})

describe('n and N', () => {
  const row = afterKeys(listing(['missing', 'changed']), 'enter')

  test('go to the rows beside, and the list goes along', () => {
    const [after, ...effects] = press(row, 'n')
    expect(after.stack.slice(1)).toEqual([
      { ...rowsScreen, cursor: 1 },
      { ...rowScreen, key: '2', from: { source: photos, position: 1 } },
    ])
    expect(effects).toEqual([
      { do: 'cancel', ticket: 1 },
      { do: 'work', ticket: 2, work: { kind: 'row', table: 'public.photo', key: '2' } },
    ])
  })

  test('go no further than the list', () => {
    expect(press(row, 'N')).toEqual([row])
  })
})

describe('Escape', () => {
  test('leads back, and gives up what was read for the screen', () => {
    const rows = listing(['missing'])
    const [after, ...effects] = press(afterKeys(rows, 'enter'), 'esc')
    expect(after).toEqual({ ...rows, tickets: 1 })
    expect(effects).toEqual([{ do: 'cancel', ticket: 1 }])
  })

  test('on the first screen stays', () => {
    expect(press(told, 'esc')).toEqual([told])
  })

  test('on the first screen stops what is being read', () => {
    const [busy] = beginWork(told, { kind: 'incidents', without: [] })
    expect(press(busy, 'esc')).toEqual([
      { ...busy, jobs: [], message: note('stopped; ctrl-r reads again') },
      { do: 'cancel', ticket: 1 },
    ])
  })

  test('ends a range first, then drops the filter, then leads back', () => {
    const rows = listing(['missing'])
    const [own] = rows.rows.values()
    if (own === undefined) throw new Error('no rows')
    const filtered = { ...rows, rows: new Map([[photosId, { ...own, filter: 'dog' }]]) }
    const ranging = afterKeys(filtered, 'v')
    expect(afterKeys(ranging, 'esc')).toEqual(filtered)
    expect(afterKeys(ranging, 'esc', 'esc')).toEqual(rows)
    expect(screensOf(afterKeys(ranging, 'esc', 'esc', 'esc'))).toEqual(['incidents'])
  })

  test('from the review of an undo drops its plan', () => {
    const review = reviewing(makePlan({ undoes: 'k3f9' }))
    expect(press(review, 'esc')).toEqual([{ ...review, planned: null, isStale: true, stack: [incidents] }])
  })
})

describe('the review', () => {
  const picked = afterKeys(told, 'space')

  test('is not gone to where nothing is picked', () => {
    expect(press(told, 'r')).toEqual([{ ...told, message: note('r: nothing is picked yet: space picks') }])
  })

  test('makes the plan of what is picked', () => {
    const [after, ...effects] = press(picked, 'r')
    expect(screensOf(after)).toEqual(['incidents', 'review'])
    expect(effects).toEqual([
      {
        do: 'work',
        ticket: 1,
        work: { kind: 'plan', picks: picked.picks, chosen: picked.chosen, answers: {}, without: [] },
      },
    ])
  })

  test('makes no plan where there is one that fits', () => {
    const plan = makePlan({ steps: [makeStep('gallery', ['7'])] })
    const planned = { ...picked, planned: { plan, undoes: null }, isStale: false }
    expect(press(planned, 'r').slice(1)).toEqual([])
  })
})

describe('the tables', () => {
  test('are counted where they are not, the very large ones aside', () => {
    const large = makeTable('event', { size: { rows: 1, bytes: 5 * 2 ** 30 } })
    const state = { ...told, overview: [makeTable('photo'), large, makeTable('log', { restorable: false })] }
    const [after, ...effects] = press(state, 't')
    expect(after.stack).toEqual([incidents, tables])
    expect(effects).toEqual([
      { do: 'work', ticket: 1, work: { kind: 'count', tables: ['public.photo'], states: 'keys' } },
    ])
  })

  test('are sorted by one thing after the other', () => {
    const state = openAt(tables, { overview: [] })
    expect(afterKeys(state, 'o').stack).toEqual([{ ...tables, sort: 'changed' }])
    expect(afterKeys(state, 'o', 'o', 'o', 'o', 'o')).toEqual(state)
  })

  test('cannot be seen before both sides are open', () => {
    expect(afterKeys(openAt(incidents, { connection: unconnected.connection }), 't').message).toEqual(
      note('t: both databases must be open first'),
    )
  })
})

test('i leads to the incidents from anywhere', () => {
  const rows = listing(['missing'])
  expect(press(rows, 'i')).toEqual([{ ...rows, stack: [incidents] }])
})

test('u leads to the runs, which are read', () => {
  const [after, ...effects] = press(told, 'u')
  expect(after.stack).toEqual([incidents, { at: 'runs', cursor: 0 }])
  expect(effects).toEqual([{ do: 'work', ticket: 1, work: { kind: 'runs' } }])
})

test('c on a row that is still there takes what is missing below it', () => {
  const row = afterKeys(listing(['changed']), 'enter')
  expect(afterKeys(row, 'c').picks).toEqual({ ...noPicks, under: [{ table: 'public.photo', key: '1' }] })
})

describe('Ctrl-R', () => {
  test('reads the tables again, and the incidents after them', () => {
    expect(press(told, 'ctrl-r').slice(1)).toEqual([{ do: 'work', ticket: 1, work: { kind: 'tables' } }])
  })

  test('lists the rows again', () => {
    expect(press(listing(['missing']), 'ctrl-r').slice(1)).toEqual([
      { do: 'work', ticket: 1, work: { kind: 'list', source: photos } },
    ])
  })
})

test('where a very large table was left aside, the plan does without it, too', () => {
  const aside = { kind: 'not looked at', table: 'public.event' } as (typeof found.leftOut)[number] // what counts here
  const picked = afterKeys({ ...told, incidents: { ...found, leftOut: [aside] } }, 'space')
  const { picks, chosen } = picked
  expect(press(picked, 'c').slice(1)).toEqual([
    { do: 'work', ticket: 1, work: { kind: 'plan', picks, chosen, answers: {}, without: ['public.event'] } },
  ])
})
