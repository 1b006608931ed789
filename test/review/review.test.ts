import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Plan } from '../../src/index.ts'
import { command } from '../support/command.ts'
import type { DatabaseSql } from '../support/databases.ts'
import { query } from '../support/queries.ts'
import { gallery, type Restores, withRestores } from '../support/restores.ts'

/** Saves the plan that brings gallery 7 back, and runs `work` with its path. */
const withPlan = <T>(work: (restores: Restores, path: string) => Promise<T>, sql: DatabaseSql = gallery): Promise<T> =>
  withRestores(sql, async (restores) => {
    const path = join(restores.journal, 'plan.json')
    const planned = await command(['plan', 'gallery', '7', '--out', path], { env: restores.env })
    expect(planned.exit, planned.stderr).toBe(0)
    return work(restores, path)
  })

describe('show plan.json <table> <key>', () => {
  test('says why a row is in the plan, back to the selected one', () =>
    withPlan(async (_, path) => {
      const { exit, stdout } = await command(['show', path, 'comment', '11'])
      expect({ exit, stdout }).toEqual({
        exit: 0,
        stdout: `comment 11 is inserted: it belonged to gallery 7 (gallery_id)
  gallery 7 is inserted: it was selected
`,
      })
    }))

  test('says of a live row which reference is put back', () =>
    withPlan(async (_, path) => {
      const { stdout } = await command(['show', path, 'photo', '1'])
      expect(stdout).toBe(`photo 1 is updated: its gallery_id pointed to gallery 7, and was emptied
  gallery 7 is inserted: it was selected
`)
    }))

  test('is data with --json', () =>
    withPlan(async (_, path) => {
      const { stdout } = await command(['show', path, 'comment', '11', '--json'])
      const via = 'public.comment.comment_gallery_id_fkey'
      expect(JSON.parse(stdout)).toEqual({
        v: 1,
        chain: [
          { table: 'public.comment', keys: [['11']], action: 'insert', because: 'child', via, newKey: false },
          { table: 'public.gallery', keys: [['7']], action: 'insert', because: 'selected', via: null, newKey: false },
        ],
      })
    }))

  test('refuses a row that the plan does not write', () =>
    withPlan(async (_, path) => {
      const { exit, stderr } = await command(['show', path, 'comment', '99'])
      expect({ exit, stderr }).toEqual({
        exit: 2,
        stderr: expect.stringContaining('the plan writes no row 99 of "public.comment"'),
      })
    }))
})

describe('show plan.json <table> <key> --values', () => {
  const both = {
    ...gallery,
    live: 'update photo set gallery_id = null; delete from photo where id = 3; delete from gallery',
  }
  const withBoth = (
    argv: readonly string[],
    work: (restores: Restores, path: string) => Promise<void>,
  ): Promise<void> =>
    withRestores(both, async (restores) => {
      const path = join(restores.journal, 'plan.json')
      expect(await command(['plan', ...argv, '--out', path], { env: restores.env })).toMatchObject({ exit: 0 })
      await work(restores, path)
    })

  test('tells which of several rows it belonged to, and the plan alone does not', () =>
    withBoth(['gallery', '7', '8'], async ({ env }, path) => {
      const alone = await command(['show', path, 'comment', '13'])
      expect(alone).toMatchObject({
        stdout: expect.stringContaining('it belonged to one of 2 rows of gallery (7 8)'),
        stderr: 'Which of them the backup tells: add --values.\n',
      })
      const { exit, stdout, stderr } = await command(['show', path, 'comment', '13', '--values'], { env })
      expect({ exit, stdout, stderr }).toEqual({
        exit: 0,
        stderr: '',
        stdout: `comment 13 is inserted: it belonged to gallery 8 (gallery_id)
  gallery 8 is inserted: it was selected
`,
      })
    }))

  test('tells which row needs a parent', () =>
    withBoth(['comment', '11', '13'], async ({ env }, path) => {
      const { stdout } = await command(['show', path, 'gallery', '8', '--values', '--json'], { env })
      expect(JSON.parse(stdout)).toMatchObject({
        chain: [
          { table: 'public.gallery', keys: [['8']], because: 'parent' },
          { table: 'public.comment', keys: [['13']], because: 'selected' },
        ],
      })
    }))

  test('refuses a row that the plan does not write', () =>
    withBoth(['gallery', '7'], async ({ env }, path) => {
      const { exit, stderr } = await command(['show', path, 'comment', '13', '--values'], { env })
      expect({ exit, stderr }).toEqual({ exit: 2, stderr: expect.stringContaining('the plan writes no row 13 of') })
    }))
})

