import { expect, test } from 'vitest'

import { withDatabases } from './databases.ts'
import { dumpRows, query } from './queries.ts'

const sql = {
  schema: 'create table photo (title text, id integer primary key)',
  backup: `insert into photo values ('cat', 1), ('dog', 2)`,
  live: 'delete from photo where id = 1',
}

test('live has seen what the backup has not', async () => {
  await withDatabases(sql, async ({ live, backup }) => {
    expect(await dumpRows(backup)).toEqual(['public.photo\t(1,cat)', 'public.photo\t(2,dog)'])
    expect(await dumpRows(live)).toEqual(['public.photo\t(2,dog)'])
  })
})

test('one text makes two equal databases', async () => {
  await withDatabases('create table t (a integer); insert into t values (1)', async ({ live, backup }) => {
    expect(await dumpRows(live)).toEqual(await dumpRows(backup))
    expect(await query(live, 'select a, null as b from t')).toEqual([{ a: '1', b: null }])
  })
})

test('what one test writes no other test sees', async () => {
  const writeTwice = withDatabases(sql, async ({ live }) => {
    await query(live, `insert into photo values ('eel', 3)`)
    return dumpRows(live)
  })
  expect(await Promise.all([writeTwice, withDatabases(sql, ({ live }) => dumpRows(live))])).toEqual([
    ['public.photo\t(2,dog)', 'public.photo\t(3,eel)'],
    ['public.photo\t(2,dog)'],
  ])
})

test('partitions show through their root, and a parent without its children', async () => {
  const tables = `
    create table log (day date, note text) partition by range (day);
    create table log_2026 partition of log for values from ('2026-01-01') to ('2027-01-01');
    insert into log values ('2026-02-03', 'in');
    create table base (a integer);
    create table derived () inherits (base);
    insert into base values (1);
    insert into derived values (2);
    create table empty ();
    insert into empty default values`
  await withDatabases(tables, async ({ live }) => {
    expect(await dumpRows(live)).toEqual([
      'public.base\t(1)',
      'public.derived\t(2)',
      'public.empty\t()',
      'public.log\t(2026-02-03,in)',
    ])
  })
})
