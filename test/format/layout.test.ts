import { expect, test } from 'vitest'
import { breakLines, displayWidth, formatColumns, truncate } from '../../src/format/layout.ts'

const family = '👩‍👩‍👧‍👦'

test('text is as wide as a terminal draws it', () => {
  const widths = { abc: 3, '⌚': 2, '⭐': 2, '⚡': 2, [family]: 2, '🇳🇴': 2, 漢字: 4, é: 1, 'e\u0301': 1, 각: 2, '': 0 }
  expect(Object.fromEntries(Object.keys(widths).map((text) => [text, displayWidth(text)]))).toEqual(widths)
})

test('text is cut between what a reader takes for characters, and is never wider than asked', () => {
  expect(truncate(`ab${family}cd`, 5)).toBe(`ab${family}…`)
  expect(truncate(`ab${family}cd`, 4)).toBe('ab…')
  expect(truncate('e\u0301e\u0301e\u0301', 2)).toBe('e\u0301…')
  expect(breakLines('漢字漢字', 3)).toEqual(['漢', '字', '漢', '字'])
  expect(breakLines(`${family}${family}`, 3)).toEqual([family, family])
})

test('columns stay aligned whatever their cells hold', () => {
  const rows = ['plain', '⭐ star', `${family} family`, '漢字', 'e\u0301te\u0301'].map((cell, row) => [
    cell,
    `row ${row}`,
  ])
  const lines = formatColumns(rows, { width: 60 })
  const starts = lines.map((line) => displayWidth(line.slice(0, line.indexOf('row '))))
  expect(new Set(starts).size).toBe(1)
})
