import { describe, expect, test } from 'vitest'

import { formatReport } from '../../../src/format/run/report.ts'
import { plainStyle } from '../../../src/format/style.ts'
import type { Plan } from '../../../src/plan/plan.ts'
import type { Report } from '../../../src/run/run.ts'
import { makePlan, makeReport, makeStep } from '../plans.ts'

const format = (report: Partial<Report>, plan: Partial<Plan> = {}): string =>
  formatReport(makeReport(report), makePlan(plan), { width: 100, style: plainStyle })

const counts = { inserted: 0, updated: 0, deleted: 0, linked: 0, skipped: 0 }

describe('the text of a report', () => {
  test('says what is back, under which keys, what is not, and how to undo it', () => {
    const text = format(
      {
        tables: [
          { ...counts, table: 'public.gallery', inserted: 1 },
          { ...counts, table: 'public.gallery_photo', inserted: 94, linked: 2 },
          { ...counts, table: 'public.photo', updated: 14 },
        ],
        keys: [{ table: 'public.gallery', backup: { id: '7' }, live: { id: '12' } }],
        changedKeys: [{ table: 'public.gallery', rows: 1 }],
        leftOut: [
          {
            table: 'public.gallery_photo',
            key: '7,77',
            reason: { kind: 'end gone', table: 'public.photo', key: '77', canPull: false },
          },
        ],
        triggerChanges: [{ table: 'public.photo', column: 'updated_at', rows: 14 }],
        remains: [{ kind: 'sequence', sequence: 'public.gallery_id_seq' }],
      },
      { steps: [makeStep('photo', ['1'], { action: 'update', because: 'survivor' })] },
    )
    expect(text).toBe(`\
95 rows back, 14 re-linked, in 0.6 s: verified against the backup, committed.

  gallery         1  inserted, 1 new key
  gallery_photo  94  inserted, 2 linked already
  photo          14  re-linked

New keys
  gallery  7 → 12

  left out  gallery_photo  1  photo 77 is gone from live too · 7,77

  A trigger changed photo.updated_at in 14 rows; that was accepted.
  An undo does not take back: sequence gallery_id_seq stays raised.

  Run k3f9. Undo: rowgraft undo k3f9
`)
  })

  test('counts rows that nobody can name, and says "some" where nobody can count them', () => {
    const unseen = { kind: 'cannot be compared', parent: 'public.gallery', refusal: 'no primary key' } as const
    const text = format({
      tables: [
        { ...counts, table: 'public.note', skipped: 3 },
        { ...counts, table: 'public.visit' },
      ],
      leftOut: [
        { table: 'public.note', key: '*', why: 'no primary key', reason: { ...unseen, rows: 3 } },
        { table: 'public.visit', key: '*', why: 'no primary key', reason: unseen },
      ],
    })
    expect(text).toMatch(/^ {2}note +3 {2}left out$/m)
    expect(text).toMatch(/^ {2}visit +some {2}left out$/m)
    expect(text).toMatch(/^ {2}left out {2}note +3 {2}rows of it/m)
    expect(text).toMatch(/^ {2}left out {2}visit +some {2}rows of it/m)
  })

  test('of a rehearsal says that live is unchanged, and names no run to undo', () => {
    const text = format({ outcome: 'rehearsed', tables: [{ ...counts, table: 'public.gallery', inserted: 1 }] })
    expect(text).toContain('rolled back (a rehearsal): live is unchanged.')
    expect(text).not.toContain('undo')
  })

  test('says that not everything is back', () => {
    expect(format({ complete: false })).toContain('Not everything that was asked for is back.')
  })

  test('lists twenty new keys and counts the rest', () => {
    const keys = Array.from({ length: 25 }, (_, n) => ({
      table: 'public.t',
      backup: { id: `${n}` },
      live: { id: `${n + 90}` },
    }))
    const changedKeys = [{ table: 'public.t', rows: 25 }]
    expect(format({ keys, changedKeys })).toContain('  and 5 more; --json lists all\n')
  })

  test('promises no list of more new keys than a report tells', () => {
    const keys = [{ table: 'public.t', backup: { id: '1' }, live: { id: '2' } }]
    const changedKeys = [{ table: 'public.t', rows: 12_000 }]
    expect(format({ keys, changedKeys })).toContain('  and 11,999 more\n')
  })

  test('says which rows of triggers made way', () => {
    const replaced = [{ table: 'public.profile', rows: 2, by: [{ table: 'public.users', trigger: 'make_profile' }] }]
    expect(format({ replaced })).toContain(
      "2 rows of profile that a trigger had just made (users.make_profile) made way for the backup's.",
    )
  })

  test('of an undo says what was deleted and put back', () => {
    const tables = [{ ...counts, table: 'public.gallery', deleted: 6, updated: 1 }]
    expect(format({ tables, elapsed: 65_400 }, { undoes: 'a1' })).toContain(
      '6 rows deleted, 1 put back as before, in 1 min 5 s: verified, committed.',
    )
  })
})
