import type { Cell, CellColor } from '../support/terminal/cells.ts'

/** The colours of the window itself. */
export const chrome = { background: '#14161b', text: '#d5d9e2', edge: '#2b2f39', button: '#3a404d' } as const

/** Black, red, green, yellow, blue, magenta, cyan, white; the same, bright. */
const named: readonly string[] = [
  '#1f232b',
  '#f07178',
  '#9ece8a',
  '#e5b567',
  '#6cb2f0',
  '#c792ea',
  '#5fcbd8',
  '#d5d9e2',
  '#6b7382',
  '#ff8f96',
  '#b9e3a5',
  '#ffd083',
  '#8fc8ff',
  '#dcb0ff',
  '#89e3ee',
  '#ffffff',
]

const channels = [0, 95, 135, 175, 215, 255]
const hex = (parts: readonly number[]): string => `#${parts.map((part) => part.toString(16).padStart(2, '0')).join('')}`

/** The 256 colours of terminals: 16 named ones, a cube of 6 by 6 by 6, and 24 greys. */
const indexed = (index: number): string => {
  if (index < 16) return named[index] ?? chrome.text
  if (index >= 232) return hex(Array<number>(3).fill(8 + 10 * (index - 232)))
  const place = index - 16
  return hex([Math.floor(place / 36), Math.floor(place / 6) % 6, place % 6].map((step) => channels[step] ?? 0))
}

const resolve = (color: CellColor, otherwise: string): string => {
  if (color === 'default') return otherwise
  return typeof color === 'number' ? indexed(color) : color
}

const mix = (color: string, other: string, share: number): string => {
  const parts = (text: string): readonly number[] =>
    [1, 3, 5].map((start) => Number.parseInt(text.slice(start, start + 2), 16))
  const others = parts(other)
  return hex(parts(color).map((part, index) => Math.round(part * share + (others[index] ?? 0) * (1 - share))))
}

/** What a cell is painted with: `#rrggbb`, inverse and dim worked in. */
export const paintOf = (cell: Cell): { readonly text: string; readonly background: string } => {
  const own = resolve(cell.foreground, chrome.text)
  const behind = resolve(cell.background, chrome.background)
  const [text, background] = cell.isInverse ? [behind, own] : [own, behind]
  return { text: cell.isDim ? mix(text, background, 0.58) : text, background }
}
