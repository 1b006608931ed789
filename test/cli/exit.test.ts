import { describe, expect, test } from 'vitest'

import { exitCodeOfError, exitCodeOfReport } from '../../src/cli/exit.ts'
import type { ErrorCode } from '../../src/errors.ts'
import type { RunOutcome } from '../../src/run/run.ts'
import { makeReport } from '../format/plans.ts'

describe('exit codes', () => {
  test.each<[ErrorCode, number]>([
    ['usage', 2],
    ['bad-conninfo', 2],
    ['unknown-table', 2],
    ['cannot-connect', 3],
    ['authentication-failed', 3],
    ['decision-needed', 4],
    ['plan-stale', 4],
    ['verification-failed', 5],
    ['connection-lost', 5],
    ['outcome-unknown', 6],
    ['interrupted', 130],
  ])('%s is %i', (code, exit) => {
    expect(exitCodeOfError(code)).toBe(exit)
  })

  test.each<[RunOutcome, number]>([
    ['committed', 0],
    ['nothing', 0],
    ['rehearsed', 0],
    ['refused', 4],
    ['rolled-back', 5],
    ['unknown', 6],
    ['partial', 8],
  ])('a run that ended %s is %i', (outcome, exit) => {
    expect(exitCodeOfReport(makeReport({ outcome }), { strict: false })).toBe(exit)
  })

  test('something asked for that is not back is 7', () => {
    const lacking = makeReport({ outcome: 'nothing', notInBackup: [{ table: 'public.photo', key: '99' }] })
    expect(exitCodeOfReport(makeReport({ complete: false }), { strict: false })).toBe(7)
    expect(exitCodeOfReport(lacking, { strict: false })).toBe(7)
  })

  test('anything left out is 7 under --strict alone', () => {
    const report = makeReport({ leftOut: [{ table: 'public.photo', key: '7', why: 'gone' }] })
    expect(exitCodeOfReport(report, { strict: false })).toBe(0)
    expect(exitCodeOfReport(report, { strict: true })).toBe(7)
  })
})
