import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

import { type Attempts, withAttempts } from '../../support/attempts.ts'
import { query } from '../../support/queries.ts'

/** A plan with one conflict of every kind that takes an answer: nothing of it can be written as it is. */
const sides = {
  schema: `
    create table gallery (id serial primary key, slug text unique, title text, created_at date);
    create table photo (id serial primary key, gallery integer not null references gallery on delete cascade, title text);
    create table stay (id serial primary key, nights int4range, exclude using gist (nights with &&));
    create type mood as enum ('glad', 'sad');
    create table day (id integer primary key, mood mood);`,
  backup: `
    insert into gallery values (1, 'pets', 'Pets', '2025-01-01'), (2, 'sea', 'Sea', '2025-01-01'), (3, 'snow', 'Snow', '2025-01-01');
    insert into photo values (1, 1, 'cat'), (2, 2, 'gull'), (3, 3, 'sled');
    insert into stay values (1, '[1,5)');
    insert into day values (1, 'sad');
    select setval('gallery_id_seq', 20), setval('photo_id_seq', 20), setval('stay_id_seq', 20);`,
  live: `
    delete from gallery where id in (1, 2); update gallery set title = 'White' where id = 3;
    insert into gallery values (1, 'wedding', 'Ours', '2026-01-01'), (9, 'sea', 'Seaside', '2026-01-01');
    delete from stay; insert into stay values (9, '[3,4)');
    delete from day; alter table day alter mood type text; drop type mood;
    create type mood as enum ('glad'); alter table day alter mood type mood using mood::mood;`,
} as const

const selection = ['gallery:1', 'gallery:2', 'gallery:3', 'stay:1', 'day:1'].flatMap((row) => ['--select', row])

interface PlanFile {
  readonly conflicts: readonly { readonly id: string; readonly answers: readonly { readonly answer: string }[] }[]
  readonly answers: Readonly<Record<string, string>>
}

/** Saves the plan with these answers in its file, and returns what restoring it comes to. */
const restoreWith = async (attempts: Attempts, answers: Readonly<Record<string, string>>) => {
  const file = join(attempts.journal, 'plan.json')
  expect((await attempts.rowgraft(['plan', ...selection, '--out', file])).exit).toBe(4)
  const plan = JSON.parse(await readFile(file, 'utf8')) as PlanFile
  await writeFile(file, JSON.stringify({ ...plan, answers: { ...plan.answers, ...answers } }))
  return { plan, ...(await attempts.rowgraft(['restore', file, '--yes'])) }
}

const answered = {
  'public.gallery:1:key taken:gallery_pkey': 'allocate',
  'public.gallery:2:unique taken:gallery_slug_key': 'match',
  'public.gallery:3:changed': 'overwrite',
  'public.stay:1:exclusion:stay_nights_excl': 'overwrite',
  'public.day:1:enum label': 'skip',
} as const

describe('the answers of a plan file', () => {
  test('settle conflicts of every kind, row by row', async () => {
    await withAttempts(sides, async (attempts) => {
      const { plan, exit, stdout, stderr } = await restoreWith(attempts, answered)
      expect(plan.conflicts.map(({ id }) => id).sort()).toEqual(Object.keys(answered).sort())
      expect(exit, stdout + stderr).toBe(7)
      expect(await query(attempts.live, 'select id, slug, title from gallery order by id')).toEqual([
        { id: '1', slug: 'wedding', title: 'Ours' },
        { id: '3', slug: 'snow', title: 'Snow' },
        { id: '9', slug: 'sea', title: 'Seaside' },
        { id: '21', slug: 'pets', title: 'Pets' },
      ])
      expect(await query(attempts.live, 'select id, gallery from photo order by id')).toEqual([
        { id: '1', gallery: '21' },
        { id: '2', gallery: '9' },
        { id: '3', gallery: '3' },
      ])
      expect(await query(attempts.live, 'select id, nights from stay')).toEqual([{ id: '9', nights: '[1,5)' }])
    })
  })

  test('leave a conflict open that none of them is for', async () => {
    await withAttempts(sides, async (attempts) => {
      const { 'public.day:1:enum label': _, ...rest } = answered
      const { exit, stdout } = await restoreWith(attempts, rest)
      expect({ exit, stdout }).toEqual({ exit: 4, stdout: expect.stringContaining('! day 1: mood') })
    })
  })

  test.each(Object.keys(answered))('are refused where they do not fit, with those that do: %s', async (id) => {
    await withAttempts(sides, async (attempts) => {
      const { plan, exit, stderr } = await restoreWith(attempts, { ...answered, [id]: 'sell' })
      const possible = plan.conflicts.find((conflict) => conflict.id === id)?.answers.map(({ answer }) => answer) ?? []
      expect(possible).toContain('stop')
      const words = stderr.replace(/\s+/g, ' ')
      expect({ exit, words }).toEqual({ exit: 4, words: expect.stringContaining(possible.join(', ')) })
    })
  })
})
