import fc from 'fast-check'
import { expect, test } from 'vitest'

import { formatCsvLine, rowCsvCells, shownCsvLine } from '../../src/format/csv.ts'

/** Reads one record as RFC 4180 says. */
const readRecord = (text: string): readonly string[] => {
  const cells: string[] = []
  for (const [, quoted, plain = ''] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\n]*))(?:,|\n$)/g)) {
    cells.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'))
  }
  return cells
}

test('quotes what needs quotes', () => {
  expect(formatCsvLine(['public.photo', 'a "b", c', 7, ''])).toBe('public.photo,"a ""b"", c",7,\n')
  expect(formatCsvLine(['two\nlines', ' end '])).toBe('"two\nlines"," end "\n')
})

test('whatever values hold, they are read back as they are', () => {
  const seed = 20261201
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' }), { minLength: 1 }), (cells) => {
      expect(readRecord(formatCsvLine(cells))).toEqual(cells)
    }),
    { seed, numRuns: 500 },
  )
})

test('text that a spreadsheet would compute stays what it is', () => {
  expect(formatCsvLine(['=1+1', '+cmd|x', '-2+3', '@sum'])).toBe('=1+1,+cmd|x,-2+3,@sum\n')
})

test('a terminal is driven by no value', () => {
  expect(shownCsvLine(['a\u001b[2J', 'b\nc'])).toBe('a\\x1b[2J,b\\nc\n')
})

test('a row has its key, what differs, and its values on both sides', () => {
  const key = { id: '-7', part: 'a,b' }
  const backup = { ...key, title: 'old "one"', note: null }
  const live = { ...key, title: 'new', note: '' }
  const row = { table: 'public.photo', state: 'changed', key, backup, live, columns: ['title', 'odd, name'] } as const
  const cells = rowCsvCells(row)
  expect(cells.slice(0, 4)).toEqual(['public.photo', 'changed', '-7,"a,b"', 'title,"odd, name"'])
  expect(cells.slice(4).map((cell) => JSON.parse(cell))).toEqual([backup, live])
  expect(rowCsvCells({ ...row, state: 'missing', live: null, columns: [] }).slice(5)).toEqual([''])
})
