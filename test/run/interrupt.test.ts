/** Ctrl-C at any moment: rolled back, settled, nothing left on the server; a COMMIT under way is waited for. */
import { describe, expect, test } from 'vitest'
import { command } from '../support/command.ts'
import { type Judgement, withFaultProxy } from '../support/fault-proxy.ts'
import { dumpRows, withClient } from '../support/queries.ts'
import {
  expectFailure,
  expectNoTrace,
  gallery,
  pets,
  type Restores,
  waitForSession,
  withRestores,
} from '../support/restores.ts'

const settled = async ({ withOpen }: Restores): Promise<readonly string[]> => {
  expect(await withOpen((rowgraft) => rowgraft.recover())).toEqual({ v: 1, runs: [] })
  return withOpen(async (rowgraft) => (await rowgraft.runs()).map(({ state }) => state))
}

describe.concurrent('an interrupt', () => {
  test.each(['stage', 'lock', 'allocate', 'insert', 'update', 'verify', 'journal', 'commit'])(
    'at "%s" rolls back and settles the journal',
    async (phase) => {
      await withRestores(gallery, async (restores) => {
        const { live, withOpen } = restores
        const before = await dumpRows(live)
        const controller = new AbortController()
        const work = withOpen(async (rowgraft) => rowgraft.run(await rowgraft.plan(pets, { keys: 'new' })), {
          signal: controller.signal,
          onProgress: (event) => {
            if (event.kind === 'run' && event.phase === phase) controller.abort()
          },
        })
        await expectFailure(work, 'interrupted', 'live is unchanged')
        expect(await dumpRows(live)).toEqual(before)
        await expectNoTrace(live)
        expect(await settled(restores)).toEqual(['stage', 'lock', 'allocate'].includes(phase) ? [] : ['rolled-back'])
      })
    },
  )

  test('of a statement under way cancels it on the server', async () => {
    const sleepy = `
      create function sleepy() returns trigger language plpgsql as $$ begin perform pg_sleep(600); return new; end $$;
      create trigger sleepy before insert on comment for each row execute function sleepy();`
    await withRestores({ ...gallery, live: `${gallery.live};${sleepy}` }, async (restores) => {
      const { live, env } = restores
      const before = await dumpRows(live)
      const controller = new AbortController()
      const work = command(['restore', 'gallery', '7', '--yes'], { env, signal: controller.signal })
      await waitForSession(live, `wait_event = 'PgSleep'`)
      controller.abort()
      const { exit, stderr } = await work
      expect({ exit, stderr }).toEqual({ exit: 130, stderr: expect.stringContaining('live is unchanged') })
      expect(await dumpRows(live)).toEqual(before)
      await expectNoTrace(live)
      expect(await settled(restores)).toEqual(['rolled-back'])
    })
  })

  test('while it waits for a lock gives up waiting', async () => {
    await withRestores(gallery, async (restores) => {
      const { live, env } = restores
      await withClient(live, async (other) => {
        await other.query('begin; select 1 from photo where id = 1 for update')
        const controller = new AbortController()
        const argv = ['restore', 'gallery', '7', '--yes', '--lock-timeout', '10min']
        const work = command(argv, { env, signal: controller.signal })
        await waitForSession(live, `wait_event_type = 'Lock'`)
        controller.abort()
        expect(await work).toMatchObject({ exit: 130 })
        await other.query('rollback')
      })
      await expectNoTrace(live)
      expect(await settled(restores)).toEqual([])
    })
  })

  test('while rows are on their way from the backup ends both sessions', async () => {
    await withRestores(gallery, async (restores) => {
      const { live, backup, withOpen } = restores
      await withFaultProxy(backup, async (proxy) => {
        const controller = new AbortController()
        // The rows do not come.
        const silence = Promise.withResolvers<Judgement>()
        proxy.judge = ({ text }) => {
          if (!/^\s*copy/.test(text)) return 'forward'
          controller.abort()
          return silence.promise
        }
        const work = withOpen(async (rowgraft) => rowgraft.run(await rowgraft.plan(pets)), {
          backup: proxy.url,
          signal: controller.signal,
        })
        await expectFailure(work, 'interrupted')
        silence.resolve('cut')
        await expectNoTrace(live)
        await expectNoTrace(backup)
      })
    })
  })

  test('in the middle of large rows ends both sessions', async () => {
    const pages = {
      schema: 'create table page (id integer primary key, body text)',
      backup: `insert into page select n, repeat(md5(n::text), 6000) from generate_series(1, 60) n`,
      live: 'delete from page',
    }
    await withRestores(pages, async ({ live, backup, withOpen }) => {
      await withFaultProxy(live, async (proxy) => {
        const controller = new AbortController()
        proxy.judge = ({ type }) => {
          if (type === 'd') controller.abort()
          return 'forward'
        }
        const all = { selectors: [{ by: 'all missing', table: 'page' }], columns: null } as const
        const work = withOpen(async (rowgraft) => rowgraft.run(await rowgraft.plan(all)), {
          live: proxy.url,
          signal: controller.signal,
        })
        await expectFailure(work, 'interrupted')
      })
      expect(await dumpRows(live)).toEqual([])
      await expectNoTrace(live)
      await expectNoTrace(backup)
    })
  })

  test('during COMMIT waits for it and tells the truth', async () => {
    await withRestores(gallery, async (restores) => {
      const { live, env, withOpen } = restores
      await withFaultProxy(live, async (proxy) => {
        const controller = new AbortController()
        proxy.judge = ({ text }) => {
          if (text === 'commit\0') controller.abort()
          return 'forward'
        }
        const argv = ['restore', 'gallery', '7', '--yes', '--json']
        const { exit, stdout } = await command(argv, {
          env: { ...env, ROWGRAFT_LIVE: proxy.url },
          signal: controller.signal,
        })
        expect(exit).toBe(0)
        expect(JSON.parse(stdout)).toMatchObject({ outcome: 'committed', verified: true })
      })
      expect(await withOpen((rowgraft) => rowgraft.verify())).toMatchObject({ verified: true, rows: 5 })
      expect(await settled(restores)).toEqual(['committed'])
      await expectNoTrace(live)
    })
  })

  test('after one run has been committed still stops the next', async () => {
    await withRestores(gallery, async (restores) => {
      const { live, withOpen } = restores
      const controller = new AbortController()
      let runs = 0
      const work = withOpen(
        async (rowgraft) => {
          await rowgraft.run(await rowgraft.plan(pets))
          runs += 1
          await rowgraft.run(await rowgraft.undoPlan())
        },
        {
          signal: controller.signal,
          onProgress: (event) => {
            if (runs === 1 && event.kind === 'run' && event.phase === 'delete') controller.abort()
          },
        },
      )
      await expectFailure(work, 'interrupted')
      expect(await withOpen((rowgraft) => rowgraft.verify())).toMatchObject({ verified: true, rows: 5 })
      await expectNoTrace(live)
      expect(await settled(restores)).toEqual(['rolled-back', 'committed'])
    })
  })
})
