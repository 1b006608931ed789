import { describe, expect, test } from 'vitest'
import type { Incident, Rowgraft } from '../../../../src/index.ts'
import { type DatabasePair, withDatabases } from '../../../support/databases.ts'
import { withRowgraft } from '../../../support/incidents.ts'
import { query } from '../../../support/queries.ts'

const shop = {
  schema: `
    create table category (id int primary key, name text);
    create table product (
      id int primary key, name text, sku text, price numeric(10,2), weight double precision, stock int, category_id int references category,
      due date, at timestamptz, "Odd ""Name" text, is_new boolean, first text, second text, updated_at timestamptz);`,
  backup: `
    insert into category select n, 'Category ' || n from generate_series(1, 7) n;
    insert into product
    select n, 'Product ' || n, 'SKU-' || n, n * 7.13, n * 0.37, n % 50, 1 + n % 6, date '2026-01-01' + n % 300,
           timestamptz '2026-01-01 10:00+00' + n * interval '9 hours', '  odd ' || n || ' ', n % 3 = 0, 'a' || n, 'b' || n,
           timestamptz '2026-02-01 00:00+00'
    from generate_series(1, 240) n`,
}

/** Statements of a transaction each. */
const each = (...statements: readonly string[]): string =>
  statements.map((statement) => `begin; ${statement}; commit;`).join(' ')

/** The statement that an incident looks like, and how well it fits; what was set where there is none. */
const describeOverwritten = ({ overwrite, condition, rows }: Incident): string => {
  const counts = condition === null ? `${rows} rows` : `${condition.hits} of ${condition.of}`
  const sets = overwrite?.sets.map(({ column, value }) => `${column} = ${value}`).join(', ')
  return `${overwrite?.statement ?? sets}: ${counts}${overwrite?.editedSince ? `, ${overwrite.editedSince} edited` : ''}`
}

const findOverwritten = async (rowgraft: Rowgraft): Promise<readonly string[]> =>
  (await rowgraft.overwritten()).incidents.map(describeOverwritten)

const found = (
  live: string,
  sql: { readonly schema: string; readonly backup: string } = shop,
): Promise<readonly string[]> => withDatabases({ ...sql, live }, (pair) => withRowgraft(pair, findOverwritten))

/** Puts back what one incident overwrote. */
const restore = async (rowgraft: Rowgraft, id: string): Promise<void> => {
  const plan = await rowgraft.plan({ selectors: [{ by: 'incident', id }], columns: null })
  await rowgraft.run(plan)
}

const readAll = (url: string, table: string): Promise<readonly unknown[]> =>
  query(url, `select to_jsonb(t) as row from ${table} t order by to_jsonb(t)::text`)

describe('an UPDATE is told by what it set', () => {
  const updates: readonly (readonly [what: string, set: string])[] = [
    ['one value', `stock = 0, is_new = false`],
    ['nothing', `name = NULL`],
    ['an empty text', `name = ''`],
    ['a product', `price = price * 1.1`],
    ['a product of floats', `weight = weight * 2.5`],
    ['a division of integers', `stock = stock / 2`],
    ['a sum', `price = price + 5`],
    ['a difference', `stock = stock - 3`],
    ['a shifted reference', `category_id = category_id + 1`],
    ['a day', `at = at + interval '1 day'`],
    ['a month', `at = at + interval '1 month'`],
    ['days', `due = due + 14`],
    ['lower case', `sku = lower(sku)`],
    ['upper case', `name = upper(name)`],
    ['no blanks', `"Odd ""Name" = trim("Odd ""Name")`],
    ['something behind', `sku = sku || '-old'`],
    ['something before', `sku = 'X' || sku`],
    ['a part', `name = left(name, 9)`],
    ['another text in it', `sku = replace(sku, 'SKU-', 'ART/')`],
    ['columns that changed places', `first = second, second = first`],
    ['a copy', `first = second`],
    ['the opposite', `is_new = NOT is_new`],
  ]
  test.each(updates)('%s', async (_, set) => {
    const statement = `UPDATE product SET ${set} WHERE id between 60 and 140`
    const [only, ...others] = await found(statement)
    expect(others).toEqual([])
    const [own] = (only ?? '').split(': ')
    expect(own?.split(' SET ')[1]?.split(' WHERE ')[0]).toBe(set)
    expect(only).toMatch(/ WHERE id between 60 and 140: 81 of 81$/)
  })
})

