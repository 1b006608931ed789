/** CSV as RFC 4180 has it, with line feeds. Values are exact: whoever reads them back has what the database holds. */

import { displayKey, packKey } from '../keys/key.ts'
import type { RowReport } from '../look/rows.ts'
import { formatJson, sanitise } from './sanitise.ts'

const formatCell = (text: string): string => (/[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

/** One record of CSV with its line feed. A line break within a value is within quotes. */
export const formatCsvLine = (cells: readonly (string | number)[]): string =>
  `${cells.map((cell) => (typeof cell === 'number' ? String(cell) : formatCell(cell))).join(',')}\n`

/** The same where a terminal shows it: control characters are escapes, so that no value drives it. */
export const shownCsvLine = (cells: readonly (string | number)[]): string =>
  formatCsvLine(cells.map((cell) => (typeof cell === 'number' ? cell : sanitise(cell))))

/** The head of a list of rows. */
export const rowCsvHead = ['table', 'state', 'key', 'columns', 'backup', 'live'] as const

const formatValues = (values: RowReport['backup']): string => (values === null ? '' : formatJson(values))

/**
 * One row: its key as it is typed, the columns that differ as `--columns` takes them, and its values on both sides as JSON objects of
 * text or null, since each table has columns of its own. Nothing stands where a side does not have the row.
 */
export const rowCsvCells = ({ table, state, key, columns, backup, live }: RowReport): readonly string[] => [
  table,
  state,
  displayKey(packKey(Object.values(key))),
  columns.length === 0 ? '' : displayKey(packKey(columns)),
  formatValues(backup),
  formatValues(live),
]