describe('show plan.json --values', () => {
  test('shows every row with the values it gets, NULL and what could drive a terminal made visible', () =>
    withPlan(
      async ({ env }, path) => {
        const { exit, stdout } = await command(['show', path, '--values'], { env })
        expect({ exit, stdout }).toEqual({
          exit: 0,
          stdout: `insert gallery 7
  id     7
  slug   pets
  title  Pets

insert comment 11
  id          11
  gallery_id  7
  body        ∅

insert comment 12
  id          12
  gallery_id  7
  body        \\x1b[2J

update photo 1
  gallery_id  7

update photo 2
  gallery_id  7

`,
        })
      },
      {
        ...gallery,
        backup: `${gallery.backup}; update comment set body = case id when 12 then e'\\x1b[2J' end where id < 13`,
      },
    ))

  test('cuts a long value in the text, and gives all of it in JSON', () =>
    withPlan(
      async ({ env }, path) => {
        const { stdout } = await command(['show', path, '--values'], { env })
        expect(stdout).toContain('… 100,000 characters')
        expect(stdout.length).toBeLessThan(2000)
        const { stdout: lines } = await command(['show', path, '--values', '--json'], { env })
        const [first = ''] = lines.split('\n')
        const row = JSON.parse(first) as { values: { title: string } }
        expect(row).toMatchObject({ v: 1, action: 'insert', table: 'public.gallery', key: { id: '7' }, isNew: false })
        expect(row.values.title.length).toBe(100_000)
      },
      { ...gallery, backup: `${gallery.backup}; update gallery set title = repeat('x', 100000) where id = 7` },
    ))

  test('needs a plan', async () => {
    const { exit, stderr } = await command(['show', 'gallery', '7', '--values'])
    expect({ exit, stderr }).toEqual({ exit: 2, stderr: expect.stringContaining('--values needs a plan file') })
  })
})

describe('a plan says', () => {
  test('which publications and slots get what it writes', () =>
    withRestores(gallery, async ({ live, env }) => {
      await query(
        live,
        'create publication news for table gallery, photo; create publication gone for table comment with (publish = $$delete$$)',
      )
      const { stdout } = await command(['plan', 'gallery', '7'], { env })
      expect(stdout).toContain('Published by news (gallery, photo): subscribers get what it writes.')
      const { stdout: json } = await command(['plan', 'gallery', '7', '--json'], { env })
      const { footprint } = JSON.parse(json) as Plan
      expect(footprint?.publications).toEqual([{ publication: 'news', tables: ['public.gallery', 'public.photo'] }])
    }))

  test('which privileges it uses, and where sequences go', () =>
    withRestores(gallery, async ({ env }) => {
      const { stdout } = await command(['plan', 'gallery', '7', '--keys', 'new', '--json'], { env })
      const { footprint, sequences } = JSON.parse(stdout) as Plan
      expect(footprint?.privileges).toEqual([
        { privilege: 'select, insert', kind: 'table', on: ['public.comment', 'public.gallery'] },
        { privilege: 'select, update (gallery_id)', kind: 'table', on: ['public.photo'] },
        { privilege: 'usage, select', kind: 'sequence', on: ['public.comment_id_seq', 'public.gallery_id_seq'] },
        { privilege: 'temporary', kind: 'database', on: [expect.stringMatching(/^live_/)] },
      ])
      expect(sequences.map(({ sequence, next, after }) => [sequence, next, after])).toEqual([
        ['public.gallery_id_seq', '10', '11'],
        ['public.comment_id_seq', '15', '17'],
      ])
    }))
})
