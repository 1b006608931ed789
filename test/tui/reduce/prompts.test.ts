import { describe, expect, test } from 'vitest'
import { reduce } from '../../../src/tui/reduce/reduce.ts'
import type { Overlay } from '../../../src/tui/state/overlay.ts'
import type { State } from '../../../src/tui/state/state.ts'
import { afterKeys, incidents, listing, photos, photosId, press, told, unconnected, withTop } from './states.ts'

type PromptOverlay = Extract<Overlay, { kind: 'prompt' }>

const promptOf = ({ overlay }: State): PromptOverlay => {
  if (overlay?.kind !== 'prompt') throw new Error('no prompt is open')
  return overlay
}

const textOf = (state: State): readonly [text: string, caret: number] => {
  const { text, caret } = promptOf(state)
  return [text, caret]
}

describe('what is typed', () => {
  const typed = afterKeys(told, 's', ...'two', 'space', ...'words')

  test('stands where the caret is', () => {
    expect(textOf(typed)).toEqual(['two words', 9])
    expect(textOf(afterKeys(typed, 'home', 'A'))).toEqual(['Atwo words', 1])
    expect(textOf(afterKeys(typed, 'left', 'left', 'x'))).toEqual(['two worxds', 8])
  })

  test('is taken away by characters, words and to either end', () => {
    expect(textOf(afterKeys(typed, 'backspace'))).toEqual(['two word', 8])
    expect(textOf(afterKeys(typed, 'home', 'delete'))).toEqual(['wo words', 0])
    expect(textOf(afterKeys(typed, 'ctrl-w'))).toEqual(['two ', 4])
    expect(textOf(afterKeys(typed, 'left', 'ctrl-u'))).toEqual(['s', 0])
    expect(textOf(afterKeys(typed, 'home', 'right', 'ctrl-k'))).toEqual(['t', 1])
  })

  test('is whole characters, however they are encoded', () => {
    expect(textOf(afterKeys(told, 's', '🐈', 'x', 'left', 'left', 'y'))).toEqual(['y🐈x', 1])
  })

  test('may have several lines where they make sense', () => {
    expect(textOf(afterKeys(typed, 'ctrl-j'))).toEqual(['two words\n', 10])
    expect(textOf(afterKeys(told, '/', 'a', 'ctrl-j'))).toEqual(['a', 1])
  })

  test('is dropped by Escape', () => {
    expect(press(typed, 'esc')).toEqual([told])
  })
})

describe('a filter of the lists', () => {
  test('holds as one types, and after Enter', () => {
    const typed = afterKeys(told, '/', ...'ida')
    expect(typed).toEqual({ ...withTop(told, { ...incidents, filter: 'ida' }), overlay: promptOf(typed) })
    expect(press(typed, 'enter')).toEqual([withTop(told, { ...incidents, filter: 'ida' })])
  })

  test('is dropped by Escape', () => {
    expect(press(told, '/', ...'ida', 'esc')).toEqual([told])
  })
})

describe('a filter of rows', () => {
  const rows = listing(['missing', 'missing'])
  const view = (ticket: number, filter: string) => ({
    do: 'work',
    ticket,
    work: { kind: 'view', source: photos, list: rows.rows.get(photosId)?.list, filter, sort: null },
  })

  test('is looked for as one types; what was looked for before is given up', () => {
    expect(press(rows, '/', 'd').slice(1)).toEqual([view(1, 'd')])
    expect(press(rows, '/', 'd', 'o').slice(1)).toEqual([{ do: 'cancel', ticket: 1 }, view(2, 'do')])
  })

  test('that is no filter yet is said to be none, and not looked for', () => {
    const [after, ...effects] = press(rows, '/', ...'id', 'space', '>')
    expect(effects).toEqual([])
    expect(promptOf(after).error).toMatch(/./)
  })

  test("that is the user's own SQL is sent once it is complete", () => {
    const typed = press(rows, '/', ...'where', 'space', ...'id=1')
    expect(typed.slice(1)).toEqual([])
    const [after, ...effects] = press(typed[0], 'enter')
    expect(effects.at(-1)).toEqual(view(after.tickets, 'where id=1'))
  })
})

describe('an address', () => {
  test('is asked for with what it was', () => {
    expect(textOf(afterKeys(unconnected, 'enter'))).toEqual(['shop.dump', 9])
  })

  test('that was typed is connected to', () => {
    const addresses = { live: 'service=shop', backup: 'other', profile: null }
    const [after, ...effects] = press(unconnected, 'enter', 'ctrl-u', ...'other', 'enter')
    expect(effects).toEqual([
      { do: 'work', ticket: 1, work: { kind: 'connect', addresses, passwords: {}, follow: null } },
    ])
    expect(after.addresses).toEqual(addresses)
  })

  test('alone connects to nothing', () => {
    const addresses = { live: '', backup: '', profile: null }
    const none = withTop({ ...unconnected, addresses }, { at: 'connect', field: 'live' })
    expect(press(none, 'enter', 'x', 'enter')).toEqual([{ ...none, addresses: { ...addresses, live: 'x' } }])
  })
})

describe('what is pasted', () => {
  const paste = (state: State, text: string): State => reduce(state, { type: 'paste', text })[0]

  test('goes into the prompt, on one line where there is one', () => {
    expect(textOf(paste(afterKeys(told, '/', 'a', 'left'), 'x\r\ny'))).toEqual(['x ya', 3])
    expect(textOf(paste(afterKeys(told, 's'), 'delete from photo\r\nwhere id = 1'))).toEqual([
      'delete from photo\nwhere id = 1',
      30,
    ])
  })

  test('on the lists is the statement that somebody regrets, if it is one', () => {
    expect(textOf(paste(told, ' delete from photo ;\n'))).toEqual(['delete from photo ;', 19])
    expect(paste(told, 'good morning')).toEqual(told)
  })

  test('before both sides are open goes nowhere', () => {
    expect(paste(unconnected, 'delete from photo')).toEqual(unconnected)
  })
})

test('a statement is read by Enter, and an empty one is none', () => {
  const work = { kind: 'statement', statement: 'delete', at: null }
  expect(press(told, 's', ...'delete', 'enter').slice(1)).toEqual([{ do: 'work', ticket: 1, work }])
  expect(press(told, 's', 'space', 'enter')).toEqual([told])
})
