import { describe, expect, test } from 'vitest'
import type { Plan } from '../../../src/index.ts'
import { keysOf } from '../../../src/keys/key-columns.ts'
import { refuse, shareAttempts } from '../../support/attempts.ts'

const sql = {
  schema: `
    create table publisher (id integer primary key);
    create table author (id integer primary key, publisher integer not null references publisher, agent integer references author);
    create table book (id integer primary key, author integer not null references author on delete cascade);
    create table chapter (id integer primary key, book integer not null references book on delete cascade);
    create table review (id integer primary key, book integer references book);
    create table award (id integer primary key, book integer not null references book on delete restrict);
    create table shelf (id integer primary key, book integer references book on delete set null);
    create table tag (id integer primary key);
    create table book_tag (book integer references book on delete cascade, tag integer references tag on delete cascade, primary key (book, tag))`,
  backup: `
    insert into publisher values (1), (2);
    insert into author values (1, 1, null), (2, 1, 1), (3, 2, null);
    insert into book values (10, 1), (11, 1), (20, 2);
    insert into chapter values (100, 10), (101, 10), (110, 11);
    insert into review values (200, 10), (201, 11);
    insert into award values (300, 10);
    insert into shelf values (400, 10), (401, 11), (402, 20);
    insert into tag values (1), (2), (3);
    insert into book_tag values (10, 1), (10, 2), (11, 3), (20, 1)`,
  live: `
    delete from award; delete from review; update author set agent = null; delete from author where id = 1;
    delete from author where id = 3; delete from publisher where id = 2; delete from tag where id = 2`,
}

const shared = shareAttempts(sql)

/** What a plan writes: table and keys, with `~` for an update. */
const planned = async (...argv: readonly string[]): Promise<{ steps: readonly string[]; plan: Plan }> => {
  const { stdout, stderr } = await shared().rowgraft(['plan', ...argv, '--json'])
  expect(stderr).toBe('')
  const plan = JSON.parse(stdout) as Plan
  const steps = new Map<string, string[]>()
  for (const { action, table, keys } of plan.steps) {
    const name = `${action === 'update' ? '~' : ''}${table.replace('public.', '')}`
    const rows = keysOf(keys).map((key) => key.replaceAll('\0', ','))
    steps.set(name, [...(steps.get(name) ?? []), ...rows])
  }
  return { steps: [...steps].map(([name, rows]) => `${name} ${rows.sort().join(' ')}`).sort(), plan }
}

const everything = [
  'author 1',
  'award 300',
  'book 10 11',
  'book_tag 10,1 11,3',
  'chapter 100 101 110',
  'review 200 201',
  '~author 2',
  '~shelf 400 401',
]

describe('without any flag', () => {
  test('everything that belonged to a row comes along, and what its links lack is named', async () => {
    const { steps, plan } = await planned('author', '1')
    expect(steps).toEqual(everything)
    expect(plan.leftOut).toEqual([
      expect.objectContaining({
        table: 'public.book_tag',
        key: '10,2',
        why: expect.stringContaining('public.tag 2 is gone'),
      }),
    ])
  })

  test('a leaf brings its ancestors, and none of their other children', async () => {
    expect((await planned('chapter', '110')).steps).toEqual(['author 1', 'book 11', 'chapter 110'])
  })

  test('a link that was selected brings both ends', async () => {
    expect((await planned('book_tag', '10,2')).steps).toEqual(['author 1', 'book 10', 'book_tag 10,2', 'tag 2'])
  })
})

describe('--children', () => {
  test('cascade leaves the rest, which is counted', async () => {
    const { steps, plan } = await planned('author', '1', '--children', 'cascade')
    expect(steps).toEqual(everything.filter((step) => !/^(award|review)/.test(step)))
    expect(plan.alsoMissing.map(({ table, rows }) => `${table} ${rows}`).sort()).toEqual([
      'public.award 1',
      'public.review 2',
    ])
  })

  test('none brings the row alone, with what refers to it in live', async () => {
    expect((await planned('author', '1', '--children', 'none')).steps).toEqual(['author 1', '~author 2'])
  })
})

