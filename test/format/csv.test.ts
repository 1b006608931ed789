import fc from 'fast-check'
import { expect, test } from 'vitest'

import { formatCsvLine } from '../../src/format/csv.ts'

test('quotes what needs quotes', () => {
  expect(formatCsvLine(['public.photo', 'a "b", c', 7, ''])).toBe('public.photo,"a ""b"", c",7,\n')
})

test('a row is one line, whatever its values hold', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' })), (cells) => {
      expect(formatCsvLine(cells).split(/[\n\r]/)).toHaveLength(2)
    }),
  )
})

test('formulas are text for a spreadsheet, numbers stay numbers', () => {
  expect(formatCsvLine(['=1+1', '+cmd|x', '-2+3', '@sum', '-5', '+1.5', '1e5'])).toBe(
    "'=1+1,'+cmd|x,'-2+3,'@sum,-5,+1.5,1e5\n",
  )
})
