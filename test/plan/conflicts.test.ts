import { describe, expect, test } from 'vitest'

import { answerTo, ConflictLog, makeConflict } from '../../src/plan/conflicts.ts'
import type { Answer, Finding, FindingKind } from '../../src/plan/finding.ts'

const finding = (kind: FindingKind, parts: Partial<Finding> = {}): Finding => ({
  kind,
  table: 'public.photo',
  key: '7',
  constraint: 'photo_slug_key',
  columns: ['slug'],
  values: ['pets'],
  live: ['9'],
  possible: ['skip', 'match'],
  ...parts,
})

const given = (
  byTable: Readonly<Record<string, Answer>> = {},
  byId: Readonly<Record<string, Answer>> = {},
): { byTable: typeof byTable; byId: typeof byId; again: boolean } => ({ byTable, byId, again: false })

describe('the answer to a conflict', () => {
  const conflict = makeConflict(finding('unique taken'))

  test('is stop where nobody has given one', () => {
    expect(answerTo(conflict, given())).toBe('stop')
  })

  test("is its own before its table's, and its table's before everybody's", () => {
    const byTable = { 'public.photo': 'skip', '*': 'match' } as const
    expect(answerTo(conflict, given(byTable, { [conflict.id]: 'match' }))).toBe('match')
    expect(answerTo(conflict, given(byTable))).toBe('skip')
    expect(answerTo(conflict, given({ '*': 'match' }))).toBe('match')
    expect(answerTo(conflict, given({ 'public.tag': 'match' }))).toBe('stop')
  })

  test('is stop where the answer given makes no sense for it', () => {
    expect(answerTo(conflict, given({ '*': 'allocate' }))).toBe('stop')
    expect(answerTo(conflict, given({}, { [conflict.id]: 'overwrite' }))).toBe('stop')
  })

  test('that looks restored is skip, unless it is wanted again', () => {
    const restored = makeConflict(finding('looks restored', { possible: ['skip', 'allocate'] }))
    expect(answerTo(restored, given({ '*': 'match' }))).toBe('skip')
    expect(answerTo(restored, { ...given(), again: true })).toBe('allocate')
    expect(answerTo(restored, given({}, { [restored.id]: 'allocate' }))).toBe('allocate')
  })
})

test('the id of a conflict tells kinds and constraints of one row apart', () => {
  const ids = [
    finding('unique taken'),
    finding('unique taken', { constraint: 'photo_path_key' }),
    finding('key taken', { constraint: null }),
    finding('changed', { constraint: null }),
    finding('unique taken', { key: '8' }),
    finding('unique taken', { table: 'public.tag' }),
  ].map((each) => makeConflict(each).id)
  expect(new Set(ids).size).toBe(ids.length)
})

describe('a log of conflicts', () => {
  test('keeps what was skipped over the rounds, and forgets what is open until it is found again', () => {
    const log = new ConflictLog(given({}, { 'public.photo:7:unique taken:photo_slug_key': 'skip' }))
    expect(log.decide(finding('unique taken'))).toBe('skip')
    expect(log.decide(finding('unique taken', { key: '8' }))).toBe('stop')
    log.nextRound()
    expect(log.conflicts.map(({ key }) => key)).toEqual(['7'])
    expect(log.answers).toEqual({ 'public.photo:7:unique taken:photo_slug_key': 'skip' })
  })

  test('lists a conflict that is found twice once', () => {
    const log = new ConflictLog(given())
    log.decide(finding('unique taken'))
    log.decide(finding('unique taken'))
    expect(log.conflicts).toHaveLength(1)
  })
})
