import { describe, expect, test } from 'vitest'

import { formatPlan } from '../../../src/format/plan/plan.ts'
import { plainStyle } from '../../../src/format/style.ts'
import type { Conflict } from '../../../src/plan/conflicts.ts'
import { defaultPlanOptions } from '../../../src/plan/options.ts'
import type { Plan } from '../../../src/plan/plan.ts'
import { makePlan, makeRelation, makeStep, slugTaken } from '../plans.ts'

const format = (parts: Partial<Plan>, width = 100): string => formatPlan(makePlan(parts), { width, style: plainStyle })

const pets: Partial<Plan> = {
  steps: [
    makeStep('gallery', ['7']),
    makeStep('gallery_photo', ['7,101', '7,102', '7,103'], {
      because: 'link',
      via: 'public.gallery_photo.gallery_photo_gallery_id_fkey',
      allocate: [0, 2],
    }),
    makeStep('comment', ['901', '902'], { because: 'child', via: 'public.comment.comment_gallery_id_fkey' }),
    makeStep('photographer', ['1'], { because: 'parent', via: 'public.gallery_photo.some.fkey' }),
    makeStep('photo', ['101'], {
      action: 'update',
      because: 'survivor',
      columns: ['cover_gallery_id'],
      editedSince: [0],
    }),
  ],
  relations: [makeRelation('gallery_photo', 'some.fkey', 'photographer')],
  leftOut: ['7,77', '7,81'].map((key) => ({
    table: 'public.gallery_photo',
    key,
    reason: { kind: 'end gone', table: 'public.photo', key: key.slice(2), canPull: true },
    isAsked: false,
  })),
  notInBackup: [{ table: 'public.gallery', key: '99' }],
  unchanged: [{ table: 'public.gallery', rows: 1 }],
  alreadyLinked: [{ table: 'public.gallery_photo', rows: 4 }],
  alsoMissing: [{ table: 'public.visit', via: 'public.visit.visit_gallery_id_fkey', rows: 1204, reason: 'without' }],
  lost: [
    { table: 'public.gallery', column: 'theme', values: 1 },
    { table: 'public.gallery', column: 'legacy', values: 0 },
  ],
  triggers: [
    { table: 'public.photo', name: 'touch', events: ['update'], reachesOutside: null, fires: true },
    { table: 'public.comment', name: 'notify', events: ['insert'], reachesOutside: 'NOTIFY', fires: true },
  ],
  sequences: [
    { table: 'public.gallery_photo', column: 'id', sequence: 'public.gallery_photo_id_seq', allocates: 2 },
    { table: 'public.gallery', column: 'id', sequence: 'public.gallery_id_seq', allocates: 0 },
  ],
  defaults: [{ table: 'public.photo', column: 'licence', value: "'unknown'" }],
  narrower: [{ table: 'public.photo', column: 'price', live: 'numeric(8,2)', backup: 'numeric(8,3)' }],
  locksParents: true,
  bytes: 12_345,
}

const orderSequence: Partial<Plan> = {
  sequences: [{ table: 'public.order', column: 'select', sequence: 'public.order_select_seq', allocates: 1 }],
}

