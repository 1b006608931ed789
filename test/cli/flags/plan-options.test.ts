import { describe, expect, test } from 'vitest'

import { parseDuration } from '../../../src/cli/flags/durations.ts'
import { readPlanOptions, resolveTable } from '../../../src/cli/flags/plan-options.ts'

const tables = ['public.photo', 'public."Odd.Name"', 'archive.photo', 'archive.log', 'other.log'].map((table) => ({
  table,
}))

describe('tables', () => {
  test.each([
    ['photo', 'public.photo'],
    ['PHOTO', 'public.photo'],
    ['archive.photo', 'archive.photo'],
    ['"Odd.Name"', 'public."Odd.Name"'],
  ])('%s is %s', (typed, id) => {
    expect(resolveTable(typed, tables)).toBe(id)
  })

  test('unknown ones are refused with those that are known', () => {
    expect(() => resolveTable('fotos', tables)).toThrow('there is no table "fotos"')
    expect(() => resolveTable('log', tables)).toThrow('the name "log" fits several tables')
  })
})

test('flags become the options that were given, and no others', async () => {
  const options = await readPlanOptions(
    {
      children: 'none',
      without: ['archive.log'],
      onConflict: [
        { rows: null, answer: 'skip' },
        { rows: 'photo', answer: 'match' },
        { rows: 'photo:7', answer: 'overwrite' },
        { rows: '"Odd.Name":3,"a, b"', answer: 'allocate' },
      ],
      acceptTrigger: ['photo.updated_at', '"Odd.Name"."By Whom"'],
      triggers: 'off',
    },
    async () => tables,
  )
  expect(options).toEqual({
    children: 'none',
    without: ['archive.log'],
    onConflict: {
      '*': 'skip',
      'public.photo': 'match',
      'public.photo:7': 'overwrite',
      'public."Odd.Name":3,"a, b"': 'allocate',
    },
    acceptTrigger: ['public.photo.updated_at', 'public."Odd.Name".By Whom'],
    triggers: 'off',
  })
})

test.each([
  ['30s', 30_000],
  ['5min', 300_000],
  ['500ms', 500],
  ['1.5s', 1_500],
  ['2', 2_000],
  ['1h', 3_600_000],
])('%s is %i ms', (typed, milliseconds) => {
  expect(parseDuration(typed)).toBe(milliseconds)
})
