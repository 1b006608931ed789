/** The write transaction is ours from BEGIN to the COMMIT tag; the read transaction cannot write. */
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import type { Writer } from '../../src/database/session/reader.ts'
import { openSession, type Session } from '../../src/database/session/session.ts'
import { type Ending, withReadTransaction, withWriteTransaction } from '../../src/database/transaction.ts'
import { withDatabases } from '../support/databases.ts'
import { withFaultProxy } from '../support/fault-proxy.ts'
import { query } from '../support/queries.ts'
import { expectFailure } from '../support/restores.ts'
import { askedOptions, writeOptions } from '../support/transactions.ts'

const withSession = <T>(work: (session: Session, live: string) => Promise<T>, schema = ''): Promise<T> =>
  withDatabases(`create table t (a integer primary key);${schema}`, async ({ live }) => {
    const session = await openSession(live)
    try {
      return await work(session, live)
    } finally {
      await session.close()
    }
  })

const insert = async (writer: Writer, ending: Ending): Promise<{ ending: Ending; value: number }> => {
  const { count } = await writer.execute(sql`insert into t values (1)`)
  return { ending, value: count }
}

const rowsIn = async (live: string): Promise<number> => Number((await query(live, 'select count(*) from t'))[0]?.count)

describe.concurrent('a write transaction', () => {
  test.each([
    ['commit', 1],
    ['rollback', 0],
  ] as const)('ends with %s as its work says', async (ending, rows) => {
    await withSession(async (session, live) => {
      expect(await withWriteTransaction(session, writeOptions, (writer) => insert(writer, ending))).toBe(1)
      expect(await rowsIn(live)).toBe(rows)
    })
  })

  test('is rolled back when its work fails, or what comes before COMMIT does', async () => {
    await withSession(async (session, live) => {
      const failing = (): Promise<never> => Promise.reject(new Error('no'))
      await expect(withWriteTransaction(session, writeOptions, failing)).rejects.toThrow('no')
      const beforeCommit = { ...writeOptions, beforeCommit: failing }
      await expect(withWriteTransaction(session, beforeCommit, (writer) => insert(writer, 'commit'))).rejects.toThrow(
        'no',
      )
      expect(await rowsIn(live)).toBe(0)
      expect(await withWriteTransaction(session, writeOptions, (writer) => insert(writer, 'commit'))).toBe(1)
    })
  })

  test('whose statement failed unnoticed is not called committed', async () => {
    await withSession(async (session, live) => {
      const work = withWriteTransaction(session, askedOptions('rolled-back'), async (writer) => {
        await insert(writer, 'commit')
        await writer.execute(sql`insert into t values (1)`).catch(() => undefined)
        return { ending: 'commit', value: null }
      })
      await expectFailure(work, 'rolled-back', 'tag ROLLBACK')
      expect(await rowsIn(live)).toBe(0)
    })
  })

  test('that the server refuses at COMMIT was rolled back, and what it says is told', async () => {
    const deferred = `create table child (a integer references t deferrable initially deferred)`
    await withSession(async (session, live) => {
      const work = withWriteTransaction(session, askedOptions('rolled-back'), async (writer) => {
        await writer.execute(sql`insert into child values (9)`)
        return { ending: 'commit', value: null }
      })
      expect(await expectFailure(work, 'server-error', 'foreign key')).toMatchObject({ sqlstate: '23503' })
      expect(await query(live, 'select * from child')).toEqual([])
    }, deferred)
  })

  test.each(['cut', 'forward and cut', 'lose reply'] as const)(
    'cut off at COMMIT (%s) has an unknown outcome',
    async (fault) => {
      await withDatabases('create table t (a integer primary key)', async ({ live }) => {
        await withFaultProxy(live, async (proxy) => {
          const session = await openSession(proxy.url)
          proxy.judge = ({ text }) => (text === 'commit\0' ? fault : 'forward')
          const work = withWriteTransaction(session, writeOptions, (writer) => insert(writer, 'commit'))
          await expectFailure(work, 'outcome-unknown', 'rowgraft recover')
          await session.close()
        })
      })
    },
  )

  test('whose ROLLBACK is not confirmed does not live on in the next one', async () => {
    await withDatabases('create table t (a integer primary key)', async ({ live }) => {
      await withFaultProxy(live, async (proxy) => {
        const session = await openSession(proxy.url)
        const error = { severity: 'ERROR', localised: 'ERROR', sqlstate: '57014' } as const
        const lie = { request: 'kept back', error, place: 'instead', readyForQuery: 'follows' } as const
        proxy.judge = ({ text }) =>
          text.startsWith('rollback') ? { lie: { ...lie, connection: 'is left open' } } : 'forward'
        await withWriteTransaction(session, writeOptions, (writer) => insert(writer, 'rollback'))
        proxy.judge = () => 'forward'
        await session.reconnect()
        const work = withWriteTransaction(session, writeOptions, async () => ({ ending: 'commit', value: null }))
        expect(await work).toBeNull()
        expect(await rowsIn(live)).toBe(0)
        await session.close()
      })
    })
  })

  test('that its server ends at COMMIT has an unknown outcome', async () => {
    const suicidal = `
      create function die() returns trigger language plpgsql as $$
        begin perform pg_terminate_backend(pg_backend_pid()); perform pg_sleep(600); return null; end $$;
      create constraint trigger die after insert on t deferrable initially deferred for each row execute function die()`
    await withSession(async (session, live) => {
      const work = withWriteTransaction(session, writeOptions, (writer) => insert(writer, 'commit'))
      await expectFailure(work, 'outcome-unknown')
      expect(await rowsIn(live)).toBe(0)
    }, suicidal)
  })

  test('pins its settings, whatever the database has set, and only for itself', async () => {
    await withSession(async (first, live) => {
      await first.close()
      const name = new URL(live).pathname.slice(1)
      await query(
        live,
        `alter database ${name} set DateStyle = 'SQL, DMY'; alter database ${name} set TimeZone = 'Asia/Kathmandu';
         alter database ${name} set IntervalStyle = 'sql_standard'; alter database ${name} set extra_float_digits = 0;
         alter database ${name} set bytea_output = 'escape'; alter database ${name} set synchronous_commit = off;
         alter database ${name} set statement_timeout = '7s'; alter database ${name} set search_path = nowhere, other`,
      )
      const session = await openSession(live)
      const facts = sql`
        select current_setting('DateStyle'), current_setting('TimeZone'), current_setting('synchronous_commit'),
               current_setting('statement_timeout'), current_setting('transaction_isolation'), 0.1::float8 + 0.2::float8,
               '\\x00ff'::bytea, now()::date = current_date`
      const inside = await withWriteTransaction(session, writeOptions, async (writer) => ({
        ending: 'rollback',
        value: (await writer.rows(facts))[0],
      }))
      expect(inside).toEqual(['ISO, MDY', 'UTC', 'on', '20s', 'read committed', '0.30000000000000004', '\\x00ff', 't'])
      const after = await session.execute(
        sql`select current_setting('DateStyle'), current_setting('synchronous_commit'), current_setting('statement_timeout')`,
      )
      expect(after.rows).toEqual([['SQL, DMY', 'off', '7s']])
      expect(session.searchPath).toBe('nowhere, other')
      await session.close()
    })
  })
})

describe.concurrent('a read transaction', () => {
  test('cannot write', async () => {
    await withSession(async (session, live) => {
      const work = withReadTransaction(session, (reader) =>
        reader.rows(sql`insert into public.t values (1) returning a`),
      )
      expect(await expectFailure(work, 'server-error')).toMatchObject({ sqlstate: '25006' })
      expect(await rowsIn(live)).toBe(0)
    })
  })

  test('sees one moment', async () => {
    await withSession(async (session, live) => {
      await withReadTransaction(session, async (reader) => {
        expect(await reader.rows(sql`select count(*) from public.t`)).toEqual([['0']])
        await query(live, 'insert into t values (1)')
        expect(await reader.rows(sql`select count(*) from public.t`)).toEqual([['0']])
      })
      await withReadTransaction(session, async (reader) => {
        expect(await reader.rows(sql`select count(*) from public.t`)).toEqual([['1']])
      })
    })
  })
})
