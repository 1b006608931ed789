import { describe, expect, test } from 'vitest'
import { reduce } from '../../../src/tui/reduce/reduce.ts'
import { beginWork } from '../../../src/tui/state/jobs.ts'
import { noPicks } from '../../../src/tui/state/picks.ts'
import type { State } from '../../../src/tui/state/state.ts'
import { makePlan } from '../../format/plans.ts'
import { afterKeys, incidents, note, openAt, press, told } from './states.ts'

/** The state once its frame is on the terminal. */
const shown = (state: State): State => reduce(state, { type: 'painted', state })[0]

const picked = afterKeys(told, 'space')

describe('leaving', () => {
  test('is done at once where nothing is picked', () => {
    expect(press(told, 'q')).toEqual([{ ...told, isLeaving: true }, { do: 'leave' }])
  })

  test('is asked about where picks would be lost', () => {
    expect(afterKeys(picked, 'q').overlay).toEqual({
      kind: 'question',
      question: {
        for: { what: 'leave' },
        lines: ['1 pick would be lost. Leave all the same?'],
        choices: [
          { key: 'y', does: 'leave' },
          { key: 'N', does: 'stay' },
        ],
      },
      isPainted: false,
    })
  })

  test('takes a yes that was typed with the question on screen', () => {
    expect(press(shown(afterKeys(picked, 'q')), 'y')).toEqual([
      { ...picked, picks: noPicks, isLeaving: true },
      { do: 'leave' },
    ])
  })

  test('takes no yes that was typed before', () => {
    const asked = afterKeys(picked, 'q')
    expect(press(asked, 'y')).toEqual([asked])
  })

  test.each(['N', 'n', 'enter', 'esc'])('is not done after %s', (key) => {
    expect(press(shown(afterKeys(picked, 'q')), key)).toEqual([picked])
  })

  test('is over with no key after it', () => {
    const gone = { ...told, isLeaving: true }
    expect(press(gone, 'j')).toEqual([gone])
  })
})

describe('Ctrl-C', () => {
  const plan = makePlan()
  const run = openAt({ at: 'run', isRehearsal: false, isUndo: false, phases: [] })
  const [running] = beginWork(run, { kind: 'run', plan, rehearse: false, confirm: null })

  test('asks before it stops a run', () => {
    expect(afterKeys(running, 'ctrl-c').overlay).toMatchObject({ question: { for: { what: 'stop run' } } })
  })

  test('twice stops it', () => {
    expect(press(running, 'ctrl-c', 'ctrl-c')).toEqual([running, { do: 'cancel', ticket: 1 }])
  })

  test('gives up any other work, and says how it is taken up again', () => {
    const [busy] = beginWork(told, { kind: 'tables' })
    expect(press(busy, 'ctrl-c')).toEqual([
      { ...busy, jobs: [], message: note('stopped; ctrl-r reads again, ctrl-c leaves') },
      { do: 'cancel', ticket: 1 },
    ])
  })

  test('leaves where nothing is under way', () => {
    expect(press(told, 'ctrl-c')).toEqual([{ ...told, isLeaving: true }, { do: 'leave' }])
  })
})

describe('help', () => {
  test('is narrowed by what is typed, and closed by Escape', () => {
    expect(afterKeys(told, '?', 'down', ...'un', 'space').overlay).toEqual({ kind: 'help', filter: 'un ', cursor: 0 })
    expect(press(told, '?', 'u', 'esc')).toEqual([told])
  })
})

describe('the palette', () => {
  test('does what the cursor is on', () => {
    expect(press(told, ':', ...'paste', 'enter')[0].overlay).toMatchObject({ prompt: { for: { what: 'statement' } } })
  })

  test('says why a command cannot be had', () => {
    expect(press(told, ':', ...'review', 'enter')).toEqual([
      { ...told, message: note('r: nothing is picked yet: space picks') },
    ])
  })

  test('does nothing where no command has the words', () => {
    expect(press(told, ':', ...'xyz', 'enter')).toEqual([told])
  })
})

describe('a text', () => {
  const lines = Array.from({ length: 40 }, (_, line) => `line ${line}`)
  const text = { kind: 'text', title: 'the run', lines, cursor: 0 } as const
  const over = openAt(incidents, { overlay: text })

  test('is scrolled, no further than there is any of it', () => {
    expect(afterKeys(over, 'pagedown', 'j')).toEqual({ ...over, overlay: { ...text, cursor: 16 } })
    expect(afterKeys(over, 'G', 'j')).toEqual({ ...over, overlay: { ...text, cursor: 39 } })
    expect(afterKeys(over, 'G', 'g')).toEqual(over)
  })

  test.each(['esc', 'q', 'enter'])('is closed by %s', (key) => {
    expect(press(over, key)).toEqual([{ ...over, overlay: null }])
  })
})
