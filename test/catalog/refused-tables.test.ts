import { describe, expect, test } from 'vitest'

import { type Attempts, refuse, shareAttempts, withAttempts } from '../support/attempts.ts'
import { dumpRows, query } from '../support/queries.ts'

const photos = `
  create table photo (id integer primary key, title text);
  insert into photo values (1, 'cat'), (2, 'dog');`

/** What `tables` says of one table. */
const overview = async (attempts: Attempts, table: string): Promise<{ restorable: boolean; why: string | null }> => {
  const { stdout } = await attempts.rowgraft(['tables', '--json'])
  const { tables } = JSON.parse(stdout) as { tables: { table: string; restorable: boolean; why: string | null }[] }
  const found = tables.find((each) => each.table === table)
  if (found === undefined) throw new Error(`tables does not list ${table}`)
  return { restorable: found.restorable, why: found.why }
}

/** Every refused table or relation, with what makes it one. */
const schema = `
  ${photos}
  create table keyless (at date, line text);
  insert into keyless values ('2026-01-01', 'in');
  create table unique_only (at date not null unique, line text);
  insert into unique_only values ('2026-01-01', 'in');
  create view seen as select * from photo;
  create materialized view kept as select * from photo;
  create foreign data wrapper nowhere;
  create server far foreign data wrapper nowhere;
  create foreign table away (id integer not null) server far;
  create table ruled (id integer primary key);
  create table dropped (id integer primary key);
  create table rekeyed (id integer primary key, day date not null);
  insert into rekeyed values (1, '2026-01-01');
  create table retyped (id integer primary key, line text);
  insert into retyped values (1, '7');
  create table narrowed (id bigint primary key);
  insert into narrowed values (1);
  create type place as (x integer, y integer);
  create table placed (id integer primary key, at place);
  insert into placed values (1, (10, 20));
  create extension ltree;
  create table by_path (path ltree primary key, parent ltree references by_path);
  insert into by_path values ('a', null), ('a.b', 'a');
  create table below_path (id integer primary key, path ltree references by_path);
  create extension citext;
  create table by_word (word citext primary key);
  insert into by_word values ('Sea');
  create table says_word (id integer primary key, word citext references by_word);
  insert into says_word values (1, 'sea');
  create table required (id integer primary key);
  insert into required values (1)`

const live = `
  delete from photo where id = 1;
  delete from keyless;
  delete from unique_only;
  create rule quiet as on insert to ruled do instead nothing;
  drop table dropped;
  create table added (id integer primary key);
  alter table rekeyed drop constraint rekeyed_pkey, add primary key (id, day);
  alter table retyped alter line type integer using line::integer;
  alter table narrowed alter id type integer;
  alter table placed drop column at;
  drop type place;
  create type place as (y integer, x integer);
  alter table placed add column at place;
  delete from required;
  alter table required add column owner text not null`

const cases: readonly (readonly [name: string, table: string, why: string])[] = [
  ['a table without a key', 'keyless', 'no primary key, and not a junction table'],
  ['a table with a unique key alone', 'unique_only', 'no primary key, and not a junction table'],
  ['a view', 'seen', 'it is computed; restore the tables below it'],
  ['a materialised view', 'kept', 'it is computed; refresh it instead'],
  ['a foreign table', 'away', 'its rows live on another server'],
  ['a table whose writes a rule rewrites', 'ruled', 'a rule on live rewrites what is written to it'],
  ['a table that live does not have', 'dropped', 'live does not have it'],
  ['a table that the backup does not have', 'added', 'it is not in the backup: absence there proves nothing'],
  ['a table with another primary key', 'rekeyed', 'the primary key differs: (id, day) in live, (id) in the backup'],
  [
    'a table whose column no longer takes every value',
    'retyped',
    'column "line" is text in the backup and integer in live',
  ],
  ['a table whose column became narrower', 'narrowed', 'column "id" is bigint in the backup and integer in live'],
  [
    'a table whose composite type has other attributes',
    'placed',
    'column "at" has (x integer, y integer) in the backup and (y integer, x integer) in live',
  ],
  ['a table with a key of a type of an extension', 'by_path', 'its key "path" is of type public.ltree'],
  ['a table whose key has an equality of its own', 'by_word', 'its key "word" is of type public.citext'],
  ['a table that refers to such a key', 'says_word', 'its reference "word" is of type public.citext'],
  ['a table with a new column that needs a value', 'required', 'column "owner" of live is NOT NULL without a default'],
]

