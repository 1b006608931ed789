import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { openSession } from '../../src/database/session/session.ts'
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
  missing: 4 * (n + 1),
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
  test('cancels a stream on the server too', async () => {
    await withDatabases('', async (databases) => {
      const abort = new AbortController()
      const session = await openSession(databases.live, { signal: abort.signal })
      try {
        const reading = (async () => {
          for await (const _ of session.copyFrames(sql`copy (select pg_sleep(60)) to stdout`));
        })()
        setImmediate(() => abort.abort())
        await expect(reading).rejects.toMatchObject({ code: 'interrupted' })
        expect(await query(databases.live, `select pid ${ours} and state = 'active'`)).toEqual([])
      } finally {
        await session.close()
      }
    })
  })
})

describe('a stream of frames', () => {
  test('that nobody reads to its end is cancelled, and its session lives on', async () => {
    await withDatabases('', async (databases) => {
      const session = await openSession(databases.live)
      try {
        for await (const _ of session.copyFrames(sql`copy (select generate_series(1, 100000000)) to stdout`)) break
        expect((await session.execute(sql`select 1::text`)).rows).toEqual([['1']])
      } finally {
        await session.close()
      }
    })
  })

  test('keeps what the server says in between to the driver, and its errors too', async () => {
    await withDatabases('', async (databases) => {
      const session = await openSession(databases.live)
      try {
        const read = async (text: string): Promise<number> => {
          let bytes = 0
          for await (const chunk of session.copyFrames(sql.raw(text))) bytes += chunk.length
          return bytes
        }
        await session.script(`create function tell() returns text language plpgsql as $$
          begin raise notice 'told %', repeat('x', 100000); return repeat('y', 200000); end $$`)
        // Each row is a frame of five bytes and a line.
        expect(await read('copy (select tell() from generate_series(1, 7)) to stdout')).toBe(7 * 200_006)
        expect(await read('copy (select 1 where false) to stdout')).toBe(0)
        await expect(read('copy (select 1 / (5 - i) from generate_series(1, 9) i) to stdout')).rejects.toMatchObject({
          code: 'server-error',
        })
        expect(await read('copy (select i from generate_series(1, 9) i) to stdout')).toBe(9 * 7)
      } finally {
        await session.close()
      }
    })
  })
})

describe('a collation', () => {
  test('whose version drifted is named', async () => {
    const drifted = {
      schema: 'create table t (id text collate "und-x-icu" primary key);',
      live: `update pg_collation set collversion = '1.2.3' where collname = 'und-x-icu'`,
    }
    await withDatabases(drifted, async (databases) => {
      const rowgraft = await open({ live: databases.live, backup: databases.backup })
      try {
        expect(rowgraft.notes).toEqual([
          expect.stringMatching(
            /^live: collation pg_catalog\.und-x-icu was version 1\.2\.3 when its indexes were built/,
          ),
        ])
      } finally {
        await rowgraft.close()
      }
    })
  })
})