describe('--links', () => {
  test('none leaves links out', async () => {
    expect((await planned('author', '1', '--links', 'none')).steps).toEqual(
      everything.filter((step) => !step.startsWith('book_tag')),
    )
  })

  test('pull brings the ends that are gone too, but not those of a table left out', async () => {
    const pulled = await planned('author', '1', '--links', 'pull')
    expect(pulled.steps).toEqual(
      [...everything.map((step) => step.replace('10,1 11,3', '10,1 10,2 11,3')), 'tag 2'].sort(),
    )
    expect(pulled.plan.leftOut).toEqual([])
    const without = await planned('author', '1', '--links', 'pull', '--without', 'tag')
    expect(without.steps).toEqual(everything)
    expect(without.plan.leftOut).toHaveLength(1)
  })
})

describe('--relink', () => {
  test('none leaves rows of live as they are', async () => {
    expect((await planned('author', '1', '--relink', 'none')).steps).toEqual(
      everything.filter((step) => !step.startsWith('~')),
    )
  })

  test('all writes every one', async () => {
    expect((await planned('author', '1', '--relink', 'all')).steps).toEqual(everything)
  })
})

describe('--without', () => {
  test('leaves a table out, with everything that only came because of it', async () => {
    expect((await planned('author', '1', '--without', 'book')).steps).toEqual(['author 1', '~author 2'])
    expect((await planned('author', '1', '--without', 'chapter', '--without', 'public.review')).steps).toEqual(
      everything.filter((step) => !/^(chapter|review)/.test(step)),
    )
  })

  test('of a parent that a row needs is a conflict', async () => {
    const { plan } = await planned('chapter', '110', '--without', 'book')
    expect(plan.conflicts).toMatchObject([{ kind: 'missing parent', table: 'public.chapter', key: '110' }])
    await refuse(shared(), ['restore', 'chapter', '110', '--without', 'book', '--yes'], {
      exit: 4,
      says: ['1 conflict needs an answer'],
    })
  })

  test('of a table that is not there is refused', async () => {
    await refuse(shared(), ['plan', 'author', '1', '--without', 'nowhere'], {
      exit: 2,
      says: ['there is no table "nowhere"'],
    })
  })
})

describe('--parents', () => {
  test('restore brings a parent that is gone', async () => {
    expect((await planned('author', '3')).steps).toEqual(['author 3', 'publisher 2'])
  })

  test.each(['stop', 'null'])('%s makes a parent that is gone a conflict where the column is NOT NULL', async (how) => {
    const { plan } = await planned('author', '3', '--parents', how)
    expect(plan.conflicts).toMatchObject([
      { kind: 'missing parent', table: 'public.author', key: '3', text: expect.stringContaining(`--parents ${how}`) },
    ])
    await refuse(shared(), ['restore', 'author', '3', '--parents', how, '--yes'], {
      exit: 4,
      says: ['1 conflict needs an answer'],
    })
  })

  test('skip as the answer leaves the row out, and the plan is incomplete', async () => {
    const { exit, stdout } = await shared().rowgraft([
      'restore',
      'author',
      '3',
      '--parents',
      'stop',
      '--on-conflict',
      'skip',
      '--yes',
      '--json',
    ])
    expect(exit).toBe(7)
    expect(JSON.parse(stdout)).toMatchObject({
      outcome: 'nothing',
      complete: false,
      leftOut: [{ table: 'public.author', key: '3' }],
    })
  })
})

describe('--keys', () => {
  test('new makes every key anew, keep none', async () => {
    const { plan } = await planned('author', '1', '--keys', 'new')
    const inserted = plan.steps.filter(({ action }) => action === 'insert')
    expect(inserted.map(({ table, allocate }) => [table, allocate === 'all'])).toEqual(
      inserted.map(({ table }) => [table, table !== 'public.book_tag']),
    )
    const kept = await planned('author', '1', '--keys', 'keep')
    expect(kept.plan.steps.every(({ allocate }) => allocate === undefined)).toBe(true)
    expect(kept.steps).toEqual(everything)
  })
})
