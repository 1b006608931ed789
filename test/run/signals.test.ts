/** The program and its signals: the first one stops the work and tells the truth, the second leaves at once. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Judgement, withFaultProxy } from '../support/fault-proxy.ts'
import { dumpRows } from '../support/queries.ts'
import { expectNoTrace, gallery, type Restores, waitForSession, withRestores } from '../support/restores.ts'

const bin = join(import.meta.dirname, '../../src/cli/bin.ts')

/** Starts `rowgraft restore` in a process of its own. */
const start = ({ env }: Restores, live: string = env.ROWGRAFT_LIVE ?? '') => {
  const child = spawn(process.execPath, [bin, 'restore', 'gallery', '7', '--yes'], {
    env: { ...process.env, ...env, ROWGRAFT_LIVE: live },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      said += chunk
    })
  }
  return { child, ended: once(child, 'close').then(([code]: (number | null)[]) => ({ code, said })) }
}

const sleepy = `
  create function sleepy() returns trigger language plpgsql as $$ begin perform pg_sleep(600); return new; end $$;
  create trigger sleepy before insert on comment for each row execute function sleepy();`

describe.concurrent('rowgraft restore', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 130],
  ] as const)('on %s rolls back and exits with %i', async (signal, code) => {
    await withRestores({ ...gallery, live: `${gallery.live};${sleepy}` }, async (restores) => {
      const before = await dumpRows(restores.live)
      const { child, ended } = start(restores)
      await waitForSession(restores.live, `wait_event = 'PgSleep'`)
      child.kill(signal)
      expect(await ended).toEqual({ code, said: expect.stringContaining('live is unchanged') })
      await expectNoTrace(restores.live)
      expect(await dumpRows(restores.live)).toEqual(before)
    })
  })

  test('on a second signal during COMMIT leaves without knowing, and recover finds out', async () => {
    await withRestores(gallery, async (restores) => {
      await withFaultProxy(restores.live, async (proxy) => {
        const asked = Promise.withResolvers<void>()
        const answer = Promise.withResolvers<Judgement>()
        proxy.judge = ({ text }) => {
          if (text !== 'commit\0') return 'forward'
          asked.resolve()
          return answer.promise
        }
        const { child, ended } = start(restores, proxy.url)
        await asked.promise
        child.kill('SIGINT')
        // It says so only when it has waited for a while: by then the first signal has been taken.
        await once(child.stderr, 'data')
        child.kill('SIGINT')
        expect(await ended).toEqual({ code: 6, said: expect.stringContaining('rowgraft recover') })
        answer.resolve('forward')
      })
      const { runs } = await restores.withOpen((rowgraft) => rowgraft.recover())
      expect(runs).toMatchObject([{ outcome: expect.stringMatching(/^(committed|rolled-back)$/) }])
      const isBack = (await dumpRows(restores.live)).some((row) => row.includes('pets'))
      expect(runs[0]?.outcome).toBe(isBack ? 'committed' : 'rolled-back')
    })
  })
})
