/** How roles look on a terminal, and which characters it can show. */
import { displayWidth } from '../../format/layout.ts'
import { type Line, type Role, roleOf, textOf } from './line.ts'

export type ThemeName = 'dark' | 'light' | 'high-contrast' | 'mono'

export interface Theme {
  readonly name: ThemeName
  /** Only ASCII: the terminal's locale is not UTF-8, or somebody asked for it. */
  readonly isAscii: boolean
}

type Codes = Readonly<Record<Role, readonly number[]>>

// Blue and orange, not green and red: the two that most people tell apart. Every state has its glyph and its word besides.
const dark: Codes = {
  plain: [],
  dim: [2],
  strong: [1],
  live: [1, 30, 43],
  cursor: [1, 36],
  missing: [38, 5, 75],
  changed: [38, 5, 214],
  extra: [2],
  conflict: [1, 38, 5, 213],
  reused: [38, 5, 180],
  same: [2],
  error: [1, 31],
  mark: [1, 38, 5, 75],
  caret: [7],
}

const light: Codes = {
  ...dark,
  live: [1, 97, 48, 5, 130],
  cursor: [1, 38, 5, 25],
  missing: [38, 5, 25],
  changed: [38, 5, 130],
  conflict: [1, 38, 5, 127],
  reused: [38, 5, 94],
  mark: [1, 38, 5, 25],
}

const highContrast: Codes = {
  ...dark,
  dim: [],
  live: [1, 30, 103],
  cursor: [1, 7],
  missing: [1, 96],
  changed: [1, 93],
  extra: [],
  conflict: [1, 95],
  reused: [1, 93],
  same: [],
  error: [1, 91],
  mark: [1, 96],
}

const mono: Codes = {
  plain: [],
  dim: [2],
  strong: [1],
  live: [1, 7],
  cursor: [1],
  missing: [],
  changed: [],
  extra: [2],
  conflict: [1],
  reused: [],
  same: [2],
  error: [1],
  mark: [1],
  caret: [7],
}

/** All of them. */
export const themeNames: readonly ThemeName[] = ['dark', 'light', 'high-contrast', 'mono']

const codesOf: Readonly<Record<ThemeName, Codes>> = { dark, light, 'high-contrast': highContrast, mono }

/** ASCII that stands for the characters screens are made of, cell for cell. */
const ascii: Readonly<Record<string, string>> = {
  '❯': '>',
  '⇐': '<',
  '→': '>',
  '←': '<',
  '↑': '^',
  '↓': 'v',
  '├': '|',
  '└': '`',
  '│': '|',
  '─': '-',
  '‾': '-',
  '·': '.',
  '…': '~',
  '▸': '*',
  '∅': '0',
  '␠': '_',
  '–': '-',
  '’': "'",
  '“': '"',
  '”': '"',
}

const toAscii = (text: string): string =>
  text.replace(/[^\x20-\x7e]/gu, (character) => ascii[character] ?? '?'.repeat(displayWidth(character)))

const sgr = (codes: readonly number[], text: string): string =>
  codes.length === 0 || text === '' ? text : `\x1b[${codes.join(';')}m${text}\x1b[0m`

/** A line as the terminal takes it. The line under the cursor is bold wherever no colour says otherwise. */
export const paintLine = ({ spans, isCurrent }: Line, { name, isAscii }: Theme): string =>
  spans
    .map((span) => {
      const role = roleOf(span)
      const codes = codesOf[name][role]
      const text = isAscii ? toAscii(textOf(span)) : textOf(span)
      return sgr(isCurrent && role === 'plain' ? [1] : codes, text)
    })
    .join('')

export interface ThemeChoice {
  readonly theme?: ThemeName | undefined
  readonly ascii?: boolean | undefined
  readonly color?: 'auto' | 'always' | 'never' | undefined
}

type Environment = Readonly<Record<string, string | undefined>>

const localeOf = (env: Environment): string => env.LC_ALL || env.LC_CTYPE || env.LANG || ''

/** Colours unless NO_COLOR, `--color never` or FORCE_COLOR=0 say otherwise; ASCII where the locale is not UTF-8. */
export const chooseTheme = (choice: ThemeChoice, env: Environment): Theme => {
  const forbids = (env.NO_COLOR ?? '') !== '' || env.FORCE_COLOR === '0'
  const isMono = choice.color === 'never' || (choice.color !== 'always' && forbids)
  const isAscii = choice.ascii ?? !(/utf-?8/i.test(localeOf(env)) || localeOf(env) === '')
  return { name: isMono ? 'mono' : (choice.theme ?? 'dark'), isAscii }
}
