import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { openSession } from '../../src/database/session.ts'
import type { TableDiff } from '../../src/diff/diff.ts'
import { open } from '../../src/rowgraft.ts'
import { type DatabasePair, withDatabases } from '../support/databases.ts'
import { query } from '../support/queries.ts'

const tables = Array.from({ length: 6 }, (_, number) => number)

const story = {
  schema: tables.map((n) => `create table t${n} (id integer primary key, title text);`).join(''),
  backup: tables.map((n) => `insert into t${n} select i, 'a' from generate_series(1, ${400 * (n + 1)}) i;`).join(''),
  live: tables
    .map((n) => `delete from t${n} where id % 100 = ${n}; update t${n} set title = 'b' where id % 200 = 50;`)
    .join(''),
}

const expected = tables.map((n) => ({
  table: `public.t${n}`,
  missing: n === 0 ? 4 * (n + 1) : 4 * (n + 1),
  changed: 2 * (n + 1),
  extra: 0,
}))

const count = async (databases: DatabasePair, jobs: number): Promise<readonly Partial<TableDiff>[]> => {
  const rowgraft = await open({ live: databases.live, backup: databases.backup })
  const found: TableDiff[] = []
  try {
    for await (const table of rowgraft.diff({ jobs })) found.push(table)
  } finally {
    await rowgraft.close()
  }
  return found
    .map(({ table, missing, changed, extra }) => ({ table, missing, changed, extra }))
    .sort((a, b) => (a.table < b.table ? -1 : 1))
}

const ours = `from pg_stat_activity where datname = current_database() and application_name = 'rowgraft'`

describe('jobs', () => {
  test.each([1, 2, 4, 16])('%i count the same', async (jobs) => {
    await withDatabases(story, async (databases) => {
      expect(await count(databases, jobs)).toEqual(expected)
    })
  })

  test('read the same snapshot, whatever live does meanwhile', async () => {
    await withDatabases(story, async (databases) => {
      const rowgraft = await open({ live: databases.live, backup: databases.backup })
      const missing: number[] = []
      try {
        for await (const table of rowgraft.diff({ jobs: 2 })) {
          missing.push(table.missing)
          await query(databases.live, tables.map((n) => `delete from t${n};`).join(''))
        }
      } finally {
        await rowgraft.close()
      }
      expect(missing.sort((a, b) => a - b)).toEqual(expected.map((table) => table.missing))
    })
  })

  test('a lost connection is replaced, and its table counted again', async () => {
    await withDatabases(story, async (databases) => {
      const rowgraft = await open({ live: databases.live, backup: databases.backup })
      const found: TableDiff[] = []
      try {
        const [{ pid: holder } = { pid: '' }] = await query(databases.live, `select pid ${ours}`)
        for await (const table of rowgraft.diff({ jobs: 2 })) {
          found.push(table)
          if (found.length > 1) continue
          await query(databases.live, `select pg_terminate_backend(pid) ${ours} and pid <> ${holder}`)
        }
      } finally {
        await rowgraft.close()
      }
      expect(found.map(({ missing }) => missing).sort((a, b) => a - b)).toEqual(expected.map(({ missing }) => missing))
    })
  })

  test('leave no connection behind', async () => {
    await withDatabases(story, async (databases) => {
      const rowgraft = await open({ live: databases.live, backup: databases.backup })
      for await (const _ of rowgraft.diff({ jobs: 4 })) break
      await rowgraft.close()
      expect(await query(databases.live, `select pid ${ours}`)).toEqual([])
    })
  })
})

describe('an abort', () => {
  test('cancels what both servers are at', async () => {
    const slow = {
      schema: `
        create table t (id integer primary key, title text);
        create function slow(t text) returns text language sql volatile as $$ select t from pg_sleep(0.05) $$;`,
      backup: `insert into t select i, 'a' from generate_series(1, 100000) i; analyze t;`,
    }
    await withDatabases(slow, async (databases) => {
      const abort = new AbortController()
      const session = await openSession(databases.live, { signal: abort.signal })
      try {
        const frames = session.copyFrames(sql`copy (select slow(title), pg_sleep(0.01) from t) to stdout`)
        const reading = (async () => {
          for await (const _ of frames);
        })()
        setImmediate(() => abort.abort())
        await expect(reading).rejects.toMatchObject({ code: 'interrupted' })
      } finally {
        await session.close()
      }
    })
  })
})
