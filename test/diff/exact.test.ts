import { describe, expect, test } from 'vitest'

import { open, type RowReport } from '../../src/index.ts'
import { refuse, withAttempts } from '../support/attempts.ts'
import type { DatabaseSql } from '../support/databases.ts'
import { dumpRows, query } from '../support/queries.ts'

/** Every difference of table `t`, one line each: state, key, differing columns. */
const differences = (sql: DatabaseSql): Promise<readonly string[]> =>
  withAttempts(sql, async ({ live, backup }) => {
    const rowgraft = await open({ live, backup })
    const lines: string[] = []
    try {
      for await (const row of rowgraft.rows({ tables: ['t'] })) lines.push(lineOf(row))
      const count = (state: string): number => lines.filter((line) => line.startsWith(`${state} `)).length
      for await (const counts of rowgraft.diff({ tables: ['t'] })) {
        const [missing, changed, extra] = [count('missing'), count('changed'), count('extra')]
        expect(counts).toMatchObject({ missing, changed, extra, reused: 0, restored: 0 })
      }
    } finally {
      await rowgraft.close()
    }
    return lines
  })

const lineOf = ({ state, key, columns }: RowReport): string =>
  `${state} ${Object.values(key).join(',')}${columns.length === 0 ? '' : `: ${columns.join(',')}`}`

describe('values', () => {
  test('that read differently differ, also where the server holds them to be equal', async () => {
    const pairs = [
      ['numeric', '1.0', '1.00'],
      ['numeric', '1e2', '100.0'],
      ['double precision', '0', '-0'],
      ['real', '0', '-0'],
      ['json', '{"a":1}', '{"a": 1}'],
      ['json', '{"a":1,"b":2}', '{"b":2,"a":1}'],
      ['jsonb', '[1.0]', '[1]'],
      ['text', 'a', 'a '],
      ['text', 'é', 'e\u0301'],
      ['text', 'a', 'A'],
      ['interval', '1 day', '24:00:00'],
      ['interval', '1 mon', '30 days'],
      ['integer[]', '{1,2}', '[0:1]={1,2}'],
      ['text[]', '{NULL}', '{"NULL"}'],
      ['text[]', '{}', '{""}'],
      ['bit varying', '01', '1'],
      ['timestamptz', '2026-01-01 00:00:00+00', '2026-01-01 00:00:00.000001+00'],
      ['bytea', '\\x00', '\\x'],
      ['numrange', '[1.0,2)', '[1.00,2)'],
    ] as const
    const columns = pairs.map(([type], at) => `c${at} ${type}`)
    const then = pairs.map(([, value]) => `'${value}'`)
    const sql = {
      schema: `create table t (id integer primary key, ${columns.join(', ')})`,
      backup: `insert into t select id, ${then.join(', ')} from generate_series(0, ${pairs.length}) as id`,
      live: pairs.map(([, , now], at) => `update t set c${at} = '${now}' where id = ${at}`).join(';'),
    }
    expect([...(await differences(sql))].sort()).toEqual(pairs.map((_, at) => `changed ${at}: c${at}`).sort())
  })

  test('of type char(n) are padded on both sides alike, and an empty text is no NULL', async () => {
    const sql = {
      schema: 'create table t (id integer primary key, c char(5), v varchar(5), n text)',
      backup: `insert into t values (1, 'ab', 'ab', ''), (2, '', '', null), (3, null, null, 'x')`,
      live: `update t set c = 'ab   ' where id = 1; update t set n = '', v = null where id = 2; update t set c = '' where id = 3`,
    }
    expect(await differences(sql)).toEqual(['changed 2: v,n', 'changed 3: c'])
  })

  test('are compared by the names of their columns, not by their order', async () => {
    const sql = {
      schema: 'create table t (id integer primary key, a text, b text)',
      backup: `insert into t values (1, 'a', 'b'), (2, 'a', 'b')`,
      live: `alter table t rename to old; create table t (b text, a text, id integer primary key);
        insert into t select b, a, id from old; drop table old; update t set a = 'b', b = 'a' where id = 2`,
    }
    expect(await differences(sql)).toEqual(['changed 2: b,a'])
  })

  test('of one column are not those of its neighbour', async () => {
    const sql = {
      schema: 'create table t (id integer primary key, a text, b text)',
      backup: `insert into t values (1, 'x', null), (2, null, 'x'), (3, 'a,b', ''), (4, '', '(,)')`,
      live: `update t set a = b, b = a where id < 3; update t set a = 'a', b = 'b,' where id = 3`,
    }
    expect(await differences(sql)).toEqual(['changed 1: a,b', 'changed 2: a,b', 'changed 3: a,b'])
  })

  test('that live computes, and its own new columns, are not compared', async () => {
    const sql = {
      schema: 'create table t (id integer primary key, a integer, twice integer generated always as (a * 2) stored)',
      backup: 'insert into t values (1, 1)',
      live: 'alter table t drop column twice; alter table t add twice integer generated always as (a * 20) stored, add extra text default 1',
    }
    expect(await differences(sql)).toEqual([])
  })
})

