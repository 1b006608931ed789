import { readdir } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'

import { open, type Plan, parsePlan, type Rowgraft, type RowReport } from '../src/index.ts'
import { type Attempts, withAttempts } from './support/attempts.ts'
import { dumpRows, query } from './support/queries.ts'

const sql = {
  schema: `create table gallery (id serial primary key, slug text unique, made timestamptz, size numeric);
    create table photo (id bigserial primary key, gallery integer references gallery on delete cascade, meta jsonb)`,
  backup: `insert into gallery (slug, made, size) values ('pets', '2026-01-01 00:00:00.123456+00', 1.50), ('sea', null, null);
    insert into photo (gallery, meta) select 1, '{"n": 12345678901234567890}' from generate_series(1, 30)`,
  live: 'delete from gallery where id = 1',
}

const withApi = (work: (rowgraft: Rowgraft, attempts: Attempts) => Promise<void>): Promise<void> =>
  withAttempts(sql, async (attempts) => {
    const { live, backup, journal } = attempts
    const rowgraft = await open({ live, backup, journal, env: {} })
    try {
      await work(rowgraft, attempts)
    } finally {
      await rowgraft.close()
    }
  })

const pets = { selectors: [{ by: 'keys', table: 'gallery', keys: [['1']] }], columns: null } as const

/** Our sessions on a database, with their states. */
const sessions = async (url: string): Promise<readonly (string | null | undefined)[]> => {
  const rows = await query(
    url,
    `select state from pg_stat_activity where application_name = 'rowgraft' and datname = current_database()`,
  )
  return rows.map(({ state }) => state)
}

/** Waits until a closed connection is gone from the server's list too. */
const expectNoSession = async (url: string): Promise<void> => {
  await expect.poll(() => sessions(url), { timeout: 10_000, interval: 20 }).toEqual([])
}