describe('the text of a plan', () => {
  test('says what happens to which rows, why, and what stays out', () => {
    expect(format(pets)).toBe(`\
Plan: 7 rows back, 1 re-linked. Nothing has been written yet.

  insert     gallery            1  selected · 7
  insert     gallery_photo      3  links: both ends will be there
                                   2 get a new id (theirs are taken) · 7,101 7,102 7,103
  insert     comment            2  belonged to it · 901 902
  insert     photographer       1  needed by gallery_photo · 1
  update     photo              1  in live; cover_gallery_id was emptied · edited since · 101
  the same   gallery            1  live has it unchanged
  linked     gallery_photo      4  linked already
  left out   gallery_photo      2  photo 77 81 are gone from live too; --links pull brings them
                                   along · 7,77 7,81
  not there  gallery            1  the backup does not have 99
  missing    visit          1,204  belonged to it too (--without visit)
  lost       gallery            1  value of theme, a column that live no longer has

  photo.price is numeric(8,2) in live, numeric(8,3) in the backup: a value that does not fit stops
    the run.
  Takes the default: photo.licence = 'unknown'.
  Fires photo.touch (update), comment.notify (insert; reaches outside: NOTIFY).
  Takes 2 new keys of gallery_photo from gallery_photo_id_seq.
  Raises gallery_id_seq if it is behind.
  One transaction, verified before commit, undoable. Writes about 12 kB.
  Locks the rows it changes and the parents of the rows it inserts, after the transfer, until it
    ends. No table is closed to others.
`)
  })

  test('fits the width', () => {
    for (const width of [60, 80, 100]) {
      const lines = format({ ...pets, conflicts: [slugTaken] }, width).split('\n')
      expect(lines.filter((line) => line.length > width)).toEqual([])
    }
  })

  test('has nothing in it that differs between two plans for the same thing', () => {
    const later = { made: '2027-01-01T00:00:00Z', hash: 'b'.repeat(64), undoes: null }
    expect(format({ ...pets, ...later })).toBe(format(pets))
  })

  test('names the answers to an open conflict with their flags', () => {
    expect(format({ conflicts: [slugTaken] })).toBe(`\
Nothing can be written as it is.

1 conflict needs an answer before anything can be written

 ! gallery 7: slug pets belongs to live row 9 (gallery_slug_key)
     --on-conflict gallery=skip    leave the row out, and what came only because of it
     --on-conflict gallery=match   let live row 9 stand in: what belongs to the row goes to it
`)
  })

  test('keeps to the first of many conflicts alike', () => {
    const conflicts = Array.from({ length: 1200 }, (_, index) => ({ ...slugTaken, id: `${index}` }))
    const text = format({ conflicts })
    expect(text).toContain('1,200 conflicts need an answer')
    expect(text).toContain('   and 1,195 more like these\n')
    expect(text.split('\n').length).toBeLessThan(20)
  })

  test('says how a conflict was answered', () => {
    const text = format({ ...pets, conflicts: [slugTaken], answers: { [slugTaken.id]: 'match' } })
    expect(text).toContain(`\
1 conflict, answered
  gallery 7: slug pets belongs to live row 9 (gallery_slug_key) · match, let live row 9 stand in:
    what belongs to the row goes to it
`)
  })

  test('offers the flags that settle triggers, columns and rows restored before', () => {
    const triggers = { ...slugTaken, kind: 'triggers', answers: [] } as const
    const changed = { ...slugTaken, kind: 'changed', columns: ['title', 'caption'] } as const
    const restored = { ...slugTaken, kind: 'looks restored', answers: [{ answer: 'allocate' }] } as const
    expect(format({ conflicts: [triggers] })).toContain('--triggers fire   let it reach outside\n')
    expect(format({ conflicts: [changed] })).toContain('--columns title,caption ')
    expect(format({ conflicts: [restored] })).toContain('     --again   insert it beside live row 9\n')
  })

  test('says why there is nothing to do', () => {
    const standIns = [{ table: 'public.gallery', why: 'restored', backup: [['7']], live: [['11']] }] as const
    expect(format({ standIns })).toBe(
      'Nothing to restore: it is back already.\n\n  is back  gallery  1  as live row 11\n',
    )
    const matched = [{ ...standIns[0], why: 'match' }] as const
    expect(format({ standIns: matched })).toContain('Nothing to restore: live rows stand in for all of it.\n')
    expect(format({ unchanged: [{ table: 'public.gallery', rows: 1 }] })).toBe(
      'Nothing to restore: live has it unchanged.\n',
    )
    expect(format({ notInBackup: [{ table: 'public.gallery', key: '9' }] })).toContain('the backup does not have it.')
    expect(format({})).toBe('Nothing to restore: nothing of this is missing.\n')
  })

  test('of an undo says what it takes away and puts back', () => {
    const text = format({
      undoes: 'k3f9',
      steps: [
        makeStep('photo', ['101'], { action: 'update', because: 'undo', columns: ['cover_gallery_id'] }),
        makeStep('gallery', ['7'], { action: 'delete', because: 'undo' }),
      ],
      bytes: 80,
    })
    expect(text).toBe(`\
Undo: 1 row deleted, 1 put back as before. Nothing has been written yet.

  update  photo    1  cover_gallery_id as before the run · 101
  delete  gallery  1  inserted by the run · 7

  One transaction, verified before commit, undoable. Writes about 80 bytes.
  Locks the rows it changes, after the transfer, until it ends. No table is closed to others.
`)
  })

  test('says where new keys come from under --keys new, and which live rows stand in', () => {
    const text = format({
      options: { ...defaultPlanOptions, keys: 'new', acceptTrigger: ['public.photo.updated_at'] },
      steps: [
        makeStep('gallery', ['7', '8'], { allocate: 'all' }),
        makeStep('photo', ['1'], { action: 'update', live: [['5']], columns: ['title', 'slug'] }),
      ],
      sequences: [{ table: 'public.gallery', column: 'id', sequence: null, allocates: 2 }],
    })
    expect(text).toContain('selected · all get a new id (--keys new) · 7 8\n')
    expect(text).toContain("selected · takes the backup's title, slug · 1 as live 5\n")
    expect(text).toContain('Makes 2 new keys of gallery as max(id) + 1, and locks the table for that.\n')
    expect(text).toContain('Accepts what triggers put into photo.updated_at.\n')
  })

  test('lists steps that read alike as one, and what was selected first', () => {
    const text = format({
      steps: [
        makeStep('team', ['2', '9'], { because: 'parent', via: 'public.match.home_fkey', allocate: [1] }),
        makeStep('team', ['3']),
        makeStep('match', ['52', '54'], { because: 'child', via: 'public.match.home_fkey', allocate: 'all' }),
        makeStep('match', ['9', '53'], { because: 'child', via: 'public.match.guest_fkey' }),
        makeStep('team', ['4', '10'], { because: 'parent', via: 'public.match.guest_fkey' }),
      ],
      relations: [makeRelation('match', 'home_fkey', 'team'), makeRelation('match', 'guest_fkey', 'team')],
    })
    expect(text).toContain(`\
  insert  team   1  selected · 3
  insert  team   4  needed by match · 1 gets a new key (its own is taken) · 2 4 9 10
  insert  match  4  belonged to it · 2 get a new key (theirs are taken) · 9 52 53 54
`)
  })

  test('names the rows that were edited since, and those whose reference is left empty', () => {
    const relinked = makeStep('photo', ['101', '102', '103'], {
      action: 'update',
      because: 'survivor',
      columns: ['cover_id'],
      editedSince: [2],
    })
    const fellBack = { ...relinked, editedSince: [], isAtDefault: true }
    const nulled = [{ columns: ['album_id'], rows: [1] }]
    expect(format({ steps: [relinked] })).toContain('cover_id was emptied · edited since: 103 · 101 102 103\n')
    expect(format({ steps: [fellBack] })).toContain('in live; cover_id fell back to its default · 101 102 103\n')
    expect(format({ steps: [makeStep('photo', ['4', '5'], { nulled })] })).toContain(
      'album_id is left empty in 5: its parent is gone · 4 5\n',
    )
  })

  test('with open conflicts says what it takes to run it, and nothing about how it runs', () => {
    expect(format({ ...pets, conflicts: [slugTaken] })).toMatch(
      /^7 rows back, 1 re-linked, once 1 conflict is answered\. Nothing has been written yet\.\n/,
    )
    expect(format({ ...pets, conflicts: [slugTaken] })).not.toMatch(/Locks|Fires|Raises|One transaction/)
  })

  test('names no one live row for several conflicts', () => {
    const other = { ...slugTaken, id: 'other', live: ['8'] }
    const text = format({ conflicts: [slugTaken, other] })
    expect(text).toContain('leave the row out, and what came only because of it\n')
    expect(text).toContain('let the live row stand in: what belongs to the row goes to it\n')
  })

  test('of rows that are back already says as what, and asks nothing', () => {
    const restored = (key: string, live: string): Conflict => ({
      ...slugTaken,
      id: `public.artist:${key}:looks restored`,
      kind: 'looks restored',
      table: 'public.artist',
      key,
      live: [live],
    })
    const conflicts = [restored('1', '276'), restored('2', '277')]
    const answers = Object.fromEntries(conflicts.map(({ id }) => [id, 'skip'] as const))
    expect(format({ conflicts: conflicts.slice(0, 1), answers })).toBe(
      'Nothing to restore: it is back already.\n\n  is back  artist  1  as live row 276\n',
    )
    expect(format({ conflicts, answers })).toContain('  is back  artist  2  as other live rows · 1 → 276 · 2 → 277\n')
  })

  test('quotes reserved words', () => {
    const text = format({ steps: [makeStep('order', ['7'], { allocate: 'all' })], ...orderSequence })
    expect(text).toContain('insert  "order"  1  selected · gets a new "select" (its own is taken) · 7\n')
    expect(text).toContain('Takes 1 new key of "order" from order_select_seq.\n')
  })

  test('lists deletes in the order they run', () => {
    const undo = (table: string) => makeStep(table, ['7'], { action: 'delete', because: 'undo' })
    const text = format({ undoes: 'k3f9', steps: [undo('gallery'), undo('page'), undo('note')] })
    expect(text.match(/(?<=delete +)\w+/g)).toEqual(['note', 'page', 'gallery'])
  })

  test('lists eight keys, and quotes those that need it', () => {
    const keys = Array.from({ length: 9 }, (_, index) => `k ${index}`)
    expect(format({ steps: [makeStep('tag', keys)] })).toContain('"k 6" "k 7" …\n')
  })

  test('says of rows that stay out what a plan of before says, which has no facts', () => {
    const leftOut = ['77', '81'].map((key) => ({
      table: 'public.gallery_photo',
      key: `7,${key}`,
      why: `public.photo ${key} is gone from live too`,
      isAsked: false,
    }))
    expect(format({ leftOut })).toContain(
      ['77', '81']
        .map((key) => `  left out  gallery_photo  1  public.photo ${key} is gone from live too · 7,${key}\n`)
        .join(''),
    )
  })

  test('cannot be driven by what a database holds', () => {
    const text = format({
      steps: [makeStep('a\x1b[2Jb', ['\x1b]0;x\x07\u202e'])],
      leftOut: [
        { table: 'public.t\n', key: '\r', why: 'because\x9b', isAsked: true },
        ...['\x9b', '\x07'].map((key) => {
          const reason = { kind: 'end gone', table: 'public.u\n', key, canPull: true } as const
          return { table: 'public.t', key, reason, isAsked: true }
        }),
      ],
    })
    expect(text).not.toMatch(/[^\P{Cc}\n]|\p{Cf}/u)
  })
})
