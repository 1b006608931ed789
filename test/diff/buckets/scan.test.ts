import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import type { SharedTable } from '../../../src/catalog/shared.ts'
import { type DiffOptions, diffRows, diffTable } from '../../../src/diff/diff.ts'
import type { DiffState } from '../../../src/diff/diff-states.ts'
import { packKey } from '../../../src/keys/key.ts'
import { comparedColumns } from '../../../src/rows/records/records.ts'
import { type Sides, tableOf } from '../../../src/rows/sides.ts'
import { rowImage } from '../../../src/sql/column-digest.ts'
import { asText, fromTable } from '../../../src/sql/rows.ts'
import { withSides } from './open-sides.ts'

type Found = Readonly<Record<'missing' | 'extra' | 'changed', readonly string[]>>

/** What differs, worked out row by row. */
const readReference = async (sides: Sides, table: SharedTable): Promise<Found> => {
  const read = async (side: 'live' | 'backup'): Promise<ReadonlyMap<string, string>> => {
    const rows = await sides[side].rows(sql`
      select ${rowImage('t', comparedColumns(table))}, ${asText('t', table.identity)}
      from ${fromTable(table[side])} as t`)
    return new Map(rows.map(([image, ...key]) => [packKey(key.map((value) => value ?? '')), image ?? '']))
  }
  const [live, backup] = [await read('live'), await read('backup')]
  return {
    missing: [...backup.keys()].filter((key) => !live.has(key)).sort(),
    extra: [...live.keys()].filter((key) => !backup.has(key)).sort(),
    changed: [...live.keys()].filter((key) => backup.has(key) && backup.get(key) !== live.get(key)).sort(),
  }
}

const readDiff = async (sides: Sides, table: SharedTable, options: DiffOptions): Promise<Found> => {
  const found: Record<DiffState, string[]> = {
    missing: [],
    extra: [],
    changed: [],
    deleted: [],
    reused: [],
    restored: [],
  }
  for await (const batch of diffRows(sides, table, options)) for (const { state, key } of batch) found[state].push(key)
  return { missing: found.missing.sort(), extra: found.extra.sort(), changed: found.changed.sort() }
}

const rows = 3_000

/** A table `t` of key columns and values from `generate_series(1, rows) as i`, and what happened in live since. */
const story = (key: string, columns: string, expressions: string, more = '') => ({
  schema: `create table t (${columns}, title text, size integer, at timestamptz, primary key (${key}));`,
  backup: `insert into t select ${expressions}, 'title ' || i, i, '2020-01-01'::timestamptz + i * interval '1 hour'
    from generate_series(1, ${rows}) as i; analyze t;`,
  live: `
    delete from t where size % 97 = 5 or size between 200 and 260;
    update t set title = title || '!' where size % 131 = 7;
    update t set at = at + interval '4294.967296 s' where size % 301 = 9;
    update t set size = null where size % 501 = 11;
    with a as (select * from t where size in (1000, 1001))
    update t set title = a.title from a where t.size + a.size = 2001;
    ${more}`,
})

const uuid = `md5(i::text)::uuid`