describe('overwritten rows', () => {
  test('that are all of a table need no condition', async () => {
    expect(await found(`update product set stock = 999`)).toEqual(['UPDATE product SET stock = 999: 240 of 240'])
  })

  test('are told by the transaction that wrote them, whatever was changed one by one', async () => {
    const live = each(
      'update product set stock = -1 where category_id = 2',
      `update product set name = 'one' where id = 7`,
      'update product set price = 1 where id = 8',
      'update product set stock = 5 where id = 13',
      `update product set name = 'renamed' where id = 19`,
      'delete from product where id = 25',
    )
    await withDatabases({ ...shop, live }, (pair) =>
      withRowgraft(pair, async (rowgraft) => {
        const report = await rowgraft.overwritten()
        expect(report.incidents.map(describeOverwritten)).toEqual([
          'UPDATE product SET stock = -1 WHERE category_id = 2: 38 of 39, 1 edited',
        ])
        expect(report.changedSince).toEqual([{ table: 'public.product', rows: 1 }])
        await restore(rowgraft, report.incidents[0]?.id ?? '')
        expect(
          await query(pair.live, 'select id, name, stock from product where id in (13, 19, 31) order by 1'),
        ).toEqual([
          { id: '13', name: 'Product 13', stock: '5' },
          { id: '19', name: 'renamed', stock: '19' },
          { id: '31', name: 'Product 31', stock: '31' },
        ])
        expect((await rowgraft.overwritten()).incidents).toEqual([])
      }),
    )
  })

  test('of two transactions over the same column are two incidents', async () => {
    const live = each(
      'update product set price = 0 where category_id = 1',
      'update product set price = price * 2 where category_id = 4',
    )
    expect((await found(live)).toSorted()).toEqual([
      'UPDATE product SET price = 0.00 WHERE category_id = 1: 40 of 40',
      'UPDATE product SET price = price * 2 WHERE category_id = 4: 40 of 40',
    ])
  })

  test('that transactions one after the other wrote alike are one incident', async () => {
    const ids = Array.from({ length: 240 }, (_, n) => n + 1).filter((n) => n % 6 === 4)
    const live = each(...ids.map((id) => `update product set name = 'gone' where id = ${id}`))
    expect(await found(`begin; ${live}; commit`)).toEqual([
      `UPDATE product SET name = 'gone' WHERE category_id = 5: 40 of 40`,
    ])
  })

  test('that have nothing in common are no incident where each has a value of its own', async () => {
    expect(await found(`update product set name = md5(id::text), stock = (id * 7919) % 97 where id % 5 = 0`)).toEqual(
      [],
    )
  })

  test('keep what a trigger wrote into them', async () => {
    const schema = `${shop.schema}
      create function touch() returns trigger language plpgsql as $$ begin new.updated_at := now(); return new; end $$;`
    const live = `
      create trigger touch before update on product for each row execute function touch();
      update product set is_new = true`
    await withDatabases({ ...shop, schema, live }, (pair) =>
      withRowgraft(pair, async (rowgraft) => {
        const { incidents, changedSince } = await rowgraft.overwritten()
        expect(incidents.map(describeOverwritten)).toEqual(['UPDATE product SET is_new = true: 240 of 240'])
        expect(incidents[0]?.overwrite?.touched).toEqual(['updated_at'])
        expect(changedSince).toEqual([])
        await restore(rowgraft, incidents[0]?.id ?? '')
        expect(await query(pair.live, 'select count(*) from product where is_new')).toEqual([{ count: '80' }])
      }),
    )
  })

  test('take what the UPDATE itself wrote of when they were touched', async () => {
    const live = `update product set stock = 0, updated_at = '2026-03-01 12:00+00' where category_id = 6`
    expect(await found(live)).toEqual([
      `UPDATE product SET stock = 0, updated_at = '2026-03-01 12:00:00+00' WHERE category_id = 6: 40 of 40`,
    ])
  })

  test('are no incident where what they referred to is gone: that is told with the deletion', async () => {
    const schema = `
      create table artist (id int primary key, name text);
      create table song (id int primary key, artist_id int references artist on delete set null)`
    const backup = `insert into artist values (1, 'A'), (2, 'B'); insert into song select n, 1 + n % 2 from generate_series(1, 60) n`
    await withDatabases({ schema, backup, live: 'delete from artist where id = 1' }, (pair) =>
      withRowgraft(pair, async (rowgraft) => {
        expect(await rowgraft.overwritten()).toEqual({ incidents: [], changedSince: [], notCompared: [] })
      }),
    )
  })

  test.each([
    ['composite keys', 'a int, b text', `n, 'k' || n % 7`, 'a, b'],
    ['uuids', 'a uuid', `md5(n::text)::uuid`, 'a'],
    ['quoted names', '"Key" int', 'n', '"Key"'],
  ])('are found and put back by %s', async (_, columns, values, key) => {
    const schema = `create table "Odd Table" (${columns}, "group" int, "Value" text, primary key (${key}))`
    const backup = `insert into "Odd Table" select ${values}, n % 4, 'Value ' || n from generate_series(1, 60) n`
    const live = `update "Odd Table" set "Value" = upper("Value") where "group" = 2`
    await withDatabases({ schema, backup, live }, (pair) =>
      withRowgraft(pair, async (rowgraft) => {
        const { incidents } = await rowgraft.overwritten()
        expect(incidents.map(describeOverwritten)).toEqual([
          `UPDATE "Odd Table" SET "Value" = upper("Value") WHERE "group" = 2: 15 of 15`,
        ])
        await restore(rowgraft, incidents[0]?.id ?? '')
        expect(await readAll(pair.live, '"Odd Table"')).toEqual(await readAll(pair.backup, '"Odd Table"'))
      }),
    )
  })

  test('are found through the root of partitions', async () => {
    const schema = `
      create table event (id int, day date not null, kind text, primary key (id, day)) partition by range (day);
      create table event_1 partition of event for values from ('2026-01-01') to ('2026-02-01');
      create table event_2 partition of event for values from ('2026-02-01') to ('2026-03-01')`
    const backup = `insert into event select n, date '2026-01-01' + n % 58, 'kind ' || n % 3 from generate_series(1, 90) n`
    expect(await found(`update event set kind = 'none' where kind = 'kind 1'`, { schema, backup })).toEqual([
      `UPDATE event SET kind = 'none' WHERE kind = 'kind 1': 30 of 30`,
    ])
  })
})

test('a very large table waits until it is asked for', async () => {
  const schema = `create table large (id int primary key, kind text)`
  const pretend = `update pg_class set reltuples = 6000000 where relname = 'large'`
  const backup = `insert into large select n, 'kind' from generate_series(1, 50) n; ${pretend}`
  await withDatabases({ schema, backup, live: `update large set kind = 'other'` }, (pair: DatabasePair) =>
    withRowgraft(pair, async (rowgraft) => {
      expect(await rowgraft.overwritten()).toEqual({ incidents: [], changedSince: [], notCompared: ['public.large'] })
      const { incidents } = await rowgraft.overwritten({ large: 'look' })
      expect(incidents.map(describeOverwritten)).toEqual([`UPDATE large SET kind = 'other': 50 of 50`])
    }),
  )
})