describe('not restorable', () => {
  const refusing = shareAttempts({ schema, live })

  test.each(cases)('%s, and it is said why', async (_, name, why) => {
    const sides = refusing()
    const table = `public.${name}`
    const hint = name === 'required' ? '--set public.required.owner=<value>' : 'Run "rowgraft tables"'
    expect(await overview(sides, table)).toEqual({ restorable: false, why: expect.stringContaining(why) })
    for (const argv of [
      ['restore', name, '1', '--yes'],
      ['restore', '--select', `${table}?true`, '--yes'],
      ['plan', name, '--all-missing'],
      // Rows without a key can be counted, though not told apart.
      ...(why.startsWith('no primary key') ? [] : [['diff', name]]),
    ]) {
      await refuse(sides, argv, { exit: 4, says: [`"${table}" cannot be`, why], hint })
    }
  })

  test('tables do not disturb the others', async () => {
    await withAttempts({ schema, live }, async (sides) => {
      expect((await sides.rowgraft(['diff'])).exit).toBe(1)
      expect((await sides.rowgraft(['restore', '--all-missing', '--yes'])).exit).toBe(0)
      expect(await query(sides.live, 'select id from photo order by 1')).toEqual([{ id: '1' }, { id: '2' }])
    })
  })

  test('a table of an extension, which is not listed at all', async () => {
    const sql = `${photos} create table words (id integer primary key); alter extension plpgsql add table words;
      create view seen as select * from words; alter extension plpgsql add view seen`
    await withAttempts({ schema: sql }, async (sides) => {
      const { stdout } = await sides.rowgraft(['tables'])
      expect(stdout).not.toMatch(/words|seen/)
      await refuse(sides, ['plan', 'words', '1'], { exit: 2, says: ['there is no table "words"'] })
    })
  })

  test('a partition by its own name, for its root has the rows', async () => {
    const sql = `${photos} create table log (id integer, day date, primary key (id, day)) partition by range (day);
      create table log_2026 partition of log for values from ('2026-01-01') to ('2027-01-01');
      insert into log values (1, '2026-05-05')`
    await withAttempts({ schema: sql, live: 'delete from log' }, async (sides) => {
      await refuse(sides, ['plan', 'log_2026', '1'], {
        exit: 2,
        says: ['there is no table "log_2026"'],
        hint: 'rowgraft tables',
      })
      expect((await sides.rowgraft(['restore', 'log', '1,2026-05-05', '--yes'])).exit).toBe(0)
      expect(await query(sides.live, 'select id from only log_2026')).toEqual([{ id: '1' }])
    })
  })
})

/** Deletes row 1 in live, brings it back, and expects both databases to hold the same rows. */
const restores = async (schema: string, live: string, argv: readonly string[]): Promise<void> =>
  withAttempts({ schema: `${photos} ${schema}`, live }, async (sides) => {
    const { exit, stdout, stderr } = await sides.rowgraft(['restore', ...argv, '--yes'])
    expect(exit, stdout + stderr).toBe(0)
    expect(await dumpRows(sides.live)).toEqual(await dumpRows(sides.backup))
    expect((await sides.rowgraft(['diff'])).exit).toBe(0)
  })

