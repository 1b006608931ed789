/** Calls of the public API: each with a signal of its own, on connections that come back. */
import { describe, expect, test } from 'vitest'
import { open, type Rowgraft, type RowList } from '../src/index.ts'
import { withDatabases } from './support/databases.ts'
import { query } from './support/queries.ts'

const sql = {
  schema: `create table tag (id serial primary key, name text not null);
    create table photo (id bigserial primary key, "Title" text, size numeric, taken date, tag integer references tag)`,
  backup: `insert into tag (name) values ('sea'), ('dog');
    insert into photo ("Title", size, taken, tag)
      select case when n % 10 = 0 then null else 'Dog ' || n end, n / 4.0, date '2026-01-01' + n, 1 + n % 2
      from generate_series(1, 40) n`,
  live: `delete from photo where id > 20;
    update photo set "Title" = 'a dog''s life' where id = 3;
    insert into photo (id, "Title", size) values (1000, 'New dog', 7)`,
}

const withOpen = (work: (rowgraft: Rowgraft, live: string) => Promise<void>): Promise<void> =>
  withDatabases(sql, async ({ live, backup }) => {
    const rowgraft = await open({ live, backup, env: {} })
    try {
      await work(rowgraft, live)
    } finally {
      await rowgraft.close()
    }
  })

const keysOf = (list: RowList, indexes: Iterable<number>): readonly string[] =>
  [...indexes].map((index) => list.keyAt(index).join())

const upTo = (from: number, to: number): readonly string[] =>
  Array.from({ length: to - from + 1 }, (_, offset) => String(from + offset))

describe('a call', () => {
  test('that is aborted is cancelled on the server, and the next one works', async () => {
    await withOpen(async (rowgraft, live) => {
      await query(
        live,
        'create or replace function slow() returns boolean language sql as $$ select pg_sleep(60) is null $$',
      )
      const controller = new AbortController()
      const list = await rowgraft.list('photo')
      const locked = query(live, `begin; lock table photo in access exclusive mode; select pg_sleep(1.5); commit`)
      const values = rowgraft.values(list, [0], { signal: controller.signal })
      values.catch(() => undefined)
      controller.abort()
      await expect(values).rejects.toMatchObject({ code: 'interrupted' })
      await locked
      expect((await rowgraft.values(list, [0])).map(({ state }) => state)).toEqual(['missing'])
    })
  })

  test('leaves no transaction open when it is over', async () => {
    await withOpen(async (rowgraft, live) => {
      await rowgraft.incidents()
      await rowgraft.list('photo')
      const states = await query(
        live,
        `select distinct state from pg_stat_activity where application_name = 'rowgraft' and datname = current_database()`,
      )
      expect(states).toEqual([{ state: 'idle' }])
    })
  })

  test('finds its connection again when the server has cut it', async () => {
    await withOpen(async (rowgraft, live) => {
      const cut = `select pg_terminate_backend(pid) from pg_stat_activity
        where application_name = 'rowgraft' and datname = current_database()`
      await query(live, cut)
      // Whether the loss is known by now or only noticed on the way: the one after it works.
      await rowgraft.list('photo').catch(() => undefined)
      expect((await rowgraft.list('photo')).states.missing).toBe(20)
    })
  })

  test('that comes while another is under way waits for it', async () => {
    await withOpen(async (rowgraft) => {
      const [list, report, tables] = await Promise.all([
        rowgraft.list('photo'),
        rowgraft.incidents(),
        rowgraft.tables(),
      ])
      expect([list.length, report.incidents.length, tables.length]).toEqual([22, 1, 2])
    })
  })

  test('is ended by closing', async () => {
    await withOpen(async (rowgraft) => {
      const counting = rowgraft.incidents()
      counting.catch(() => undefined)
      await rowgraft.close()
      await expect(counting).rejects.toMatchObject({ code: 'interrupted' })
    })
  })
})

