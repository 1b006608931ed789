/** How large tables are, without a look at their rows. */
import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { open, type TableOverview } from '../../src/index.ts'
import { asRole } from '../support/attempts.ts'
import { type DatabasePair, withDatabases } from '../support/databases.ts'
import { query, withClient } from '../support/queries.ts'

const sizesOf = async ({ live, backup }: DatabasePair): Promise<Readonly<Record<string, TableOverview['size']>>> => {
  const rowgraft = await open({ live, backup, env: {} })
  try {
    return Object.fromEntries((await rowgraft.tables()).map(({ table, size }) => [table, size]))
  } finally {
    await rowgraft.close()
  }
}

test('sums partitions, takes the larger side, and knows nothing of what was never analyzed', async () => {
  const sql = {
    schema: `create table event (id int, at date, primary key (id, at)) partition by range (at);
      create table event_old partition of event for values from (minvalue) to ('2026-01-01');
      create table event_new partition of event for values from ('2026-01-01') to (maxvalue) partition by range (at);
      create table event_q1 partition of event_new for values from ('2026-01-01') to (maxvalue);
      create table tag (id int primary key, name text);
      create table note (id int primary key);
      create view names as select name from tag`,
    backup: `insert into event select n, date '2025-12-01' + n from generate_series(1, 60) n; analyze event;
      insert into tag select n, 'tag' from generate_series(1, 5) n; analyze tag; insert into note values (1)`,
    live: 'delete from tag where id > 2; analyze tag; insert into tag values (8), (9), (10), (11); analyze tag',
  }
  await withDatabases(sql, async (pair) => {
    const sizes = await sizesOf(pair)
    expect(sizes['public.event']).toEqual({ rows: 60, bytes: expect.any(Number) })
    expect(sizes['public.event']?.bytes).toBeGreaterThan(0)
    expect(sizes['public.tag']?.rows).toBe(6)
    expect(sizes['public.note']?.rows).toBe(null)
    expect(sizes['public.names']).toBe(null)
  })
})

const tags = {
  schema: 'create table tag (id int primary key, name text)',
  backup: 'insert into tag select n from generate_series(1, 5000) n; analyze tag',
}

test('a table that somebody alters is not waited for', async () => {
  await withDatabases(tags, async (pair) => {
    const rowgraft = await open({ ...pair, env: {} })
    try {
      await withClient(pair.live, async (client) => {
        await client.query('begin; lock table tag in access exclusive mode')
        const [tag] = await rowgraft.tables()
        await client.query('rollback')
        expect(tag?.size?.rows).toBe(5_000)
        expect(tag?.size?.bytes).toBeGreaterThan(5_000 * 24)
      })
    } finally {
      await rowgraft.close()
    }
  })
})

test('a role that may not ask for bytes is told the pages of the last analyze', async () => {
  await withDatabases(tags, async (pair) => {
    const role = `app_${randomBytes(5).toString('hex')}`
    await query(pair.live, `create role ${role} login password '${role}'`)
    for (const url of [pair.live, pair.backup]) {
      await query(
        url,
        `grant select on tag to ${role}; revoke execute on function pg_catalog.pg_table_size(regclass) from public`,
      )
    }
    const sizes = await sizesOf({ ...pair, live: asRole(pair.live, role), backup: asRole(pair.backup, role) })
    expect(sizes['public.tag']?.rows).toBe(5_000)
    expect(sizes['public.tag']?.bytes).toBeGreaterThan(5_000 * 24)
  })
})
