/**
 * A screen as a picture: its cells in a window, every character on the grid whatever font the viewer has.
 *
 * Text of one style is one element, stretched to the cells it takes. Characters that fonts may lack come from other fonts and are as
 * wide as these like: each stands in a place of its own. Lines are drawn as lines.
 */
import type { Cell } from '../support/terminal/cells.ts'
import { boxPath, isBoxDrawing, round } from './box-drawing.ts'
import { chrome, paintOf } from './palette.ts'

const size = 14
const cellWidth = 8.43
const cellHeight = 19
const baseline = 13.6
const margin = { x: 20, top: 46, bottom: 18 }

/** Fonts as viewers have them, best first; all are 0.6 em wide or nearly so. */
export const fontFamilies: readonly string[] = [
  'JetBrains Mono',
  'SF Mono',
  'Menlo',
  'Cascadia Mono',
  'Consolas',
  'DejaVu Sans Mono',
  'Liberation Mono',
]

interface Run {
  readonly column: number
  readonly row: number
  readonly columns: number
  readonly text: string
  readonly first: Cell
}

const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

const xOf = (column: number): number => round(margin.x + column * cellWidth)
const yOf = (row: number): number => margin.top + row * cellHeight

const styleOf = (cell: Cell): string => {
  const { text, background } = paintOf(cell)
  return [text, background, cell.isBold, cell.isItalic, cell.isUnderlined, cell.isStruck].join()
}

const isPlain = (text: string): boolean => /^[\x20-\x7e]$/.test(text)

const isOneText = (left: Cell, right: Cell): boolean => {
  if (styleOf(left) !== styleOf(right)) return false
  return (isPlain(left.text) && isPlain(right.text)) || (isBoxDrawing(left.text) && isBoxDrawing(right.text))
}

const isOneGround = (left: Cell, right: Cell): boolean => paintOf(left).background === paintOf(right).background

/** Neighbours that belong together, as one. */
const runsOf = (line: readonly Cell[], row: number, belong: (left: Cell, right: Cell) => boolean): readonly Run[] => {
  const runs: Run[] = []
  line.forEach((cell, column) => {
    if (cell.width === 0) return
    const last = runs.at(-1)
    const before = line[column - 1]
    if (last === undefined || before === undefined || !belong(before, cell)) {
      runs.push({ column, row, columns: cell.width, text: cell.text, first: cell })
    } else {
      runs[runs.length - 1] = { ...last, columns: last.columns + cell.width, text: last.text + cell.text }
    }
  })
  return runs
}

const drawBackground = ({ column, row, columns, first }: Run): string => {
  const { background } = paintOf(first)
  if (background === chrome.background) return ''
  const width = round(columns * cellWidth)
  return `<rect x="${xOf(column)}" y="${yOf(row)}" width="${width}" height="${cellHeight}" fill="${background}"/>`
}

const decorationOf = ({ isUnderlined, isStruck }: Cell): string =>
  [isUnderlined ? 'underline' : '', isStruck ? 'line-through' : ''].join(' ').trim()

/** Blanks around it are left away, unless one sees a line under them. */
const trimRun = (run: Run): Run => {
  if (decorationOf(run.first) !== '') return run
  const text = run.text.trimStart()
  const cut = run.text.length - text.length
  return {
    ...run,
    column: run.column + cut,
    columns: run.columns - cut - (text.length - text.trimEnd().length),
    text: text.trimEnd(),
  }
}

const drawText = (run: Run): string => {
  const { column, row, columns, text, first } = trimRun(run)
  if (text === '') return ''
  const { text: color } = paintOf(first)
  if (isBoxDrawing(text)) {
    const cell = { x: margin.x + column * cellWidth, y: yOf(row), width: cellWidth, height: cellHeight }
    return `<path d="${boxPath(text, cell)}" stroke="${color}"/>`
  }
  const decoration = decorationOf(first)
  const attributes = [
    `x="${xOf(column)}"`,
    `y="${round(yOf(row) + baseline)}"`,
    `fill="${color}"`,
    ...(text.length > 1 && isPlain(text[0] ?? '') ? [`textLength="${round(columns * cellWidth)}"`] : []),
    ...(first.isBold ? ['font-weight="700"'] : []),
    ...(first.isItalic ? ['font-style="italic"'] : []),
    ...(decoration === '' ? [] : [`text-decoration="${decoration}"`]),
  ]
  return `<text ${attributes.join(' ')}>${escapeXml(text)}</text>`
}

const drawFrame = (width: number, height: number): readonly string[] => [
  `<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="10" fill="${chrome.background}" stroke="${chrome.edge}"/>`,
  ...[0, 1, 2].map((button) => `<circle cx="${24 + button * 18}" cy="21" r="5.5" fill="${chrome.button}"/>`),
]

/** The picture of a screen. `title` is what screen readers say. */
export const drawScreen = (cells: readonly (readonly Cell[])[], title: string): string => {
  const columns = cells[0]?.length ?? 0
  const width = Math.ceil(2 * margin.x + columns * cellWidth)
  const height = margin.top + cells.length * cellHeight + margin.bottom
  const grounds = cells.flatMap((line, row) => runsOf(line, row, isOneGround).map(drawBackground))
  const texts = cells.flatMap((line, row) => runsOf(line, row, isOneText).map(drawText))
  const families = [...fontFamilies.map((family) => (family.includes(' ') ? `'${family}'` : family)), 'monospace']
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${escapeXml(title)}</title>`,
    ...drawFrame(width, height),
    `<g font-family="${families.join(', ')}" font-size="${size}" xml:space="preserve" style="white-space:pre" stroke-linecap="square">`,
    ...[...grounds, ...texts].filter((element) => element !== ''),
    '</g>',
    '</svg>',
    '',
  ].join('\n')
}
