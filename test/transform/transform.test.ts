import { describe, expect, test } from 'vitest'
import { type Config, parsePlan, parseSelect } from '../../src/index.ts'
import { query } from '../support/queries.ts'
import { expectFailure, withRestores } from '../support/restores.ts'

type Transform = NonNullable<Config['transforms']>[string]

const sql = {
  schema: `
    create table album (id int primary key);
    create table photo (id int primary key, album_id int not null references album, title text, gone text, size int);`,
  backup: `insert into album values (1), (2); insert into photo values (7, 1, 'cat', 'x', 3), (8, 1, 'dog', null, 4)`,
  live: 'delete from photo; alter table photo drop column gone; alter table photo add column rank int default 1',
} as const

const photos = { selectors: [parseSelect('photo:7'), parseSelect('photo:8')], columns: null }

const withTransform = (photo: Transform): { readonly config: Config } => ({ config: { transforms: { photo } } })

describe('a transform is refused that', () => {
  test.each<readonly [string, Transform, RegExp]>([
    [
      'fails',
      () => Promise.reject(new Error('no network')),
      /the transform of "public.photo" fails: no network\nIt was given row 7/,
    ],
    ['gives no row', (() => 'x') as unknown as Transform, /gives no row/],
    [
      'gives a number',
      ((row: object) => ({ ...row, size: 3 })) as unknown as Transform,
      /gives size a value that is no text/,
    ],
    ['gives a text that is none', (row) => ({ ...row, title: '\ud800' }), /gives title a value that is no text/],
    ['leaves a column out', ({ title: _, ...row }) => row, /gives no title/],
    ['gives an unknown column', (row) => ({ ...row, nope: 'x' }), /gives nope, which live does not have/],
    [
      'gives a column with a default',
      (row) => ({ ...row, rank: '2' }),
      /gives rank, which live fills with its default/,
    ],
    ['changes what live does not have', (row) => ({ ...row, gone: 'y' }), /changes gone, which live does not store/],
    ['changes the key', (row) => ({ ...row, id: '9' }), /changes id, by which rows are recognised/],
    ['changes a reference', (row) => ({ ...row, album_id: '2' }), /changes album_id, by which rows are recognised/],
    [
      'gives what live does not take',
      (row) => ({ ...row, size: 'big' }),
      /gives what live does not take: invalid input/,
    ],
  ])('%s', async (_, transform, says) => {
    await withRestores(sql, ({ live, withOpen }) =>
      withOpen(async (rowgraft) => {
        await expectFailure(rowgraft.plan(photos), 'not-restorable', says)
        expect(await query(live, 'select id from photo')).toEqual([])
      }, withTransform(transform)),
    )
  })
})

test('a plan file runs with the same config file, and with no other', async () => {
  await withRestores(sql, async ({ live, withOpen }) => {
    const upper: Transform = async (row, { table, key }) => ({ ...row, title: `${row.title} ${table} ${key.id}` })
    const plan = await withOpen((rowgraft) => rowgraft.plan(photos), withTransform(upper))
    expect({ edits: plan.edits, lost: plan.lost }).toEqual({
      edits: [{ table: 'public.photo', column: 'title', by: 'transform', rows: 2 }],
      lost: [{ table: 'public.photo', column: 'gone', values: 1 }],
    })
    const file = parsePlan(JSON.stringify(plan))
    await withOpen((rowgraft) => expectFailure(rowgraft.run(file), 'plan-stale', /transforms other tables/))
    await withOpen(
      (rowgraft) => expectFailure(rowgraft.run(file), 'plan-stale', /not those the plan was made from/),
      withTransform((row) => ({ ...row, title: 'other' })),
    )
    await withOpen(
      (rowgraft) => expectFailure(rowgraft.run(file), 'plan-stale', /leaves out row 8/),
      withTransform((row, context) => (row.id === '8' ? null : upper(row, context))),
    )
    const report = await withOpen((rowgraft) => rowgraft.run(file), withTransform(upper))
    expect(report.outcome).toBe('committed')
    expect(await query(live, 'select id, title from photo order by id')).toEqual([
      { id: '7', title: 'cat public.photo 7' },
      { id: '8', title: 'dog public.photo 8' },
    ])
  })
})

test('what was transformed looks restored, with the journal and without', async () => {
  const own = {
    schema: `create table note (id serial primary key, title text not null unique, made timestamptz default now());`,
    backup: `insert into note values (7, 'cat', '2020-01-01Z')`,
    live: `delete from note; insert into note values (7, 'new', '2026-01-01Z')`,
  }
  const config = { transforms: { note: (row) => ({ ...row, title: `${row.title}!` }) } } satisfies Config
  const note7 = { selectors: [parseSelect('note:7')], columns: null }
  await withRestores(own, async ({ live, journal, withOpen }) => {
    const restore = (folder: string): Promise<unknown> =>
      withOpen(async (rowgraft) => rowgraft.run(await rowgraft.plan(note7)), { config, journal: folder })
    await restore(journal)
    await restore(journal)
    await restore(`${journal}/other`)
    expect(await query(live, 'select title from note order by id')).toEqual([{ title: 'new' }, { title: 'cat!' }])
  })
})

test('uniques are asked about what is written', async () => {
  const own = {
    schema: `create table note (id int primary key, title text not null unique, body text);`,
    backup: `insert into note values (7, 'cat', 'soft')`,
    live: `delete from note; insert into note values (9, 'CAT', 'loud')`,
  }
  const config = {
    transforms: { note: (row) => ({ ...row, title: row.title?.toUpperCase() ?? null }) },
  } satisfies Config
  await withRestores(own, ({ withOpen }) =>
    withOpen(
      async (rowgraft) => {
        const plan = await rowgraft.plan({ selectors: [parseSelect('note:7')], columns: null })
        expect(plan.conflicts).toMatchObject([{ kind: 'unique taken', values: ['CAT'], live: ['9'] }])
      },
      { config },
    ),
  )
})

test('thousands of rows go through in batches', async () => {
  const own = {
    schema: `create table note (id int primary key, title text not null);`,
    backup: `insert into note select n, 'note ' || n from generate_series(1, 2500) n`,
    live: `delete from note where id > 1`,
  }
  const config = {
    transforms: { note: (row) => (row.id === '2' ? null : { ...row, title: `${row.title}!` }) },
  } satisfies Config
  await withRestores(own, async ({ live, withOpen }) => {
    await withOpen(
      async (rowgraft) =>
        rowgraft.run(await rowgraft.plan({ selectors: [{ by: 'all missing', table: 'public.note' }], columns: null })),
      { config },
    )
    expect(
      await query(
        live,
        `select count(*)::text as rows, count(*) filter (where title = 'note ' || id || '!')::text as made from note`,
      ),
    ).toEqual([{ rows: '2499', made: '2498' }])
  })
})
