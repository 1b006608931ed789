/** The connection is cut at every message of a run: the outcome told is the truth, and live is asked for it where COMMIT was cut off. */
import { describe, expect, test } from 'vitest'
import { type Plan, type Rowgraft, RowgraftError } from '../../src/index.ts'
import { type ClientMessage, type Judge, type Judgement, withFaultProxy } from '../support/fault-proxy.ts'
import { dumpRows } from '../support/queries.ts'
import { expectNoTrace, gallery, pets, type Restores, withRestores } from '../support/restores.ts'

/** Judges the `nth` message of the first connection from now on; the rest is forwarded. Counts what it has seen. */
const atMessage = (nth: number, judgement: Judgement): { readonly judge: Judge; readonly count: () => number } => {
  let seen = 0
  return {
    judge: ({ connection }) => {
      if (connection !== 1) return 'forward'
      seen += 1
      return seen === nth ? judgement : 'forward'
    },
    count: () => seen,
  }
}

interface Fault {
  readonly side: 'live' | 'backup'
  readonly makePlan: (rowgraft: Rowgraft) => Promise<Plan>
  readonly judge: Judge
}

/** Plans with a whole connection, then runs with a faulty one. The code of the error, or null where it went well. */
const runWithFault = async (restores: Restores, { side, makePlan, judge }: Fault): Promise<string | null> =>
  withFaultProxy(restores[side], (proxy) =>
    restores
      .withOpen(
        async (rowgraft) => {
          const plan = await makePlan(rowgraft)
          proxy.judge = judge
          await rowgraft.run(plan)
          return null
        },
        { [side]: proxy.url },
      )
      .catch((error: unknown) => {
        // Anything else is a bug: exit code 70.
        if (error instanceof RowgraftError) return error.code
        throw error
      }),
  )

/** One session that looks on from outside through all the runs of a test: opening one for every look takes most of the time. */
const withGallery = (work: (restores: Restores, watcher: Rowgraft) => Promise<void>): Promise<void> =>
  withRestores(gallery, (restores) => restores.withOpen((watcher) => work(restores, watcher)))

/** Every `stride`-th message from `start` on, and the last four. */
const sampled = (last: number, start: number): readonly number[] =>
  Array.from({ length: last }, (_, index) => index + 1).filter((n) => n > last - 4 || n % stride === start)

const restorePlan = (rowgraft: Rowgraft): Promise<Plan> => rowgraft.plan(pets, { keys: 'new' })
const undoPlan = (rowgraft: Rowgraft): Promise<Plan> => rowgraft.undoPlan()

/** 1 tries every message there is, which takes minutes. */
const stride = 21

// One after the other: side by side they would take as long, and each as long as all of them.
describe('a connection to live that is cut', () => {
  for (const [what, makePlan, makeInverse] of [
    ['a restore', restorePlan, undoPlan],
    ['an undo', undoPlan, restorePlan],
  ] as const) {
    for (const [start, fault] of (['cut', 'forward and cut', 'lose reply'] as const).entries()) {
      test(`at any message of ${what} (${fault}) leaves all of it or nothing, and the truth is told`, async () => {
        await withGallery(async (restores, watcher) => {
          const { live } = restores
          const go = async (make: typeof makePlan): Promise<unknown> => watcher.run(await make(watcher))
          if (what === 'an undo') await go(restorePlan)
          const before = await dumpRows(live)
          const whole = atMessage(0, 'forward')
          expect(await runWithFault(restores, { side: 'live', makePlan, judge: whole.judge })).toBeNull()
          const after = await dumpRows(live)
          await go(makeInverse)
          // The last message says good-bye, the one before it is COMMIT.
          const commit = whole.count() - 1
          for (const n of sampled(commit, start * 7)) {
            const { judge } = atMessage(n, fault)
            const error = await runWithFault(restores, { side: 'live', makePlan, judge })
            const rows = await dumpRows(live)
            const isThere = n === commit && fault !== 'cut'
            expect({ n, error, rows }).toEqual({
              n,
              error: n < commit ? 'connection-lost' : isThere ? null : 'rolled-back',
              rows: withoutKeys(isThere ? after : before, rows),
            })
            if (isThere) expect(await watcher.verify()).toMatchObject({ verified: true })
            expect(await watcher.recover()).toEqual({ v: 1, runs: [] })
          }
        })
      })
    }
  }
})

/** `found` where it is `expected` but for the numbers: every restore takes new keys. Otherwise `expected`, to be shown. */
const withoutKeys = (expected: readonly string[], found: readonly string[]): readonly string[] => {
  const bare = (rows: readonly string[]): string => JSON.stringify(rows.map((row) => row.replace(/\d+/g, 'n')).sort())
  return bare(expected) === bare(found) ? found : expected
}

describe('a connection to the backup that is cut', () => {
  test('at any message of a restore leaves live as it was', async () => {
    await withGallery(async (restores, watcher) => {
      const { live } = restores
      const whole = atMessage(0, 'forward')
      const before = await dumpRows(live)
      expect(await runWithFault(restores, { side: 'backup', makePlan: restorePlan, judge: whole.judge })).toBeNull()
      await watcher.run(await undoPlan(watcher))
      expect(await dumpRows(live)).toEqual(before)
      // The last two end the transaction of the backup, and say good-bye: the run has been committed by then.
      for (let n = 1; n <= whole.count() - 2; n += 1) {
        const { judge } = atMessage(n, 'cut')
        const error = await runWithFault(restores, { side: 'backup', makePlan: restorePlan, judge })
        expect({ n, error }).toEqual({ n, error: 'connection-lost' })
        expect(await dumpRows(live)).toEqual(before)
        expect(await watcher.recover()).toEqual({ v: 1, runs: [] })
      }
    })
  })

  test('after the last row has been read does not harm the run', async () => {
    await withRestores(gallery, async (restores) => {
      const whole = atMessage(0, 'forward')
      await runWithFault(restores, { side: 'backup', makePlan: restorePlan, judge: whole.judge })
      await restores.withOpen(async (rowgraft) => rowgraft.run(await undoPlan(rowgraft)))
      const { judge } = atMessage(whole.count() - 1, 'cut')
      expect(await runWithFault(restores, { side: 'backup', makePlan: restorePlan, judge })).toBeNull()
    })
  })
})

describe.concurrent('a connection that is cut in the middle of large rows', () => {
  const pages = {
    schema: 'create table page (id integer primary key, body text)',
    backup: `insert into page select n, repeat(md5(n::text), 6000) from generate_series(1, 60) n`,
    live: 'delete from page',
  }
  const allPages = (rowgraft: Rowgraft): Promise<Plan> =>
    rowgraft.plan({ selectors: [{ by: 'all missing', table: 'page' }], columns: null })

  test.each([
    ['live', 'cut', (message: ClientMessage) => message.type === 'd'],
    ['backup', 'lose reply', (message: ClientMessage) => /^\s*copy/.test(message.text)],
  ] as const)('is noticed on %s', async (side, fault, isRight) => {
    await withRestores(pages, async (restores) => {
      let seen = 0
      const judge: Judge = (message) => {
        if (message.connection === 1 && isRight(message)) seen += 1
        return seen === (side === 'live' ? 20 : 1) ? fault : 'forward'
      }
      expect(await runWithFault(restores, { side, makePlan: allPages, judge })).toBe('connection-lost')
      expect(await dumpRows(restores.live)).toEqual([])
      await expectNoTrace(restores.live)
      await expectNoTrace(restores.backup)
    })
  })
})
