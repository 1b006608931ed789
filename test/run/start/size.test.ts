import { describe, expect, test } from 'vitest'
import { refuseLarge } from '../../../src/run/start/settle.ts'
import { makePlan } from '../../format/plans.ts'

const sized = (rows: number, bytes: number) =>
  makePlan({
    bytes,
    steps: [{ action: 'insert', table: 'public.t', because: 'selected', via: null, columns: [], rows, keys: [] }],
  })

describe('one transaction', () => {
  test.each([
    [1_000_001, 0, 'the plan writes 1000001 rows in one transaction'],
    [1, 1_500_000_000, 'the plan writes 1 row, about 1.5 GB in one transaction'],
  ])('of %i rows and %i bytes needs a word', (rows, bytes, says) => {
    expect(() => refuseLarge(sized(rows, bytes), { big: false })).toThrow(says)
    expect(() => refuseLarge(sized(rows, bytes), { big: true })).not.toThrow()
  })

  test('of a million rows and a gigabyte does not', () => {
    expect(() => refuseLarge(sized(1_000_000, 1_000_000_000), { big: false })).not.toThrow()
  })
})