const stories: Readonly<Record<string, ReturnType<typeof story>>> = {
  integer: story('id', 'id integer', 'i', `insert into t values (${rows + 5}, 'new'), (-3, 'new');`),
  'bigint, from end to end': story(
    'id',
    'id bigint',
    `case when i = 1 then -9223372036854775808 when i = 2 then 9223372036854775807 else (i - 1500) * 3000000000000000 end`,
    `insert into t values (0, 'x') on conflict do nothing; insert into t values (9223372036854775806, 'new');`,
  ),
  'bigint in clusters far apart': story(
    'id',
    'id bigint',
    `(i / 1000) * 1000000000000000 + i`,
    `insert into t values (5000000000000000000, 'new');`,
  ),
  smallint: story('id', 'id smallint', '(i - 1500)::smallint'),
  uuid: story('id', 'id uuid', uuid, `insert into t values ('ffffffff-ffff-ffff-ffff-ffffffffffff', 'new');`),
  date: story(
    'id',
    'id date',
    `case when i = 1 then 'infinity' when i = 2 then '-infinity' else date '0001-02-01' + (i - 100) * 400 end`,
    `insert into t values ('4713-01-01 BC', 'new'), ('12345-06-07', 'new'), ('2024-02-29', 'new');`,
  ),
  text: story(
    'id',
    'id text',
    `chr(32 + i % 500) || ' ' || case when i % 2 = 0 then upper(md5(i::text)) else md5(i::text) end`,
    `insert into t values ('', 'new'), ('漢字 🐈', 'new'), ('"', 'new'), (E'a\\tb', 'new');`,
  ),
  'text in the order of a language': story('id', 'id text collate "und-x-icu"', `chr(60 + i % 70) || i`),
  numeric: story('id', 'id numeric', 'i / 10.0'),
  'two integers': story('a, b', 'a integer, b bigint', 'i / 40, -i', `insert into t values (0, 0, 'new');`),
  'two integers, the first one always the same': story('a, b', 'a integer, b bigint', '7, i'),
  'integer and text': story('a, b', 'a integer, b text', `i / 40, 'b' || i`),
  'uuid and date': story('a, b', 'a uuid, b date', `${uuid}, '2020-01-01'::date + i`),
  'character that is padded': story('id', 'id character(9)', `'c' || i`),
  'integer that has become bigint': story('id', 'id integer', 'i - 1500', 'alter table t alter id type bigint;'),
  'character varying that has become text': story(
    'id',
    'id varchar(20)',
    `'k' || i`,
    'alter table t alter id type text;',
  ),
  'nearly every row changed': story('id', 'id integer', 'i', `update t set title = 'z' where id % 10 > 0;`),
  'no row changed in between': {
    ...story('id', 'id integer', 'i'),
    live: `insert into t select i, 'new' from generate_series(${rows + 1}, ${rows * 2}) i;`,
  },
  'an empty live': { ...story('id', 'id integer', 'i'), live: 'truncate t;' },
  'an empty backup': { ...story('id', 'id text', `'k' || i`), backup: '', live: `insert into t values ('a'), ('b');` },
  'two empty sides': { ...story('id', 'id uuid', uuid), backup: '', live: '' },
  partitions: {
    ...story('id', 'id integer', 'i'),
    schema: `
      create table t (id integer primary key, title text, size integer, at timestamptz) partition by range (id);
      create table t1 partition of t for values from (minvalue) to (1000);
      create table t2 (at timestamptz, size integer, title text, id integer not null);
      alter table t attach partition t2 for values from (1000) to (maxvalue);`,
  },
}

/** Widths by which a table of this size is put into buckets at all. */
const widths = [undefined, 1, 16, 256, Number.POSITIVE_INFINITY]

describe('a diff finds what differs, whatever the key and the width of its buckets', () => {
  test.each(Object.keys(stories))('%s', async (name) => {
    await withSides(stories[name] ?? '', async (sides) => {
      const table = tableOf(sides.catalog, 'public.t')
      const reference = await readReference(sides, table)
      for (const bucketRows of widths) {
        expect(await readDiff(sides, table, { bucketRows }), `width ${bucketRows}`).toEqual(reference)
      }
      const keys = { missing: reference.missing, extra: reference.extra, changed: [] }
      for (const bucketRows of widths) {
        const states = ['missing', 'extra'] as const
        expect(await readDiff(sides, table, { states, bucketRows }), `keys, width ${bucketRows}`).toEqual(keys)
      }
    })
  })

  test('by images where the servers do not hash alike', async () => {
    for (const method of ['hash', 'sha256'] as const) {
      await withSides(stories.text ?? '', async (agreed) => {
        const sides = { ...agreed, digest: method, hashing: { method, isTyped: false, hashesInstants: false } }
        const table = tableOf(sides.catalog, 'public.t')
        expect(await readDiff(sides, table, { bucketRows: 16 })).toEqual(await readReference(sides, table))
      })
    }
  })

  test('text keys in a server that does not store UTF-8 are in the order of their bytes in UTF-8', async () => {
    await withSides(stories.text ?? '', async (agreed) => {
      const sides = { ...agreed, isUtf8: false }
      const table = tableOf(sides.catalog, 'public.t')
      expect(await readDiff(sides, table, {})).toEqual(await readReference(sides, table))
    })
  })
})

