import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { list } from '../../src/database/names.ts'
import type { Sides } from '../../src/rows/sides.ts'
import { tableOf } from '../../src/rows/sides.ts'
import { columnHashes, type RowHashing, tableDigest } from '../../src/sql/column-digest.ts'
import { asText, fromTable } from '../../src/sql/rows.ts'
import { withSides } from '../diff/buckets/open-sides.ts'

const setup = `
  create extension if not exists citext;
  create type mood as enum ('sad', 'ok', 'happy');
  create type pair as (a numeric, b text);
  create domain code as character(5);
  create domain label as text;
  create domain amount as numeric;
  create domain feeling as mood;
  create collation ignore_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
`

/** Values that look different, and that an operator, a hash or a cast of the server holds to be the same. */
const values: Readonly<Record<string, readonly string[]>> = {
  smallint: ['0', '1', '-1', '32767', '-32768'],
  integer: ['0', '1', '-1', '2147483647', '-2147483648'],
  // int8's own hash folds the upper half into the lower one.
  bigint: ['0', '4294967297', '8589934594', '-1', '-4294967297', '9223372036854775807', '-9223372036854775808', '1'],
  numeric: ['1', '1.0', '1.00', '-1', '0', '0.0', '100', 'NaN', 'Infinity', '-Infinity', '0.10'],
  'numeric(10, 2)': ['1', '-1', '0.10', '0.01'],
  real: ['0', '-0', '1', 'NaN', 'Infinity', '1e-45', '0.1', '0.10000001'],
  'double precision': ['0', '-0', '1', 'NaN', 'Infinity', '5e-324', '0.1', '0.10000000000000002'],
  boolean: ['true', 'false'],
  text: ['', ' ', 'a', 'A', 'a ', 'ä', 'a\u0308', '()', '(a)', '""', 'NULL', '0'],
  'text collate ignore_case': ['a', 'A', 'b', 'B'],
  'character varying(20)': ['', 'a', 'a ', 'A'],
  'character(5)': ['', 'a', 'A', 'aa'],
  bpchar: ['', 'a', 'a ', 'a  ', ' a'],
  citext: ['a', 'A', 'b'],
  name: ['a', 'A', 'b'],
  '"char"': ['a', 'b', ''],
  bytea: ['\\x', '\\x00', '\\x0000', '\\x61'],
  uuid: ['00000000-0000-0000-0000-000000000000', '00000000-0000-0000-0000-000000000001'],
  date: ['2000-01-01', '1999-12-31', 'infinity', '-infinity', '0044-03-15 BC', '5874897-12-31', '4714-11-24 BC'],
  'time without time zone': ['00:00', '24:00', '01:11:34.967296', '01:11:34.967297', '02:23:09.934593'],
  'time with time zone': ['12:00+00', '13:00+01', '14:00+02'],
  // 2^32 microseconds apart and more, in steps that a folded hash cannot see.
  'timestamp without time zone': [
    '2000-01-01 00:00:00',
    '2000-01-01 01:11:34.967297',
    '2000-01-01 02:23:09.934594',
    '1999-12-31 23:59:59.999999',
    '1999-12-31 22:48:25.032704',
    '4714-11-24 00:00:00 BC',
    '4714-11-25 00:00:00 BC',
    '294276-12-31 23:59:59.999999',
    'infinity',
    '-infinity',
  ],
  'timestamp with time zone': [
    '2000-01-01 00:00:00+00',
    '2000-01-01 01:11:34.967297+00',
    '2000-01-01 02:23:09.934594+00',
    '1999-12-31 23:59:59.999999+00',
    '1999-12-31 22:48:25.032704+00',
    '4714-11-24 00:00:00+00 BC',
    '294276-12-31 23:59:59.999999+00',
    'infinity',
    '-infinity',
  ],
  interval: ['1 mon', '30 days', '720:00:00', '1 day', '24:00:00', '-1 day'],
  json: ['{"a":1}', '{"a": 1}', '{"a":1,"a":1}', 'null', '1.0', '1'],
  jsonb: ['{"a":1}', '{"a":1.0}', '1', '1.0', '1.00', 'null', '"1"', '[]', '{}', '[1]'],
  xml: ['<a/>', '<a></a>', '<a />'],
  inet: ['10.0.0.1', '10.0.0.1/8', '10.0.0.0/8', '::1', '::ffff:10.0.0.1'],
  cidr: ['10.0.0.0/8', '10.0.0.0/9', '::/0'],
  macaddr: ['08:00:2b:01:02:03', '08:00:2b:01:02:04'],
  money: ['1', '-1', '0.01'],
  'bit(3)': ['000', '001', '100'],
  'bit varying': ['', '0', '00', '000'],
  point: ['(0,0)', '(-0,0)', '(1,2)'],
  tsvector: ["'a'", "'a':1", "'a':1A"],
  int4range: ['empty', '[1,2)', '[1,3)', '(,)', '[1,)'],
  numrange: ['[1,2)', '[1.0,2)', '[1.0,2.0)', '(1,2)', 'empty'],
  int4multirange: ['{}', '{[1,2)}', '{[1,2),[5,6)}'],
  'integer[]': ['{}', '{1}', '{1,2}', '{2,1}', '{{1,2}}', '{NULL}', '[0:1]={1,2}', '[2:3]={1,2}'],
  'numeric[]': ['{1}', '{1.0}', '{1.00}', '{-1}'],
  'text[]': ['{}', '{""}', '{NULL}', '{"NULL"}', '{a,b}', '{"a,b"}'],
  'mood[]': ['{sad}', '{ok}', '{sad,ok}'],
  mood: ['sad', 'ok', 'happy'],
  feeling: ['sad', 'ok'],
  pair: ['(1,a)', '(1.0,a)', '(,a)', '(1,)', '(1,"")'],
  code: ['', 'a', 'A'],
  label: ['', 'a', 'a '],
  amount: ['1', '1.0', '-1'],
  oid: ['0', '1', '4294967295'],
  pg_lsn: ['0/0', '1/1', '0/1'],
}