describe('keys', () => {
  const moved = (type: string, keys: readonly string[], live = ''): DatabaseSql => ({
    schema: `create table t (k ${type} primary key, v integer)`,
    backup: keys.map((key) => `insert into t values (${key}, 1)`).join(';'),
    live: `delete from t where k = ${keys[0]}; update t set v = 2 where k = ${keys[1]}; ${live}`,
  })

  test('of negative and large numbers are merged in their order', async () => {
    const keys = ['-9223372036854775808', '9223372036854775807', '-1', '-10', '-2', '0', '9', '10', '100', '99']
    expect(await differences(moved('bigint', keys, 'insert into t values (-11, 1), (1000, 1)'))).toEqual([
      'missing -9223372036854775808',
      'extra -11',
      'extra 1000',
      'changed 9223372036854775807: v',
    ])
  })

  test('of type uuid are merged in their order', async () => {
    const keys = [
      'ffffffff-0000-4000-8000-000000000000',
      '00000000-0000-4000-8000-00000000000a',
      'a0000000-0000-4000-8000-000000000000',
    ]
    const quoted = keys.map((key) => `'${key}'`)
    expect(
      await differences(moved('uuid', quoted, `insert into t values ('0a000000-0000-4000-8000-000000000000', 1)`)),
    ).toEqual([`missing ${keys[0]}`, 'extra 0a000000-0000-4000-8000-000000000000', `changed ${keys[1]}: v`])
  })

  test('of text are merged by their bytes, whatever their collations', async () => {
    const words = [
      'Zoë',
      'a',
      'B',
      'ä',
      'Z',
      '_',
      '-',
      ' ',
      '',
      '~',
      '𝒳',
      '～',
      'e\u0301',
      'é',
      'a-b',
      'ab',
      'a b',
      '10',
      '9',
      '😀',
      '\uffff',
    ]
    const sql = {
      schema: 'create table t (k text collate "und-x-icu" primary key, v integer)',
      backup: `insert into t select k, 1 from unnest(array[${words.map((word) => `'${word}'`).join(',')}]) as k`,
      live: `alter table t alter k type text collate "C"; delete from t where k in ('𝒳', 'ab'); update t set v = 2 where k in ('～', ''); insert into t values ('aB', 1)`,
    }
    const found = await differences(sql)
    expect([...found].sort()).toEqual(['changed : v', 'changed ～: v', 'extra aB', 'missing ab', 'missing 𝒳'].sort())
  })

  test('of several columns are merged column by column', async () => {
    const sql = {
      schema: 'create table t (a integer, b text, c uuid, v integer, primary key (b, a, c))',
      backup: `insert into t select a, b, c, 1 from generate_series(-2, 11) a, unnest(array['', 'a', 'B', 'é']) b,
        unnest(array['00000000-0000-4000-8000-000000000000', 'f0000000-0000-4000-8000-000000000000']::uuid[]) c`,
      live: `delete from t where a = 10 and b = 'B'; update t set v = 2 where a = -2 and b = 'é'; update t set a = 77 where a = 3 and b = ''`,
    }
    const found = await differences(sql)
    expect(found.map((line) => line.split(' ')[0]).sort()).toEqual(
      [...Array(2).fill('changed'), ...Array(2).fill('extra'), ...Array(4).fill('missing')].sort(),
    )
    expect(found).toContain('missing B,10,00000000-0000-4000-8000-000000000000')
  })

  test('that read differently and are equal to the server are one changed row', async () => {
    const sql = {
      schema: 'create table t (k numeric primary key, v integer)',
      backup: 'insert into t values (1.0, 1), (2.50, 1), (3, 1), (4, 1)',
      live: 'update t set k = 1.00 where k = 1; update t set k = 2.5, v = 2 where k = 2.5; delete from t where k = 3; insert into t values (5.0, 1)',
    }
    expect([...(await differences(sql))].sort()).toEqual([
      'changed 1.0: k',
      'changed 2.50: k,v',
      'extra 5.0',
      'missing 3',
    ])
  })

  test('under a collation that ignores case are one changed row, and no obstacle to --all-missing', async () => {
    const sql = {
      schema: `create collation caseless (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
        create table t (k text collate caseless primary key, v integer)`,
      backup: `insert into t values ('Ann', 1), ('Bob', 1), ('Cleo', 1)`,
      live: `update t set k = 'ANN' where k = 'Ann'; delete from t where k = 'Bob'`,
    }
    expect([...(await differences(sql))].sort()).toEqual(['changed Ann: k', 'missing Bob'])
    await withAttempts(sql, async ({ rowgraft, live }) => {
      expect((await rowgraft(['restore', 't', '--all-missing', '--yes'])).exit).toBe(0)
      expect(await query(live, 'select k from t order by 1')).toEqual([{ k: 'ANN' }, { k: 'Bob' }, { k: 'Cleo' }])
    })
  })
})

describe('a table', () => {
  test('that is empty on one side is all missing, or all extra', async () => {
    const sql = { schema: 'create table t (id integer primary key)', backup: 'insert into t values (1), (2)' }
    expect(await differences({ ...sql, live: 'delete from t' })).toEqual(['missing 1', 'missing 2'])
    expect(await differences({ schema: sql.schema, live: sql.backup })).toEqual(['extra 1', 'extra 2'])
    expect(await differences({ schema: sql.schema })).toEqual([])
  })

  test('that nobody can compare is refused by name, and left out of the rest', async () => {
    const sql = {
      schema:
        'create table t (id integer primary key); create table log (line text primary key, number integer not null)',
      live: 'alter table log drop constraint log_pkey, add primary key (number)',
    }
    await withAttempts(sql, async (sides) => {
      await refuse(sides, ['diff', 't', 'log'], {
        exit: 4,
        says: ['table "public.log" cannot be compared', 'the primary key differs'],
      })
      const { exit, stdout } = await sides.rowgraft(['diff'])
      expect(exit).toBe(0)
      expect(stdout).toContain('log')
      expect(await dumpRows(sides.live)).toEqual([])
    })
  })
})
