/** What an abort does to a connection: whatever the server is doing for us ends, and nothing is begun any more. */
import { Readable } from 'node:stream'
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { openSession, type Session } from '../../../src/database/session/session.ts'
import { withDatabases } from '../../support/databases.ts'
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

async function* each<T>(...items: readonly T[]): AsyncGenerator<T> {
  yield* items
}

describe.concurrent('an abort', () => {
  const statements: readonly (readonly [string, (session: Session) => Promise<unknown>])[] = [
    ['a statement', (session) => session.execute(sql`select pg_sleep(600)`)],
    [
      'a COPY to us',
      async (session) => {
        for await (const _ of await session.copyOut(sql`copy (select pg_sleep(600)) to stdout`));
      },
    ],
    [
      'a COPY to us in frames',
      async (session) => {
        for await (const _ of session.copyFrames(sql`copy (select pg_sleep(600)) to stdout`));
      },
    ],
    [
      'a batch',
      async (session) => {
        await session.execute(sql`begin`)
        for await (const _ of session.batches(sql`select pg_sleep(600)`, 10));
      },
    ],
  ]

  test.each(statements)('ends %s on the server, and refuses what comes after', async (_, work) => {
    const controller = new AbortController()
    await withSession(
      async (session, live) => {
        const failed = expectFailure(work(session), 'interrupted')
        await waitForSession(live, `wait_event = 'PgSleep'`)
        controller.abort()
        await failed
        await expectFailure(session.execute(sql`select 1`), 'interrupted')
        await session.rollback()
        expect(session.ended).toBe(false)
        await session.close()
        await expectNoTrace(live)
      },
      { signal: controller.signal },
    )
  })

  test('ends a COPY to the server whose source has gone silent', async () => {
    const controller = new AbortController()
    await withSession(
      async (session, live) => {
        const silent = new Readable({ read: () => undefined })
        const failed = expectFailure(session.copyIn(sql`copy t from stdin`, each(silent)), 'interrupted')
        await waitForSession(live, `query like 'copy t%' and state = 'active'`)
        controller.abort()
        await failed
        await session.rollback()
        await session.close()
        await expectNoTrace(live)
      },
      { signal: controller.signal },
    )
  })

  test('is not heard while the session is shielded, and is afterwards', async () => {
    const controller = new AbortController()
    await withSession(
      async (session) => {
        session.shield()
        const work = session.execute(sql`select pg_sleep(0.1)`)
        controller.abort()
        expect(await work).toMatchObject({ count: 1 })
        expect(await session.execute(sql`select 1`)).toMatchObject({ count: 1 })
        session.unshield()
        await expectFailure(session.execute(sql`select 1`), 'interrupted')
        expect(() => session.shield()).toThrow('interrupted')
      },
      { signal: controller.signal },
    )
  })

  test('leaves other sessions alone', async () => {
    const controller = new AbortController()
    await withSession(
      async (session, live) => {
        const other = await openSession(live)
        const work = other.execute(sql`select pg_sleep(0.2)`)
        const failed = expectFailure(session.execute(sql`select pg_sleep(600)`), 'interrupted')
        await waitForSession(live, `query like '%pg_sleep(600)%' and wait_event = 'PgSleep'`)
        controller.abort()
        await failed
        expect(await work).toMatchObject({ count: 1 })
        await other.close()
      },
      { signal: controller.signal },
    )
  })

  test('before a session is opened opens none', async () => {
    await withDatabases('select 1', async ({ live }) => {
      await expectFailure(openSession(live, { signal: AbortSignal.abort() }), 'interrupted')
    })
  })
})