const collect = async <T>(items: AsyncIterable<T>): Promise<readonly T[]> => {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

/** What is the same in two plans for the same thing, whatever other transactions there are in between. */
const timeless = ({ made: _, hash: __, unseenFrom: ___, ...plan }: Plan): unknown => plan

describe('open', () => {
  test('gives the stages that the command line uses, with the same results', async () => {
    await withApi(async (rowgraft, { rowgraft: run, live, backup }) => {
      const json = async (...argv: readonly string[]): Promise<unknown> =>
        JSON.parse((await run([...argv, '--json'])).stdout)
      const { tables } = (await json('diff', '--rows')) as { tables: (RowReport & { rows: unknown[] })[] }
      const rows = await collect(rowgraft.rows())
      expect(tables.flatMap((table) => table.rows)).toEqual(rows.map(({ table: _, ...row }) => row))

      const plan = await rowgraft.plan(pets)
      expect(timeless(plan)).toEqual(timeless(parsePlan((await run(['plan', 'gallery', '1', '--json'])).stdout)))
      expect(await rowgraft.show('gallery', '1')).toMatchObject({ state: 'missing', key: { id: '1' }, live: null })

      const rehearsed = await rowgraft.run(plan, { rehearse: true })
      expect(rehearsed.outcome).toBe('rehearsed')
      const report = await rowgraft.run(plan)
      expect(report).toMatchObject({ v: 1, outcome: 'committed', verified: true, complete: true })
      expect(await dumpRows(live)).toEqual(await dumpRows(backup))
      expect((await rowgraft.runs()).map(({ run: id, state }) => [id, state])).toEqual([[report.run, 'committed']])
      expect(await rowgraft.verify()).toEqual(await json('verify'))

      const undo = await rowgraft.undoPlan()
      expect(await rowgraft.run(undo)).toMatchObject({ outcome: 'committed' })
      expect(await query(live, 'select slug from gallery')).toEqual([{ slug: 'sea' }])
      expect(await rowgraft.recover()).toEqual({ v: 1, runs: [] })
    })
  })

  test('gives every value as the text that the server prints', async () => {
    await withApi(async (rowgraft) => {
      const [gallery] = await collect(rowgraft.rows({ tables: ['gallery'] }))
      expect(gallery).toEqual({
        table: 'public.gallery',
        state: 'missing',
        key: { id: '1' },
        backup: { id: '1', slug: 'pets', made: '2026-01-01 00:00:00.123456+00', size: '1.50' },
        live: null,
        columns: [],
      })
      const [photo] = await collect(rowgraft.rows({ tables: ['photo'] }))
      expect(photo?.backup).toEqual({ id: '1', gallery: '1', meta: '{"n": 12345678901234567890}' })
    })
  })

  test('names the sides without a password', async () => {
    await withApi(async (rowgraft, { live }) => {
      const { hostname, port, username, pathname, password } = new URL(live)
      expect(rowgraft.live).toMatchObject({
        label: `${username}@${hostname}:${port}${pathname}`,
        database: pathname.slice(1),
        user: username,
        version: expect.stringMatching(/^\d+\.\d+$/),
      })
      expect(JSON.stringify([rowgraft.live, rowgraft.backup, rowgraft.notes])).not.toContain(password)
    })
  })

  test('of live alone does what needs no backup, and says so of the rest', async () => {
    await withAttempts(sql, async ({ live, journal }) => {
      const rowgraft = await open({ live, journal, env: {} })
      expect(rowgraft.backup).toBeNull()
      expect(await rowgraft.runs()).toEqual([])
      expect(await rowgraft.recover()).toEqual({ v: 1, runs: [] })
      const needsBackup = { code: 'bad-conninfo', message: 'the backup is not given' }
      await expect(rowgraft.tables()).rejects.toMatchObject(needsBackup)
      await expect(rowgraft.plan(pets)).rejects.toMatchObject(needsBackup)
      await expect(collect(rowgraft.diff())).rejects.toMatchObject(needsBackup)
      await expect(rowgraft.undoPlan()).rejects.toMatchObject({ code: 'unknown-run' })
      await rowgraft.close()
      await expectNoSession(live)
    })
  })
})

describe('sessions', () => {
  test('are gone after close, which may be called again', async () => {
    await withApi(async (rowgraft, { live, backup }) => {
      await rowgraft.plan(pets)
      expect(await sessions(live)).toEqual(['idle'])
      expect(await sessions(backup)).toEqual(['idle'])
      await rowgraft.close()
      await rowgraft.close()
      await expectNoSession(live)
      await expectNoSession(backup)
    })
  })

  test('are gone when open is refused, wherever it stops', async () => {
    await withAttempts(sql, async ({ live, backup }) => {
      for (const wrong of [`${backup}_gone`, live, 'nonsense=1', '/nowhere/at.dump']) {
        await expect(open({ live, backup: wrong, env: {} })).rejects.toThrow()
        await expectNoSession(live)
      }
      await query(live, 'alter table gallery rename to g; alter table photo rename to p')
      await expect(open({ live, backup, env: {} })).rejects.toMatchObject({ code: 'unrelated-databases' })
      await expectNoSession(live)
      await expectNoSession(backup)
    })
  })

  test('are gone when the options turn out to be wrong after connecting', async () => {
    await withAttempts(sql, async ({ live, backup }) => {
      await expect(open({ live, backup, env: {}, config: { softDelete: { nowhere: 'gone' } } })).rejects.toMatchObject({
        code: 'unknown-table',
      })
      await expectNoSession(live)
      await expectNoSession(backup)
    })
  })

  test('hold no transaction between two calls', async () => {
    await withApi(async (rowgraft, { live, backup }) => {
      await rowgraft.tables()
      await collect(rowgraft.diff())
      await rowgraft.show('gallery', '1')
      await expect(rowgraft.show('gallery', 'x')).rejects.toThrow()
      await expect(rowgraft.plan({ ...pets, columns: ['nonsense'] })).rejects.toMatchObject({ code: 'unknown-column' })
      await rowgraft.run(await rowgraft.plan(pets))
      expect([...(await sessions(live)), ...(await sessions(backup))]).toEqual(['idle', 'idle'])
    })
  })

  test('hold no transaction after a generator was left early, by break, return or throw', async () => {
    await withApi(async (rowgraft, { live, backup }) => {
      for await (const row of rowgraft.rows()) {
        expect(row.state).toBe('missing')
        break
      }
      expect([...(await sessions(live)), ...(await sessions(backup))]).toEqual(['idle', 'idle'])

      const rows = rowgraft.rows()
      await rows.next()
      await rows.return(undefined)
      expect([...(await sessions(live)), ...(await sessions(backup))]).toEqual(['idle', 'idle'])

      const reading = async (): Promise<void> => {
        for await (const { table } of rowgraft.diff()) throw new Error(`enough of ${table}`)
      }
      await expect(reading()).rejects.toThrow('enough of public.gallery')
      expect([...(await sessions(live)), ...(await sessions(backup))]).toEqual(['idle', 'idle'])
      expect((await rowgraft.plan(pets)).steps).toHaveLength(2)
    })
  })

  test('are gone when close comes before a generator is done', async () => {
    await withApi(async (rowgraft, { live, backup }) => {
      const rows = rowgraft.rows()
      await rows.next()
      await rowgraft.close()
      await expectNoSession(live)
      await expectNoSession(backup)
    })
  })
})

describe('an abort', () => {
  test('stops whatever runs, and live is unchanged', async () => {
    await withAttempts(sql, async ({ live, backup, journal }) => {
      const before = await dumpRows(live)
      const controller = new AbortController()
      const rowgraft = await open({
        live,
        backup,
        journal,
        env: {},
        signal: controller.signal,
        onProgress: (event) => {
          if (event.kind === 'run' && event.phase === 'insert') controller.abort()
        },
      })
      const plan = await rowgraft.plan(pets)
      await expect(rowgraft.run(plan)).rejects.toMatchObject({ code: 'interrupted' })
      await expect(rowgraft.plan(pets)).rejects.toMatchObject({ code: 'interrupted' })
      await rowgraft.close()
      await expectNoSession(live)
      expect(await dumpRows(live)).toEqual(before)
    })
  })

  test('before it began connects to nothing', async () => {
    await withAttempts(sql, async ({ live, backup }) => {
      await expect(open({ live, backup, env: {}, signal: AbortSignal.abort() })).rejects.toMatchObject({
        code: 'interrupted',
      })
      await expectNoSession(live)
    })
  })
})

describe('a selection', () => {
  test.each(['1\0', '1\x002', '\ud800'])(
    'with the key %j, which no text of the server can be, is refused',
    async (key) => {
      await withApi(async (rowgraft) => {
        for (const columns of [undefined, ['id']]) {
          const selector = {
            by: 'keys',
            table: 'gallery',
            keys: [[key]],
            ...(columns === undefined ? {} : { columns }),
          } as const
          await expect(rowgraft.plan({ selectors: [selector], columns: null })).rejects.toMatchObject({
            code: 'bad-key',
          })
        }
        await expect(rowgraft.show('gallery', key)).rejects.toMatchObject({ code: 'bad-key' })
      })
    },
  )
})

describe('a plan', () => {
  test('for another database is refused', async () => {
    await withApi(async (rowgraft, { live, journal }) => {
      const plan = await rowgraft.plan(pets)
      await withAttempts(sql, async (other) => {
        const elsewhere = await open({ live: other.live, backup: other.backup, journal, env: {} })
        await expect(elsewhere.run(plan)).rejects.toMatchObject({ code: 'wrong-database', hint: expect.any(String) })
        await elsewhere.close()
        const half = await open({ live, backup: other.backup, journal, env: {} })
        await expect(half.run(plan)).rejects.toMatchObject({
          code: 'wrong-database',
          message: expect.stringContaining('the backup'),
        })
        await half.close()
        expect(await query(other.live, 'select slug from gallery')).toEqual([{ slug: 'sea' }])
      })
      expect(await readdir(journal)).toEqual([])
    })
  })

  test('is refused when a table was altered, a row of the backup changed, or a key was taken since', async () => {
    const changes = [
      ['live', 'alter table photo add column extra text', 'public.photo'],
      ['live', 'alter table photo add check (id > 0)', 'public.photo'],
      ['live', 'create rule quiet as on insert to photo do also notify it', 'public.photo'],
      ['backup', `update gallery set slug = 'dogs' where id = 1`, 'the rows of the backup are not those'],
      ['backup', 'delete from gallery where id = 1', 'the backup has 0 of the 1 rows of "public.gallery"'],
      ['live', `insert into gallery (id, slug) values (1, 'other')`, 'key 1 of "public.gallery" was free'],
    ] as const
    for (const [side, change, says] of changes) {
      await withApi(async (rowgraft, attempts) => {
        const plan = await rowgraft.plan(pets)
        await query(attempts[side], change)
        const before = await dumpRows(attempts.live)
        await expect(rowgraft.run(plan), change).rejects.toMatchObject({
          code: 'plan-stale',
          message: expect.stringContaining(says),
          hint: expect.stringContaining('Make the plan again'),
        })
        expect(await dumpRows(attempts.live)).toEqual(before)
      })
    }
  })

  test('is not stale for what it does not rely on', async () => {
    await withApi(async (rowgraft, { live, backup }) => {
      const plan = await rowgraft.plan(pets)
      await query(
        live,
        `create table unrelated (id integer); insert into gallery (id, slug) values (9, 'new'); analyze; grant select on photo to public`,
      )
      await query(backup, `update gallery set slug = 'lake' where id = 2`)
      expect(await rowgraft.run(plan)).toMatchObject({ outcome: 'committed', verified: true })
    })
  })

  test('with an open conflict is refused, and runs when it is answered', async () => {
    await withApi(async (rowgraft, { live }) => {
      await query(live, `insert into gallery (id, slug) values (7, 'pets')`)
      const plan = await rowgraft.plan(pets)
      const [conflict] = plan.conflicts
      await expect(rowgraft.run(plan)).rejects.toMatchObject({
        code: 'decision-needed',
        conflicts: [conflict],
        hint: expect.stringContaining('--on-conflict'),
      })
      const answered = { ...plan, answers: { [conflict?.id ?? '']: 'match' } } as const
      expect(await rowgraft.run(parsePlan(JSON.stringify(answered)))).toMatchObject({ outcome: 'committed' })
      expect(await query(live, 'select distinct gallery from photo')).toEqual([{ gallery: '7' }])
    })
  })
})
