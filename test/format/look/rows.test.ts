import { expect, test } from 'vitest'

import { formatDiff, formatRow } from '../../../src/format/look/diff.ts'
import { formatShownRow } from '../../../src/format/look/row.ts'
import { plainStyle } from '../../../src/format/style.ts'

const setting = { width: 80, style: plainStyle }
const states = ['missing', 'changed', 'extra', 'reused', 'restored'] as const

const counts = { missing: 0, changed: 0, deleted: 0, extra: 0, reused: 0, restored: 0, rows: 10 }

test('counts are aligned, and equal tables are only counted', () => {
  const tables = [
    { ...counts, table: 'public.comment', missing: 1279, changed: 4, extra: 118 },
    { ...counts, table: 'public.gallery', missing: 1 },
    { ...counts, table: 'public.tag' },
  ]
  expect(formatDiff(tables, states, setting)).toBe(`\
1,280 missing, 4 changed, 118 only in live, in 2 of 3 tables.

  table    missing  changed  only in live
  comment    1,279        4           118
  gallery        1        0             0

  1 table without a difference
`)
})

test('no difference is said in one line', () => {
  expect(formatDiff([{ ...counts, table: 'public.tag' }], states, setting)).toBe('No differences in 1 table.\n')
  expect(formatDiff([{ ...counts, table: 'public.tag' }], ['missing'], setting)).toBe(
    'Nothing is missing in 1 table.\n',
  )
})

test('a row is one line: what is missing, or live → backup of what changed', () => {
  const missing = {
    table: 'public.photo',
    state: 'missing',
    key: { id: '7' },
    backup: { id: '7', slug: 'dog', caption: null, title: 'A dog in the snow, waiting for somebody to come' },
    live: null,
    columns: [],
  } as const
  expect(formatRow(missing, setting)).toBe(
    '  + missing       7  slug: dog, title: A dog in the snow, waiting for somebody…',
  )
  const changed = {
    ...missing,
    state: 'changed',
    backup: { id: '7', title: 'Dog ', caption: 'x' },
    live: { id: '7', title: 'Cat', caption: null },
    columns: ['title', 'caption'],
  } as const
  expect(formatRow(changed, setting)).toBe('  ~ changed       7  title: Cat → Dog␠, caption: ∅ → x')
})

test('one row stands side by side, changed columns first', () => {
  const row = {
    table: 'public.photo',
    state: 'changed',
    key: { id: '3310' },
    live: { id: '3310', title: 'Dogwood tree', caption: null },
    backup: { id: '3310', title: 'Dogwood', caption: 'In bloom. ' },
    columns: ['title', 'caption'],
    relations: [{ direction: 'child', via: 'comment.fk', table: 'public.comment', live: 1, backup: 1204 }],
  } as const
  expect(formatShownRow(row, setting)).toBe(`\
photo 3310   ~ changed in 2 columns

    column   live          backup
  ▸ title    Dogwood tree  Dogwood
  ▸ caption  ∅             In bloom.␠
    id       3310          =

Relations
         table    live  backup  by
  child  comment     1   1,204  comment.fk
`)
})

test('long values wrap in their column and are cut with their length', () => {
  const row = {
    table: 'public.photo',
    state: 'missing',
    key: { id: '1' },
    live: null,
    backup: { id: '1', body: 'x'.repeat(5000) },
    columns: [],
    relations: [],
  } as const
  const lines = formatShownRow(row, setting).split('\n')
  expect(lines.filter((line) => line.length > 80)).toEqual([])
  expect(lines.at(-2)).toContain('… 5,000 characters')
})