describe('restorable', () => {
  test('a table whose columns were widened', async () => {
    const widened = [
      ['smallint', 'bigint', "'-32768'"],
      ['integer', 'bigint', "'-2147483648'"],
      ['bigint', 'numeric', "'9223372036854775807'"],
      ['varchar(20)', 'text', "E' a\\tb\\\\ '"],
      ['text', 'varchar', "'Zoë 🐈'"],
      ['varchar(5)', 'varchar(50)', "'abcde'"],
      ['name', 'text', "'abc'"],
      ['public.citext', 'text', "'Zoë'"],
      ['mood', 'text', "'sad'"],
    ] as const
    const columns = widened.map(([from], at) => `c${at} ${from}`).join(', ')
    const values = widened.map(([, , value]) => value).join(', ')
    const alters = widened.map(([, to], at) => `alter c${at} type ${to}`).join(', ')
    await restores(
      `create extension citext; create type mood as enum ('glad', 'sad'); create table log (id integer primary key, ${columns});
       insert into log values (1, ${values}), (2, ${values})`,
      `alter table log ${alters}; delete from log where id = 1`,
      ['log', '1'],
    )
  })

  test('a key that was widened, with the references to it', async () => {
    const schema = `create table album (id integer primary key); create table song (id integer primary key, album integer references album);
      insert into album values (1), (2); insert into song values (5, 1), (6, 2)`
    const live = `delete from song where id = 5; delete from album where id = 1;
      alter table album alter id type bigint; alter table song alter album type bigint`
    await restores(schema, live, ['album', '1'])
  })

  test('an inheritance parent, without the rows of its children, and a child by itself', async () => {
    const schema = `create table base (id integer primary key, line text); create table derived (primary key (id)) inherits (base);
      insert into base values (1, 'base'), (3, 'kept'); insert into derived values (1, 'derived'), (2, 'derived too')`
    await withAttempts({ schema: `${photos} ${schema}`, live: 'delete from base' }, async (sides) => {
      expect((await sides.rowgraft(['restore', 'base', '--all-missing', '--yes'])).exit).toBe(0)
      expect(await query(sides.live, 'select id, line from base order by 1')).toEqual([
        { id: '1', line: 'base' },
        { id: '3', line: 'kept' },
      ])
      expect((await sides.rowgraft(['restore', 'derived', '1', '2', '--yes'])).exit).toBe(0)
      expect(await dumpRows(sides.live)).toEqual(await dumpRows(sides.backup))
    })
  })

  test('an unlogged table, with a warning', async () => {
    const schema = `create unlogged table log (id integer primary key); insert into log values (1)`
    await withAttempts({ schema: `${photos} ${schema}`, live: 'delete from log' }, async (sides) => {
      expect((await sides.rowgraft(['tables'])).stdout.replace(/\s+/g, ' ')).toContain(
        'is unlogged: rows absent there prove nothing',
      )
      expect((await sides.rowgraft(['restore', 'log', '1', '--yes'])).exit).toBe(0)
    })
  })

  test('a table whose primary key carries other columns along', async () => {
    const schema = `create table log (id integer, line text, primary key (id) include (line)); insert into log values (1, 'in'), (2, 'out')`
    await restores(
      schema,
      'alter table log drop constraint log_pkey, add primary key (id); delete from log where id = 1',
      ['log', '1'],
    )
  })

  test('a table whose unique index carries a column along that the backup lacks', async () => {
    const schema = `create table log (id integer primary key, slug text, line text); create unique index log_slug on log (slug); insert into log values (1, 'in', 'a')`
    const live = `delete from log where id = 1; alter table log add column extra text; drop index log_slug;
      create unique index log_slug on log (slug) include (extra); insert into log values (3, 'in', 'b')`
    await withAttempts({ schema: `${photos} ${schema}`, live }, async (sides) => {
      const { exit, stdout } = await sides.rowgraft(['plan', 'log', '1'])
      expect(exit).toBe(4)
      expect(stdout).toContain('slug in belongs to live row 3 (log_slug)')
    })
  })
})

describe('a junction table', () => {
  const ends = `create table tag (id integer primary key); insert into tag values (1), (2); ${photos}`

  test('that the backup had without its key is compared by its primary key', async () => {
    const schema = `${ends}; create table photo_tag (id integer primary key, photo integer references photo, tag integer references tag);
      insert into photo_tag values (1, 1, 1), (2, 1, 1), (3, null, 2)`
    const live = `delete from photo_tag where id <> 1; alter table photo_tag alter photo set not null, alter tag set not null, add unique (photo, tag)`
    await withAttempts({ schema, live }, async (sides) => {
      const { stdout } = await sides.rowgraft(['diff', 'photo_tag', '--format', 'csv', '--rows'])
      expect(stdout.trim().split(/\r?\n/).slice(1)).toEqual([
        'public.photo_tag,missing,2,,"{""id"":""2"",""photo"":""1"",""tag"":""1""}",',
        'public.photo_tag,missing,3,,"{""id"":""3"",""photo"":null,""tag"":""2""}",',
      ])
    })
  })
})