const schema = Object.entries(values)
  .map(([type, own], number) => {
    const rows = [...own.map((value) => `'${value.replaceAll("'", "''")}'`), 'null']
    return `create table t${number} (id integer primary key, a ${type}, b ${type});
      insert into t${number} select n, v, null from (values ${rows.map((value, n) => `(${n}, ${value}::${type})`).join()}) x(n, v);`
  })
  .join('\n')

/** What a hash tells of each row of a table: its text, and the hash. */
const readHashes = async (
  sides: Sides,
  number: number,
  hashing: RowHashing,
): Promise<readonly (readonly [image: string | null, hash: string])[]> => {
  const table = tableOf(sides.catalog, `public.t${number}`)
  const rows = await sides.live.rows(sql`
    select row(t.a)::text, ${list(columnHashes({ alias: 't', table, columns: ['a'] }, hashing))}::text
    from ${fromTable(table.live)} as t
    order by id`)
  return rows.map(([image = null, hash]) => [image, hash ?? 'none'])
}

const hashings: readonly (readonly [string, (own: RowHashing) => RowHashing])[] = [
  ['as the servers agree', (own) => own],
  ['without hashes of instants', (own) => ({ ...own, hashesInstants: false })],
  ['by text', (own) => ({ ...own, isTyped: false })],
  ['by sha256', () => ({ method: 'sha256', isTyped: false, hashesInstants: false })],
]

describe('column digests', () => {
  test.each(hashings)('tell apart whatever the text of a value tells apart: %s', async (_, choose) => {
    await withSides(setup + schema, async (sides) => {
      const hashing = choose(sides.hashing)
      const wrong: string[] = []
      for (const [number, type] of Object.keys(values).entries()) {
        const rows = await readHashes(sides, number, hashing)
        for (const [image, hash] of rows) {
          for (const [otherImage, otherHash] of rows) {
            if ((image === otherImage) !== (hash === otherHash)) wrong.push(`${type}: ${image} and ${otherImage}`)
          }
        }
      }
      expect(wrong).toEqual([])
    })
  })

  test('both servers of this run agree on typed hashes', async () => {
    await withSides('', async (sides) => {
      expect(sides.hashing).toEqual({ method: 'hash', isTyped: true, hashesInstants: true })
    })
  })

  test.each(hashings)('a value that moves to another column, or is NULL, is another row: %s', async (_, choose) => {
    await withSides(setup + schema, async (sides) => {
      const wrong: string[] = []
      for (const [number, type] of Object.keys(values).entries()) {
        const table = tableOf(sides.catalog, `public.t${number}`)
        const digest = tableDigest({ alias: 't', table, columns: ['a', 'b'] }, choose(sides.hashing))
        const rows = await sides.live.rows(sql`
          select count(*)::text, count(distinct d)::text
          from (
            select ${digest} as d from ${fromTable(table.live)} as t
            union all
            select ${digest} from (select id, b as a, a as b from ${fromTable(table.live)}) as t where t.b is not null
          ) as digests`)
        if (rows[0]?.[0] !== rows[0]?.[1]) wrong.push(type)
      }
      expect(wrong).toEqual([])
    })
  })

  test('types that drifted apart are hashed as what they have in common', async () => {
    const schema = `
      create type mood as enum ('sad', 'ok');
      create table t (id integer primary key, a smallint, b character varying(9), c mood, d integer, e character(3));
      insert into t values (1, 7, 'x', 'ok', 5, 'y'), (2, -7, '', 'sad', -5, ''), (3, null, null, null, null, null);`
    const live = `
      alter table t alter a type bigint, alter b type text, alter c type text, alter d type numeric, alter e type character(3)`
    await withSides({ schema, live }, async (sides) => {
      const table = tableOf(sides.catalog, 'public.t')
      const read = (side: 'live' | 'backup') =>
        sides[side].rows(sql`
          select ${asText('t', ['id'])}, ${tableDigest({ alias: 't', table, columns: ['id', 'a', 'b', 'c', 'd', 'e'] }, sides.hashing)}::text
          from ${fromTable(table[side])} as t order by 1`)
      expect(await read('live')).toEqual(await read('backup'))
    })
  })
})