describe('a large table', () => {
  const large = {
    schema: 'create table t (id bigint primary key, title text);',
    backup: `insert into t select i, 'title ' || i from generate_series(1, 60000) i; analyze t;`,
    live: `
      delete from t where id % 5000 = 7;
      update t set title = 'other' where id % 6000 = 8;
      insert into t select i, 'new' from generate_series(60001, 60100) i;`,
  }

  test('is read once, and again only where buckets differ', async () => {
    await withSides(large, async (sides) => {
      const table = tableOf(sides.catalog, 'public.t')
      const steps: { rows: number; buckets: number }[] = []
      const counted = await diffTable(sides, table, {
        onProgress: ({ rows, buckets }) => steps.push({ rows, buckets }),
      })
      expect(counted).toEqual({
        table: 'public.t',
        missing: 12,
        changed: 10,
        deleted: 0,
        extra: 100,
        reused: 0,
        restored: 0,
        rows: 120_088,
      })
      expect(steps.at(-1)?.buckets).toBeGreaterThan(200)
    })
  })

  test('tells missing rows by their keys, without a look at the rest', async () => {
    await withSides(large, async (sides) => {
      const table = tableOf(sides.catalog, 'public.t')
      const counted = await diffTable(sides, table, { states: ['missing'] })
      expect(counted).toMatchObject({ missing: 12, changed: 0, extra: 0, rows: 120_088 })
    })
  })

  test('hands over rows while both sessions are free', async () => {
    await withSides(large, async (sides) => {
      const table = tableOf(sides.catalog, 'public.t')
      const answers: unknown[] = []
      for await (const batch of diffRows(sides, table)) {
        if (batch.length > 0) answers.push(await sides.live.rows(sql`select 1::text`))
      }
      expect(answers.length).toBeGreaterThan(2)
    })
  })
})

describe('a table without an identity', () => {
  const log = {
    schema: 'create table log (at timestamptz, line text, size numeric);',
    backup: `
      insert into log select null, 'line ' || i % 50, i % 7 from generate_series(1, 1000) i;
      insert into log values (null, 'once', 1.0), (null, 'twice', 1), (null, 'twice', 1), (null, null, null), (null, null, null);`,
    live: `
      delete from log where line = 'once';
      delete from log where ctid = (select min(ctid) from log where line = 'twice');
      insert into log values (null, 'once', 1.00), (null, null, null), (null, 'new', 2), (null, 'new', 2), (null, 'new', 2);`,
  }

  test.each([undefined, 1])('counts copies of its rows (width %s)', async (bucketRows) => {
    await withSides(log, async (sides) => {
      const table = tableOf(sides.catalog, 'public.log')
      const counted = await diffTable(sides, table, { bucketRows })
      expect(counted).toMatchObject({ missing: 2, extra: 5, changed: 0, rows: 2_013 })
    })
  })

  test('has nothing that could be listed', async () => {
    await withSides(log, async (sides) => {
      const found: unknown[] = []
      for await (const batch of diffRows(sides, tableOf(sides.catalog, 'public.log'))) found.push(...batch)
      expect(found).toEqual([])
    })
  })

  test('two pairs of equal rows are not taken for one another', async () => {
    const pairs = {
      schema: 'create table log (line text);',
      backup: `insert into log values ('a'), ('a');`,
      live: `update log set line = 'b'`,
    }
    await withSides(pairs, async (sides) => {
      const table = tableOf(sides.catalog, 'public.log')
      for (const bucketRows of [undefined, 1]) {
        expect(await diffTable(sides, table, { bucketRows })).toMatchObject({ missing: 2, extra: 2 })
      }
    })
  })
})

test('a column that is NOT NULL only for new rows may hold NULL', async () => {
  const notValid = {
    schema: `create table t (id integer primary key, a text, b text);`,
    backup: `
      insert into t select i, null, 'b' from generate_series(1, 50) i;
      alter table t add constraint a_there check (a is not null) not valid;
      do $$ begin
        execute 'alter table t add constraint a_set not null a not valid';
      exception when syntax_error or feature_not_supported then null;
      end $$;`,
    live: `alter table t disable trigger all; delete from t where id = 7; alter table t drop constraint a_there;
      set session_replication_role = replica; alter table t drop constraint if exists a_set;
      update t set b = 'c' where id = 8; alter table t add constraint a_set not null a not valid;`,
  }
  await withSides(notValid, async (sides) => {
    const table = tableOf(sides.catalog, 'public.t')
    for (const bucketRows of [undefined, 16]) {
      expect(await readDiff(sides, table, { bucketRows })).toEqual({ missing: ['7'], extra: [], changed: ['8'] })
    }
  })
})
