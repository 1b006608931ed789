import type { IBuffer, IBufferCell } from '@xterm/headless'

/** A colour as programs give it: the terminal's own, one of its palette of 256, or `#rrggbb`. */
export type CellColor = 'default' | number | `#${string}`

/** How characters look. */
export interface CellStyle {
  readonly foreground: CellColor
  readonly background: CellColor
  readonly isBold: boolean
  readonly isDim: boolean
  readonly isItalic: boolean
  readonly isUnderlined: boolean
  readonly isInverse: boolean
  readonly isStruck: boolean
}

/** One cell of the screen. */
export interface Cell extends CellStyle {
  /** What is in it; a blank where nothing was written, nothing in the right half of a wide character. */
  readonly text: string
  /** 2 for a wide character, 0 for its right half. */
  readonly width: number
}

const hex = (value: number): `#${string}` => `#${value.toString(16).padStart(6, '0')}`

const readCell = (cell: IBufferCell): Cell => ({
  text: cell.getWidth() === 0 ? '' : cell.getChars() || ' ',
  width: cell.getWidth(),
  foreground: cell.isFgDefault() ? 'default' : cell.isFgRGB() ? hex(cell.getFgColor()) : cell.getFgColor(),
  background: cell.isBgDefault() ? 'default' : cell.isBgRGB() ? hex(cell.getBgColor()) : cell.getBgColor(),
  isBold: cell.isBold() !== 0,
  isDim: cell.isDim() !== 0,
  isItalic: cell.isItalic() !== 0,
  isUnderlined: cell.isUnderline() !== 0,
  isInverse: cell.isInverse() !== 0,
  isStruck: cell.isStrikethrough() !== 0,
})

/** The cells of what is on screen, line by line. */
export const readCells = (buffer: IBuffer, columns: number, rows: number): readonly (readonly Cell[])[] =>
  Array.from({ length: rows }, (_, row) => {
    const line = buffer.getLine(buffer.baseY + row)
    return Array.from({ length: columns }, (_, column) => {
      const cell = line?.getCell(column)
      if (cell === undefined) throw new Error(`the screen has no cell ${column} in line ${row}`)
      return readCell(cell)
    })
  })

/** Lines from `first` on, blanks at their ends cut off. */
export const readLines = (buffer: IBuffer, first: number, count: number): readonly string[] =>
  Array.from(
    { length: count },
    (_, row) =>
      buffer
        .getLine(first + row)
        ?.translateToString(true)
        .trimEnd() ?? '',
  )
