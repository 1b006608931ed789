/** What stands over the lower part of a screen: a prompt, a question; or over all of it: help, a text. Pure. */
import { padEnd, wrap } from '../../format/layout.ts'
import { sanitise } from '../../format/sanitise.ts'
import { bindingsAt } from '../bindings/bindings.ts'
import { paletteEntries } from '../bindings/palette.ts'
import { cell, cursorMark, paragraph } from '../lines/cells.ts'
import { around, blank, fillLines, type Line, line, type Span } from '../lines/line.ts'
import { displayKeyName } from '../state/keys.ts'
import type { Overlay } from '../state/overlay.ts'
import { type Size, type State, screenOf } from '../state/state.ts'

type Of<T extends Overlay['kind']> = Extract<Overlay, { kind: T }>

const rule = (columns: number): Line => line(['─'.repeat(columns), 'dim'])

/** The text of a prompt with its caret; a text of several lines shows its last ones. */
const inputLines = ({ text, caret }: Of<'prompt'>, columns: number, most: number): readonly Line[] => {
  const characters = [...text]
  const before = characters.slice(0, caret).join('')
  const at = characters[caret] ?? ' '
  const after = characters.slice(caret + 1).join('')
  const width = Math.max(8, columns - 4)
  const whole = `${before}\u0000${at === '\n' ? ' \n' : at}\u0001${after}`
  const lines = whole.split('\n').flatMap((part) => {
    const pieces: string[] = []
    for (let rest = [...part]; rest.length > 0; rest = rest.slice(width)) pieces.push(rest.slice(0, width).join(''))
    return pieces.length === 0 ? [''] : pieces
  })
  const caretLine = Math.max(
    0,
    lines.findIndex((part) => part.includes('\u0000')),
  )
  return around(
    lines.map((part) => {
      const spans: Span[] = []
      const [head = '', tail] = part.split('\u0000')
      spans.push(sanitise(head.replace('\u0001', '')))
      if (tail !== undefined) {
        const [under = ' ', ...rest] = [...tail.replace('\u0001', '')]
        spans.push([under, 'caret'], sanitise(rest.join('')))
      }
      return { ...line('  ', ...spans), aria: { role: 'textbox' as const } }
    }),
    caretLine,
    most,
  )
}

/** As many stars as characters. */
const hideTyped = (overlay: Of<'prompt'>): Of<'prompt'> =>
  overlay.prompt.isHidden === true ? { ...overlay, text: '*'.repeat([...overlay.text].length) } : overlay

export const drawPrompt = (overlay: Of<'prompt'>, { columns, rows }: Size): readonly Line[] => [
  rule(columns),
  line(' ', [overlay.prompt.title, 'strong']),
  ...inputLines(hideTyped(overlay), columns, overlay.prompt.isMultiline ? Math.max(1, Math.min(8, rows - 6)) : 1),
  ...(overlay.error === null
    ? paragraph(overlay.prompt.hint, columns, { role: 'dim' })
    : paragraph(`! ${overlay.error}`, columns, { role: 'error' })
  ).slice(0, 2),
]

export const drawQuestion = ({ question }: Of<'question'>, columns: number): readonly Line[] => [
  rule(columns),
  ...question.lines.flatMap((text) => paragraph(text, columns, { role: 'strong' })),
  ...question.choices.map(({ key, does }) => line('     ', [`${key} `, 'strong'], does)),
]

export const drawText = ({ title, lines, cursor }: Of<'text'>, { columns, rows }: Size): readonly Line[] => {
  const all = lines.flatMap((text) => {
    const indent = /^ */.exec(text)?.[0].length ?? 0
    return text === ''
      ? [blank]
      : wrap(sanitise(text.trimStart()), Math.max(10, columns - 2 - indent)).map((part) =>
          line(' '.repeat(indent + 1), part),
        )
  })
  const height = Math.max(1, rows - 2)
  const top = Math.max(0, Math.min(cursor, all.length - height))
  const position = all.length > height ? `  ${top + 1}-${Math.min(all.length, top + height)} of ${all.length}` : ''
  return [line(' ', [sanitise(title), 'strong'], [position, 'dim']), blank, ...all.slice(top, top + height)]
}

/** Commands by name, narrowed by what is typed; those that cannot be had now say why. */
export const drawPalette = (state: State, overlay: Of<'palette'>, { rows }: Size): readonly Line[] => {
  const { filter, cursor } = overlay
  const lines = paletteEntries(state, overlay).map((binding, position) => {
    const lacking = binding.unavailable?.(state) ?? null
    const isCurrent = position === cursor
    return {
      ...line(
        cursorMark({ isCurrent }),
        [` ${cell(displayKeyName(binding.keys[0] ?? ''), 9)}`, 'strong'],
        [binding.does, lacking === null ? 'plain' : 'dim'],
        [lacking === null ? '' : `  (not now: ${lacking})`, 'dim'],
      ),
      aria: { role: 'listitem' as const, isSelected: isCurrent },
    }
  })
  const height = Math.max(1, rows - 2)
  const none = line('   ', [`nothing here is called "${sanitise(filter)}"`, 'dim'])
  return [
    line(' : ', sanitise(filter), [' ', 'caret'], [filter === '' ? '  type to search' : '', 'dim']),
    blank,
    ...around(lines.length === 0 ? [none] : lines, cursor, height),
  ]
}

/** Every key of the screen, and why it cannot be had where it cannot; narrowed by what is typed. */
export const drawHelp = (state: State, { filter, cursor }: Of<'help'>, { columns, rows }: Size): readonly Line[] => {
  const { at } = screenOf(state)
  const own = bindingsAt(at).map((binding) => ({
    keys: binding.keys.map(displayKeyName).join(' '),
    does: binding.does,
    lacking: binding.unavailable?.(state) ?? null,
  }))
  const shown = own.filter(
    ({ keys, does }) => filter === '' || `${keys} ${does}`.toLowerCase().includes(filter.toLowerCase()),
  )
  const lines = shown.map(({ keys, does, lacking }) =>
    line('   ', [cell(keys, 12), 'strong'], lacking === null ? does : padEnd(does, 0), [
      lacking === null ? '' : `  (not now: ${lacking})`,
      'dim',
    ]),
  )
  const height = Math.max(1, rows - 3)
  return [
    line(
      ' ',
      ['Keys of this screen', 'strong'],
      [filter === '' ? '   type to search, esc closes' : `   search: ${filter}`, 'dim'],
    ),
    blank,
    ...fillLines(
      lines.slice(Math.max(0, Math.min(cursor, lines.length - height))),
      Math.min(height, columns > 0 ? lines.length : 0),
    ),
  ]
}
