import { describe, expect, test } from 'vitest'

import { open, type TableOverview } from '../../src/index.ts'
import { withDatabases } from '../support/databases.ts'

const overviews = (sql: Parameters<typeof withDatabases>[0]): Promise<readonly TableOverview[]> =>
  withDatabases(sql, async (pair) => {
    const rowgraft = await open(pair)
    try {
      return await rowgraft.tables()
    } finally {
      await rowgraft.close()
    }
  })

const ends = `create table a (id integer primary key, code text unique);
  create table b (id integer primary key, x integer, y integer, unique (x, y)); create schema other;
  create table other.a (id integer primary key);`

/** Tables, each with whether it is a junction table and what recognises its rows. */
const tables: readonly (readonly [name: string, sql: string, isJunction: boolean, identity: string])[] = [
  ['two_columns', 'a integer references a, b integer references b, primary key (a, b)', true, 'a,b'],
  ['with_extras', 'a integer references a, b integer references b, at date, primary key (b, a)', true, 'b,a'],
  [
    'surrogate',
    'id serial primary key, a integer not null references a, b integer not null references b, unique (a, b)',
    true,
    'a,b',
  ],
  ['to_one_table', 'p integer references a, q integer references a, primary key (p, q)', true, 'p,q'],
  [
    'composite',
    'a integer references a, x integer, y integer, foreign key (x, y) references b (x, y), primary key (a, x, y)',
    true,
    'a,x,y',
  ],
  [
    'shared_column',
    'x integer, y integer, z integer references a, foreign key (x, y) references b (x, y), foreign key (y) references a, primary key (x, y)',
    false,
    'x,y',
  ],
  ['by_code', 'a text references a (code), b integer references b, primary key (a, b)', true, 'a,b'],
  ['other_schema', 'a integer references a, o integer references other.a, primary key (a, o)', true, 'a,o'],
  [
    'nullable',
    'id serial primary key, a integer references a, b integer not null references b, unique (a, b)',
    false,
    'id',
  ],
  [
    'three_ways',
    'a integer references a, b integer references b, o integer references other.a, primary key (a, b, o)',
    false,
    'a,b,o',
  ],
  ['more_in_key', 'a integer references a, b integer references b, n integer, primary key (a, b, n)', false, 'a,b,n'],
  ['one_way', 'a integer references a, n integer, primary key (a, n)', false, 'a,n'],
  ['extension', 'id integer primary key references a, n integer', false, 'id'],
  [
    'partial_key',
    'id serial primary key, a integer not null references a, b integer not null references b',
    false,
    'id',
  ],
]

describe('a junction table', () => {
  test('is one whose key is made of two NOT NULL foreign keys, and is recognised by them', async () => {
    const sql = tables.map(([name, columns]) => `create table ${name} (${columns});`).join('\n')
    const found = await overviews(`${ends} ${sql} create unique index on partial_key (a, b) where id > 5;`)
    const shown = new Map(
      found.map((table) => [table.table, `${table.isJunction} ${[...table.identity].sort().join()}`]),
    )
    for (const [name, , isJunction, identity] of tables) {
      expect(shown.get(`public.${name}`), name).toBe(`${isJunction} ${identity.split(',').sort().join()}`)
    }
  })
})

describe('relations', () => {
  test('are the union of the foreign keys of both sides', async () => {
    const found = await overviews({
      schema: `${ends} create table c (id integer primary key, a integer constraint same references a, b integer constraint only_backup references b);`,
      live: 'alter table c drop constraint only_backup; alter table c add constraint only_live foreign key (b) references a',
    })
    const { relations = [] } = found.find(({ table }) => table === 'public.c') ?? {}
    expect(relations.map(({ via, parent }) => `${via} ${parent}`).sort()).toEqual([
      'only_backup public.b',
      'only_live public.a',
      'same public.a',
    ])
  })

  test('of one name that lead elsewhere on either side are told apart', async () => {
    const found = await overviews({
      schema: `${ends} create table c (id integer primary key, a integer constraint fk references a);`,
      live: 'alter table c drop constraint fk; alter table c add constraint fk foreign key (a) references b',
    })
    const { relations = [] } = found.find(({ table }) => table === 'public.c') ?? {}
    expect(relations.map(({ via, parent }) => `${via} ${parent}`)).toEqual(['fk public.b', 'fk of the backup public.a'])
  })

  test('renamed on one side are one', async () => {
    const found = await overviews({
      schema: `${ends} create table c (id integer primary key, x integer, y integer, constraint past foreign key (x, y) references b (x, y) on delete set null);`,
      live: 'alter table c rename constraint past to now',
    })
    const { relations = [] } = found.find(({ table }) => table === 'public.c') ?? {}
    expect(relations.map(({ via, onDelete }) => `${via} ${onDelete}`)).toEqual(['now set null'])
  })
})