describe('a list of rows that differ', () => {
  test('has what is missing first, and what only live has last', async () => {
    await withOpen(async (rowgraft) => {
      const list = await rowgraft.list('photo')
      expect(
        keysOf(
          list,
          Array.from({ length: list.length }, (_, index) => index),
        ),
      ).toEqual([...upTo(21, 40), '3', '1000'])
      expect(list.states).toEqual({ missing: 20, changed: 1, deleted: 0, extra: 1, reused: 0, restored: 0 })
      expect([list.stateAt(0), list.stateAt(20), list.changedAt(20), list.stateAt(21)]).toEqual([
        'missing',
        'changed',
        ['Title'],
        'extra',
      ])
      expect(list.columns.filter(({ isNumeric }) => isNumeric).map(({ name }) => name)).toEqual(['id', 'size', 'tag'])
    })
  })

  test('gives the values of a page in the order asked for', async () => {
    await withOpen(async (rowgraft) => {
      const list = await rowgraft.list('photo')
      const rows = await rowgraft.values(list, [21, 20, 0])
      expect(
        rows.map(({ state, key, backup, live }) => [state, key.id, backup?.Title ?? null, live?.Title ?? null]),
      ).toEqual([
        ['extra', '1000', null, 'New dog'],
        ['changed', '3', 'Dog 3', "a dog's life"],
        ['missing', '21', 'Dog 21', null],
      ])
    })
  })

  test.each([
    ['', [...upTo(21, 40), '3', '1000']],
    ['dog', [...upTo(21, 40).filter((id) => Number(id) % 10 !== 0), '3', '1000']],
    ['title ~ dog 2', ['21', '22', '23', '24', '25', '26', '27', '28', '29']],
    ['"Title" = Dog 25', ['25']],
    ['title is null', ['30', '40']],
    ['title is not null and id > 38', ['39', '1000']],
    ['size >= 9.75', ['39', '40']],
    ['taken < 2026-01-23', ['21', '3']],
    ['+', upTo(21, 40)],
    ['~', ['3']],
    ['· dog', ['1000']],
    ['- size = 7', ['1000']],
    ['where "Title" like \'Dog 2%\' and size < 6', ['21', '22', '23']],
    ["title = ''", []],
    ['100%', []],
  ])('is narrowed by %j', async (filter, expected) => {
    await withOpen(async (rowgraft) => {
      const list = await rowgraft.list('photo')
      expect(keysOf(list, (await rowgraft.view(list, { filter })).indexes)).toEqual(expected)
    })
  })

  test.each([
    ['titel = x', '"public.photo" has no column "titel"', 'Did you mean "Title"?'],
    ['size > big', 'the filter cannot be evaluated: invalid input syntax for type numeric: "big"', null],
    ['where nothing', 'the filter cannot be evaluated: column "nothing" does not exist', null],
    ['where true; drop table photo', 'the filter cannot be evaluated: ', null],
    ['id =', 'the filter says nothing after "="', null],
  ])('refuses the filter %j', async (filter, message, hint) => {
    await withOpen(async (rowgraft) => {
      const list = await rowgraft.list('photo')
      const error = await rowgraft.view(list, { filter }).then(
        () => null,
        (thrown: unknown) => thrown,
      )
      expect(error).toMatchObject({ code: 'bad-where', message: expect.stringContaining(message) })
      if (hint !== null) expect(error).toMatchObject({ hint })
    })
  })

  test('is put in order by the server, nulls last', async () => {
    await withOpen(async (rowgraft) => {
      const list = await rowgraft.list('photo', { states: ['missing'] })
      const view = await rowgraft.view(list, { filter: 'id > 36', sort: { column: 'Title', descending: true } })
      expect(keysOf(list, view.indexes)).toEqual(['39', '38', '37', '40'])
    })
  })
})

test('rows of an incident are listed as they were found', async () => {
  await withOpen(async (rowgraft) => {
    const { incidents } = await rowgraft.incidents()
    const list = await rowgraft.incidentRows(incidents[0]?.id ?? '', 'photo')
    expect(
      keysOf(
        list,
        Array.from({ length: list.length }, (_, index) => index),
      ).toSorted(),
    ).toEqual(upTo(21, 40))
  })
})

test('a row says which rows it refers to, by their names', async () => {
  await withOpen(async (rowgraft) => {
    expect(await rowgraft.references('photo', '21')).toEqual([
      { via: 'photo_tag_fkey', columns: ['tag'], table: 'public.tag', key: ['2'], label: 'dog' },
    ])
  })
})

test('of changed rows only the columns that are named are put back, row by row', async () => {
  await withOpen(async (rowgraft, live) => {
    await query(live, 'update photo set size = 99, taken = null where id in (3, 4)')
    const plan = await rowgraft.plan({
      selectors: [
        { by: 'keys', table: 'photo', keys: [['3']], only: ['Title'] },
        { by: 'keys', table: 'photo', keys: [['4'], ['21']], only: ['size', 'taken'] },
      ],
      columns: null,
    })
    expect(plan.conflicts).toEqual([])
    expect((await rowgraft.run(plan)).outcome).toBe('committed')
    expect(
      await query(live, 'select id, "Title", size, taken::text from photo where id in (3, 4, 21) order by id'),
    ).toEqual([
      { id: '3', Title: 'Dog 3', size: '99', taken: null },
      { id: '4', Title: 'Dog 4', size: '1.00000000000000000000', taken: '2026-01-05' },
      { id: '21', Title: 'Dog 21', size: '5.2500000000000000', taken: '2026-01-22' },
    ])
  })
})
