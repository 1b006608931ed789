import { expect, test } from 'vitest'
import { parsePlan, parseSelect } from '../../src/index.ts'
import { query } from '../support/queries.ts'
import { expectFailure, withRestores } from '../support/restores.ts'

const row7 = { selectors: [parseSelect('thing:7')], columns: null }

const typed = {
  schema: `
    create type mood as enum ('calm', 'loud');
    create type pair as (a int, b text);
    create domain small as int check (value < 10);
    create table thing (
      id int primary key, j json, jb jsonb, list int[], mood mood, moods mood[], pair pair, small small, yes bool,
      length interval, at timestamptz(0), bits bit(3), raw bytea, note varchar(5)
    );`,
  backup: `insert into thing (id, note) values (7, 'old')`,
  live: 'delete from thing',
} as const

test.each([
  ['j', '{"a":  1}', '{"a":  1}'],
  ['jb', '{"a":  1}', '{"a": 1}'],
  ['list', '{1, 2}', '{1,2}'],
  ['mood', 'loud', 'loud'],
  ['moods', '{loud,calm}', '{loud,calm}'],
  ['pair', '(1,"x y")', '(1,"x y")'],
  ['small', '09', '9'],
  ['yes', 'yes', 'true'],
  ['length', '90 minutes', '01:30:00'],
  ['at', '2020-01-01 12:00+02', '2020-01-01 10:00:00+00'],
  ['bits', '101', '101'],
  ['raw', '\\x00ff', '\\x00ff'],
  ['note', '', ''],
])('sets %s to %s', async (column, value, held) => {
  await withRestores(typed, async ({ live, withOpen }) => {
    await withOpen(async (rowgraft) => {
      const plan = await rowgraft.plan(row7, { set: [{ table: 'thing', column, value }] })
      expect(plan.edits).toMatchObject([{ table: 'public.thing', column, by: 'set', rows: 1 }])
      const report = await rowgraft.run(plan)
      expect(report.outcome).toBe('committed')
    })
    const [row] = await query(live, `set timezone = 'UTC'; select ${column}::text as value from thing`).catch(() =>
      query(live, `select ${column}::text as value from thing`),
    )
    expect(row?.value).toBe(held)
  })
})

test.each([
  ['mood', 'odd', /invalid input value for enum/],
  ['small', '11', /violates check constraint/],
  ['note', 'too long', /value too long for type character varying\(5\)/],
  ['at', '2020-01-01 12:00:00.5+00', /would round it/],
  ['bits', '1', /bit string length 1 does not match/],
  ['j', '{', /invalid input syntax for type json/],
])('refuses to set %s to %s', async (column, value, says) => {
  await withRestores(typed, ({ withOpen }) =>
    withOpen((rowgraft) =>
      expectFailure(rowgraft.plan(row7, { set: [{ table: 'thing', column, value }] }), 'usage', says),
    ),
  )
})

test('a plan file holds what is set, and runs by itself', async () => {
  await withRestores(typed, async ({ live, withOpen }) => {
    const set = [{ table: 'thing', column: 'note', value: 'new' }]
    const plan = await withOpen((rowgraft) => rowgraft.plan(row7, { set }))
    expect(plan.options.set).toEqual([{ table: 'public.thing', column: 'note', value: 'new' }])
    await withOpen((rowgraft) => rowgraft.run(parsePlan(JSON.stringify(plan))))
    expect(await query(live, 'select id, note from thing')).toEqual([{ id: '7', note: 'new' }])
    const again = await withOpen((rowgraft) => rowgraft.plan(row7))
    expect(again.steps).toEqual([])
  })
})

test('columns that are put back get what is set', async () => {
  await withRestores({ ...typed, live: `update thing set note = 'edit'` }, async ({ live, withOpen }) => {
    const set = [{ table: 'thing', column: 'note', value: 'new' }]
    await withOpen(async (rowgraft) => {
      const whole = await rowgraft.plan(row7, { set })
      expect({ steps: whole.steps, conflicts: whole.conflicts }).toEqual({ steps: [], conflicts: [] })
      await rowgraft.run(await rowgraft.plan({ ...row7, columns: ['note'] }, { set }))
    })
    expect(await query(live, 'select note from thing')).toEqual([{ note: 'new' }])
  })
})

test('what is set into a reference is checked by rowgraft where triggers are off', async () => {
  const sql = {
    schema: `create table owner (id int primary key);
             create table thing (id int primary key, owner_id int not null references owner);`,
    backup: 'insert into owner values (1), (2); insert into thing values (7, 2)',
    live: 'delete from thing',
  }
  await withRestores(sql, async ({ live, withOpen }) => {
    const set = [{ table: 'thing', column: 'owner_id', value: '1' }]
    const plan = await withOpen((rowgraft) => rowgraft.plan(row7, { set, triggers: 'off' }))
    await query(live, 'delete from owner where id = 1')
    await withOpen((rowgraft) => expectFailure(rowgraft.run(plan), 'verification-failed', /thing_owner_id_fkey/))
  })
})
