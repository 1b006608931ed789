/** One connection: values, turns, streams, and what it says when it breaks. */
import { once } from 'node:events'
import net from 'node:net'
import { Readable } from 'node:stream'
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { openSession, type Session } from '../../../src/database/session/session.ts'
import { withReadTransaction } from '../../../src/database/transaction.ts'
import { RowgraftError } from '../../../src/errors.ts'
import { withDatabases } from '../../support/databases.ts'
import { withFaultProxy } from '../../support/fault-proxy.ts'
import { query } from '../../support/queries.ts'
import { expectFailure, expectNoTrace, waitForSession } from '../../support/restores.ts'

const withSession = <T>(
  work: (session: Session, live: string) => Promise<T>,
  options: { readonly signal?: AbortSignal } = {},
): Promise<T> =>
  withDatabases('create table t (a integer, b text)', async ({ live }) => {
    const session = await openSession(live, options)
    try {
      return await work(session, live)
    } finally {
      await session.close()
    }
  })

const text = (chunks: readonly Buffer[]): string => Buffer.concat(chunks).toString()

async function* each<T>(...items: readonly T[]): AsyncGenerator<T> {
  yield* items
}

const manyRows = sql`copy (select repeat('x', 1000) from generate_series(1, 20000)) to stdout`

describe.concurrent('a session', () => {
  test('gives values as the text of the server, and null for NULL', async () => {
    await withSession(async (session) => {
      const values = sql`select 1.10::numeric, null::text, 'infinity'::timestamptz, '{1,NULL}'::int[], 'null'::jsonb, -0.0::float8`
      expect(await session.execute(values)).toEqual({
        command: 'SELECT',
        count: 1,
        rows: [['1.10', null, 'infinity', '{1,NULL}', 'null', '-0']],
      })
    })
  })

  test('takes one statement at a time: whatever is typed, a second one is refused', async () => {
    await withSession(async (session, live) => {
      await expectFailure(
        session.execute(sql`select 1; insert into t values (1, 'smuggled')`),
        'server-error',
        'multiple commands',
      )
      expect(await query(live, 'select from t')).toEqual([])
    })
  })

  test('runs statements one at a time, in the order they were asked for', async () => {
    await withSession(async (session) => {
      const all = await Promise.all([1, 2, 3].map((n) => session.execute(sql`select ${String(n)}, clock_timestamp()`)))
      const rows = all.map(({ rows: [row] }) => row ?? [])
      expect(rows.map(([n]) => n)).toEqual(['1', '2', '3'])
      expect(rows.map(([, at]) => at)).toEqual(rows.map(([, at]) => at).sort())
    })
  })

  test('reads in batches, and others may ask in between', async () => {
    await withSession(async (session) => {
      await withReadTransaction(session, async (reader) => {
        const sizes: number[] = []
        for await (const rows of reader.batches(sql`select generate_series(1, 25)`, 10)) {
          sizes.push(rows.length)
          expect(await reader.rows(sql`select 1`)).toEqual([['1']])
        }
        expect(sizes).toEqual([10, 10, 5])
      })
    })
  })

  test('can be used on after a batch, a COPY or a statement was given up', async () => {
    await withSession(async (session, live) => {
      await withReadTransaction(session, async (reader) => {
        for await (const _ of reader.batches(sql`select generate_series(1, 1000)`, 10)) break
        expect(await reader.rows(sql`select 1`)).toEqual([['1']])
      })
      for (let time = 0; time < 20; time += 1) {
        await withReadTransaction(session, async (reader) => {
          for await (const _ of reader.copyFrames(manyRows)) break
        })
        expect(await withReadTransaction(session, (reader) => reader.rows(sql`select 1`))).toEqual([['1']])
      }
      await expect(session.execute(sql`select 1 / 0`)).rejects.toMatchObject({
        code: 'server-error',
        sqlstate: '22012',
      })
      async function* failing(): AsyncGenerator<Readable> {
        yield Readable.from([Buffer.from('1\tone\n')])
        throw new RowgraftError('plan-stale', 'no more')
      }
      await expectFailure(session.copyIn(sql`copy t from stdin`, failing()), 'plan-stale', 'no more')
      await expectFailure(
        session.copyIn(sql`copy t from stdin`, each(Readable.from([Buffer.from('x\n')]))),
        'server-error',
      )
      expect(await session.copyIn(sql`copy t from stdin`, each(Readable.from([Buffer.from('1\tone\n2\ttwo\n')])))).toBe(
        2,
      )
      expect(await query(live, 'select * from t order by a')).toEqual([
        { a: '1', b: 'one' },
        { a: '2', b: 'two' },
      ])
    })
  })

  test('copies out and in without reading what it carries', async () => {
    await withSession(async (session) => {
      const hostile = 'tab\tline\nback\\slash \\N \u2028 \u{1F436} \u0001'
      await session.execute(sql`insert into t values (1, ${hostile}), (2, null)`)
      const chunks: Buffer[] = []
      for await (const chunk of await session.copyOut(sql`copy (select * from t order by a) to stdout`))
        chunks.push(chunk as Buffer)
      await session.execute(sql`delete from t`)
      expect(await session.copyIn(sql`copy t from stdin`, each(Readable.from(chunks)))).toBe(2)
      expect((await session.execute(sql`select b from t order by a`)).rows).toEqual([[hostile], [null]])
      expect(text(chunks)).toContain('\\t')
    })
  })

  test('that loses its connection says so, whatever it was doing', async () => {
    const works: readonly ((session: Session) => Promise<unknown>)[] = [
      (session) => session.execute(sql`select 'break'`),
      async (session) => {
        for await (const _ of await session.copyOut(sql`copy (select 'break') to stdout`));
      },
      async (session) => {
        for await (const _ of session.copyFrames(sql`copy (select 'break') to stdout`));
      },
      (session) => session.copyIn(sql`copy t (b) from stdin`, each(Readable.from([Buffer.from('break\n')]))),
      (session) => session.script(`select 'break'`),
    ]
    await withDatabases('create table t (a integer, b text)', async ({ live }) => {
      for (const work of works) {
        for (const fault of ['cut', 'forward and cut', 'lose reply'] as const) {
          await withFaultProxy(live, async (proxy) => {
            const session = await openSession(proxy.url)
            proxy.judge = (message) => (message.text.includes('break') ? fault : 'forward')
            await expectFailure(work(session), 'connection-lost', 'was lost')
            await expectFailure(session.execute(sql`select 1`), 'connection-lost')
            await session.rollback()
            await session.close()
          })
        }
      }
    })
  })

  test('that a server ends says so', async () => {
    await withSession(async (session, live) => {
      const work = expectFailure(session.execute(sql`select pg_sleep(600)`), 'connection-lost')
      await waitForSession(live, `wait_event = 'PgSleep'`)
      await query(
        live,
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'rowgraft' and datname = current_database()`,
      )
      await work
      await expectFailure(session.execute(sql`select 1`), 'connection-lost')
    })
  })

  test('to a server that hangs up at once is no bug of ours', async () => {
    const server = net.createServer((socket) => socket.end())
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const { port } = server.address() as net.AddressInfo // it listens on a port
    await expectFailure(
      openSession(`postgres://me@127.0.0.1:${port}/db?sslmode=disable`),
      'cannot-connect',
      'cannot connect',
    )
    server.close()
  })

  test('that breaks while it is opened is no bug of ours, and leaves nothing open', async () => {
    await withDatabases('select 1', async ({ live }) => {
      await withFaultProxy(live, async (proxy) => {
        proxy.judge = ({ text: said }) => (said.includes('server_version_num') ? 'cut' : 'forward')
        await expectFailure(openSession(proxy.url), 'cannot-connect')
      })
      await expectNoTrace(live)
    })
  })
})
