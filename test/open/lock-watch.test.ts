import { expect, test } from 'vitest'
import { openSession } from '../../src/database/session/session.ts'
import { open, type ProgressEvent } from '../../src/index.ts'
import { withAttempts } from '../support/attempts.ts'

const sql = {
  schema: 'create table pet (id integer primary key, name text)',
  backup: "insert into pet values (1, 'Rex')",
  live: 'delete from pet',
}

test('a plan and a run say who holds the lock that they wait for, and that they have it', async () => {
  await withAttempts(sql, async ({ live, backup, journal }) => {
    const pets = { selectors: [{ by: 'all missing', table: 'pet' }], columns: null } as const
    const locker = await openSession(live)
    let heard: ProgressEvent[] = []
    let letGo = async (): Promise<void> => undefined
    const rowgraft = await open({
      live,
      backup,
      journal,
      env: {},
      readTimeouts: { lock: 60_000 },
      onProgress: (event) => {
        if (event.kind !== 'lock') return
        heard.push(event)
        if (event.holders.length > 0) void letGo()
      },
    })
    const whileLocked = async <T>(work: () => Promise<T>): Promise<T> => {
      heard = []
      await locker.script('begin; lock table pet')
      letGo = () => locker.script('rollback')
      return work()
    }
    const holder = {
      pid: Number(locker.pid),
      application: 'rowgraft',
      user: expect.any(String),
      elapsed: expect.any(Number),
    }
    try {
      const plan = await whileLocked(() => rowgraft.plan(pets))
      expect(heard[0]).toEqual({ kind: 'lock', side: 'live', holders: [holder] })
      expect(plan.steps.length).toBe(1)
      await whileLocked(() => rowgraft.run(plan, { lockTimeout: 60_000 }))
      expect(heard[0]).toEqual({ kind: 'lock', side: 'live', holders: [holder] })
    } finally {
      await rowgraft.close()
      await locker.close()
    }
  })
})
