/** CSV (RFC 4180) that a spreadsheet does not take for formulas. */
import { sanitise } from './sanitise.ts'

const number = /^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$/

const formatCell = (text: string): string => {
  const safe = sanitise(text)
  const plain = /^[=+\-@]/.test(safe) && !number.test(safe) ? `'${safe}` : safe
  return /[",]|^\s|\s$/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain
}

/** One line of CSV with its line feed. Control characters are escaped, so that a row is always one line. */
export const formatCsvLine = (cells: readonly (string | number)[]): string =>
  `${cells.map((cell) => (typeof cell === 'number' ? String(cell) : formatCell(cell))).join(',')}\n`
