import { describe, expect, test } from 'vitest'
import { makePlan, makeReport, makeStep } from '../../format/plans.ts'
import { afterKeys, incidents, listing, note, openAt, press, reviewing, told, withTop } from './states.ts'

describe('y copies', () => {
  test('of an incident the command that restores it', () => {
    expect(press(told, 'y')).toEqual([
      { ...told, message: note('copied the command that restores it: rowgraft restore --incident aaa') },
      { do: 'copy', text: 'rowgraft restore --incident aaa' },
    ])
  })

  test('of a review the command that does the same', () => {
    const picked = afterKeys(told, 'space').picks
    const review = reviewing(makePlan({ steps: [makeStep('gallery', ['7'])] }), { picks: picked })
    expect(press(review, 'y').slice(1)).toEqual([{ do: 'copy', text: 'rowgraft restore --incident aaa' }])
  })

  test('of a report the undo command', () => {
    const report = openAt({ at: 'report', cursor: 0, report: makeReport(), plan: makePlan() })
    expect(press(report, 'y').slice(1)).toEqual([{ do: 'copy', text: 'rowgraft undo k3f9' }])
  })

  test('of a row all of it, as JSON', () => {
    const rows = listing(['missing'])
    expect(press(rows, 'y')).toEqual([
      { ...rows, message: note('copied the row as JSON') },
      { do: 'copy', text: '{"id":"1","title":"photo 1","gallery_id":"7"}' },
    ])
  })

  test('of one column its value', () => {
    const row = afterKeys(listing(['missing']), 'enter', 'down')
    expect(press(row, 'y')).toEqual([
      { ...row, message: note('copied the value of title') },
      { do: 'copy', text: 'photo 1' },
    ])
  })
})

describe('w tells', () => {
  test('how well the condition of an incident fits', () => {
    expect(afterKeys(told, 'w').overlay).toEqual({
      kind: 'text',
      title: 'gallery "Pets" (7)',
      lines: [
        'where id = 7',
        '',
        '3 of 4 such rows of the backup are missing in live.',
        'Nothing else of the table is missing.',
      ],
      cursor: 0,
    })
  })

  test('the whole plan on its review', () => {
    const review = reviewing(makePlan({ steps: [makeStep('gallery', ['7'])] }))
    expect(afterKeys(review, 'w').overlay).toMatchObject({ kind: 'text', title: 'the plan' })
  })

  test('nothing of an option', () => {
    const plan = makePlan()
    const along = openAt({ at: 'along', cursor: 0 }, { planned: { plan, undoes: null }, isStale: false })
    expect(press(along, 'w')).toEqual([along])
  })
})

test('Enter on a report tells it in full', () => {
  const report = openAt({ at: 'report', cursor: 0, report: makeReport(), plan: makePlan() })
  expect(afterKeys(report, 'enter').overlay).toMatchObject({ kind: 'text', title: 'the report' })
})

test('a column that refers to no row is said to', () => {
  const row = afterKeys(listing(['missing']), 'enter')
  const details = { table: 'public.photo', key: '1', labels: {}, parents: [] }
  const [own] = row.rows.values()
  const shown = own?.values.get(0)
  const read = { ...row, row: { ...details, shown } as unknown as typeof row.row } // relations are not looked at
  expect(afterKeys(read, 'f').message).toEqual(note('id refers to no row'))
})

test('nothing is copied where there is nothing', () => {
  const empty = withTop(told, { ...incidents, filter: 'nothing like it' })
  expect(press(empty, 'y')).toEqual([empty])
})
