import { describe, expect, test } from 'vitest'
import type { Conflict, Plan } from '../../../src/index.ts'
import { reduce } from '../../../src/tui/reduce/reduce.ts'
import { noPicks } from '../../../src/tui/state/picks.ts'
import type { State } from '../../../src/tui/state/state.ts'
import { makePlan, makeReport, makeStep, slugTaken } from '../../format/plans.ts'
import { afterKeys, note, openAt, press, reviewing, reviewScreen, unconnected, withTop } from './states.ts'

const inserting = makePlan({ steps: [makeStep('gallery', ['7'])] })
const overwriting = makePlan({ steps: [makeStep('gallery', ['7'], { action: 'update', columns: ['title'] })] })
const asking = makePlan({ steps: [makeStep('gallery', ['7'])], conflicts: [slugTaken] })
const other: Conflict = { ...slugTaken, id: 'public.gallery:8:unique taken:gallery_slug_key', key: '8' }

const shown = (state: State): State => reduce(state, { type: 'painted', state })[0]

const runs = (before: State, plan: Plan, how: { rehearse: boolean; confirm?: string }) => [
  {
    ...before,
    tickets: 1,
    jobs: [{ ticket: 1, kind: 'run', what: 'restoring', since: 1_000, progress: null, tables: [] }],
    stack: [...before.stack, { at: 'run', isRehearsal: how.rehearse, isUndo: plan.undoes !== null, phases: [] }],
  },
  { do: 'work', ticket: 1, work: { kind: 'run', plan, rehearse: how.rehearse, confirm: how.confirm ?? null } },
]

describe('R', () => {
  test('restores at once what is only inserted', () => {
    const review = reviewing(inserting)
    expect(press(review, 'R')).toEqual(runs(review, inserting, { rehearse: false }))
  })

  test('does nothing before the plan has been on screen', () => {
    const unseen = withTop(reviewing(inserting), reviewScreen)
    expect(press(unseen, 'R')).toEqual([unseen])
  })

  test('asks once more before values are overwritten', () => {
    const review = reviewing(overwriting)
    const asked = shown(afterKeys(review, 'R'))
    expect(asked.overlay).toMatchObject({ question: { for: { what: 'overwrite' } } })
    expect(press(asked, 'y')).toEqual(runs(review, overwriting, { rehearse: false }))
    expect(press(asked, 'n')).toEqual([review])
  })

  test('asks once more before a run is taken back', () => {
    const undo = makePlan({ steps: [makeStep('gallery', ['7'], { action: 'delete' })], undoes: 'k3f9' })
    const review = reviewing(undo)
    const asked = shown(afterKeys(review, 'R'))
    expect(asked.overlay).toMatchObject({ question: { for: { what: 'undo' } } })
    expect(press(asked, 'y')).toEqual(runs(review, undo, { rehearse: false }))
  })

  test('asks for the name of a protected live, and takes no other', () => {
    const review = reviewing(inserting, { protection: true })
    const asked = afterKeys(review, 'R')
    expect(afterKeys(asked, ...'shpo', 'enter').overlay).toMatchObject({
      error: 'that is not its name: live is "shop"',
    })
    expect(press(asked, ...'shop', 'enter')).toEqual(runs(review, inserting, { rehearse: false, confirm: 'shop' }))
  })

  test.each([
    ['a question is open', reviewing(asking), '1 question is still open: answer with 1-4'],
    ['nothing is to be written', reviewing(makePlan()), 'the plan has nothing to write'],
    [
      'nothing may be written',
      reviewing(inserting, { readOnly: 'started with --read-only' }),
      'started with --read-only',
    ],
    ['the plan is out of date', reviewing(inserting, { isStale: true }), 'the plan is still being worked out'],
  ])('says that %s', (_, review, why) => {
    expect(press(review, 'R')).toEqual([{ ...review, message: note(`R: ${why}`) }])
  })
})

test('x rehearses, also where nothing may be written', () => {
  const review = reviewing(inserting, { readOnly: 'started with --read-only' })
  expect(press(review, 'x')).toEqual(runs(review, inserting, { rehearse: true }))
})

describe('an answer', () => {
  const review = reviewing(asking)

  test('is taken into a plan that is made anew', () => {
    const [after, ...effects] = press(review, '1')
    const answers = { [slugTaken.id]: 'skip' }
    expect(after.answers).toEqual(answers)
    expect(effects).toEqual([
      { do: 'work', ticket: 1, work: { kind: 'plan', picks: noPicks, chosen: review.chosen, answers, without: [] } },
    ])
  })

  test('that there is none of is said', () => {
    expect(press(review, '4')).toEqual([{ ...review, message: note('there is no answer 4 here') }])
  })

  test('typed before the question was on screen is none', () => {
    const unseen = withTop(review, reviewScreen)
    expect(press(unseen, '1')).toEqual([unseen])
  })

  test('may hold for all questions that are alike', () => {
    const many = reviewing(makePlan({ steps: [makeStep('gallery', ['7', '8'])], conflicts: [slugTaken, other] }))
    const asked = shown(afterKeys(many, '1'))
    expect(asked.overlay).toMatchObject({ question: { for: { what: 'how many', answer: 'skip' } } })
    expect(afterKeys(asked, '1').answers).toEqual({ [slugTaken.id]: 'skip' })
    expect(afterKeys(asked, '2').answers).toEqual({ [slugTaken.id]: 'skip', [other.id]: 'skip' })
  })

  test('by another value is typed', () => {
    const asked = afterKeys(review, '3')
    expect(asked.overlay).toMatchObject({ prompt: { for: { what: 'value', column: 'slug' } }, text: 'pets' })
    expect(afterKeys(asked, '2', 'enter').chosen.set).toEqual([
      { table: 'public.gallery', column: 'slug', value: 'pets2' },
    ])
  })
})

test('n and N go round the questions', () => {
  const two = reviewing(makePlan({ conflicts: [slugTaken, other] }))
  const painted = two.stack.at(-1)
  expect(afterKeys(two, 'n').stack.at(-1)).toEqual({ ...painted, conflict: 1 })
  expect(afterKeys(two, 'n', 'n')).toEqual(two)
  expect(afterKeys(two, 'N').stack.at(-1)).toEqual({ ...painted, conflict: 1 })
})

test('e saves the plan where the user says', () => {
  const review = reviewing(inserting)
  expect(press(review, 'e', 'enter').slice(1)).toEqual([
    {
      do: 'work',
      ticket: 1,
      work: { kind: 'save', file: 'plan', path: 'plan.json', plan: inserting, replace: false },
    },
  ])
})

describe('u', () => {
  test('of a report undoes its run', () => {
    const report = makeReport()
    const state = openAt({ at: 'report', cursor: 0, report, plan: inserting })
    expect(press(state, 'u').slice(1)).toEqual([{ do: 'work', ticket: 1, work: { kind: 'undo', run: 'k3f9' } }])
  })

  test('of a run that is not in live says so', () => {
    const run = { run: 'k3f9', state: 'rolled-back', started: '', database: 'shop', undoes: null } as const
    const state = openAt({ at: 'runs', cursor: 0 }, { runs: [{ ...run, inserted: 1, updated: 0, deleted: 0 }] })
    expect(press(state, 'u')).toEqual([
      { ...state, message: note('run k3f9 is rolled-back: there is nothing to undo') },
    ])
  })
})

test('the sides are swapped before they are open', () => {
  expect(press(unconnected, 'x')).toEqual([
    {
      ...unconnected,
      addresses: { live: 'shop.dump', backup: 'service=shop', profile: null },
      message: note('swapped; ctrl-r connects'),
    },
  ])
})
