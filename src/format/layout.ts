/** Text on a grid: widths as a terminal counts them, padding, wrapping, aligned columns. */

import stringWidth from 'string-width'

const narrow = /^[\x20-\x7e]*$/

/** What a reader takes for one character: a letter with its marks, a flag, a family. */
const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

/** Cells that sanitised text takes. */
export const displayWidth = (text: string): number => (narrow.test(text) ? text.length : stringWidth(text))

export const padEnd = (text: string, width: number): string =>
  text + ' '.repeat(Math.max(0, width - displayWidth(text)))
export const padStart = (text: string, width: number): string =>
  ' '.repeat(Math.max(0, width - displayWidth(text))) + text

/** Splits off as much as fits in `width` cells; at least one character, so that it ends. */
const splitAtWidth = (text: string, width: number): readonly [head: string, rest: string] => {
  if (narrow.test(text)) return [text.slice(0, Math.max(1, width)), text.slice(Math.max(1, width))]
  let taken = 0
  let end = 0
  for (const { segment } of graphemes.segment(text)) {
    taken += stringWidth(segment)
    if (taken > width && end > 0) break
    end += segment.length
  }
  return [text.slice(0, end), text.slice(end)]
}

/** Cuts text to `width` cells, with an ellipsis where something is gone. */
export const truncate = (text: string, width: number): string =>
  displayWidth(text) <= width ? text : `${splitAtWidth(text, width - 1)[0].trimEnd()}…`

/** Fills lines greedily with parts; a part that is longer than a line is broken where the line is full. */
const fill = (
  parts: readonly string[],
  separator: string,
  { width, firstWidth = width }: { readonly width: number; readonly firstWidth?: number },
): readonly string[] => {
  const lines: string[] = []
  const room = (): number => (lines.length === 0 ? firstWidth : width)
  let line = ''
  for (const part of parts) {
    if (line !== '' && displayWidth(line + separator + part) <= room()) {
      line += separator + part
      continue
    }
    if (line !== '') lines.push(line)
    line = part
    while (displayWidth(line) > room()) {
      const [head, rest] = splitAtWidth(line, room())
      lines.push(head)
      line = rest
    }
  }
  return [...lines, line]
}

/** Breaks text into lines of `width` cells, at blanks where there are any. The first line may be longer. */
export const wrap = (text: string, width: number, firstWidth = width): readonly string[] =>
  fill(text.split(' '), ' ', { width, firstWidth })

/** The same for a list of phrases, ` · ` between those on one line: a phrase is broken only if it is longer than a line. */
export const wrapPhrases = (text: string, width: number): readonly string[] =>
  fill(
    text.split(' · ').flatMap((phrase) => wrap(phrase, width)),
    ' · ',
    { width },
  )

/** Breaks text into lines of `width` cells wherever they are full: for values, whose blanks count. */
export const breakLines = (text: string, width: number): readonly string[] => {
  const lines: string[] = []
  let rest = text
  while (displayWidth(rest) > width) {
    const [head, tail] = splitAtWidth(rest, width)
    lines.push(head)
    rest = tail
  }
  return [...lines, rest]
}

interface IndentOptions {
  readonly width: number
  readonly by?: number
  readonly hanging?: number
}

/** Wraps a paragraph behind an indent of `by` cells; later lines get `hanging` more. */
export const indent = (text: string, { width, by = 0, hanging = 0 }: IndentOptions): readonly string[] =>
  wrap(text, Math.max(20, width - by - hanging), Math.max(20, width - by)).map(
    (line, index) => ' '.repeat(by + (index === 0 ? 0 : hanging)) + line,
  )

export interface ColumnsOptions {
  readonly width: number
  readonly indent?: number
  readonly gap?: number
  /** Columns whose cells are set to the right. */
  readonly right?: readonly number[]
}

/** Rows of cells in aligned columns. The last column wraps within its own bounds, phrase by phrase; the others are never cut. */
export const formatColumns = (rows: readonly (readonly string[])[], options: ColumnsOptions): readonly string[] => {
  const { width, indent: by = 2, gap = 2, right = [] } = options
  const count = Math.max(0, ...rows.map((row) => row.length))
  const widths = Array.from({ length: count - 1 }, (_, column) =>
    Math.max(0, ...rows.map((row) => displayWidth(row[column] ?? ''))),
  )
  const before = by + widths.reduce((sum, own) => sum + own + gap, 0)
  return rows.flatMap((row) => {
    const cells = widths.map((own, column) => (right.includes(column) ? padStart : padEnd)(row[column] ?? '', own))
    const [first = '', ...rest] = wrapPhrases(row[count - 1] ?? '', Math.max(24, width - before))
    const head = [...cells, first].join(' '.repeat(gap))
    return [' '.repeat(by) + head, ...rest.map((line) => ' '.repeat(before) + line)].map((line) => line.trimEnd())
  })
}

/** Lines as one text that ends in a line feed. Two empty lines in a row, or at an end, become one or none. */
export const joinLines = (lines: readonly string[]): string => {
  const kept = lines.filter((line, index) => line !== '' || (index > 0 && lines[index - 1] !== ''))
  while (kept.at(-1) === '') kept.pop()
  return kept.map((line) => `${line}\n`).join('')
}
