/** The connection is cut at every message of a run: the outcome told is the truth, or unknown, and then recover tells it. */
import { describe, expect, test } from 'vitest'
import { RowgraftError } from '../../src/index.ts'
import { type FaultProxy, type Judge, type Judgement, withFaultProxy } from '../support/fault-proxy.ts'
import { dumpRows } from '../support/queries.ts'
import { expectFailure, expectNoTrace, failure, gallery, pets, type Restores, withRestores } from '../support/restores.ts'

/** Judges the `nth` message from now on of one connection; the rest is forwarded. Counts what it has seen. */
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

type Side = 'live' | 'backup'

/** Plans with a whole connection, and runs with a fault in the one to `side`. */
const runWithFault = async (
  { withOpen }: Restores,
  { proxy, side, judge }: { readonly proxy: FaultProxy; readonly side: Side; readonly judge: Judge },
): Promise<void> => {
  proxy.judge = () => 'forward'
  await withOpen(
    async (rowgraft) => {
      const plan = await rowgraft.plan(pets, { keys: 'new' })
      proxy.judge = judge
      await rowgraft.run(plan)
    },
    { [side]: proxy.url },
  )
}

interface Told {
  readonly error: string | null
  readonly recovered: readonly string[]
  readonly isBack: boolean
}

/** Runs with a fault, asks recover twice, and sets live back to where it was. */
const attempt = async (
  restores: Restores,
  fault: { readonly proxy: FaultProxy; readonly side: Side; readonly judge: Judge },
  before: readonly string[],
): Promise<Told> => {
  const error = await runWithFault(restores, fault).then(
    () => null,
    (reason: unknown) => {
      if (reason instanceof RowgraftError) return reason.code
      console.log("RAW", (reason as Error).stack, (reason as Error).cause); throw reason
    },
  )
  const { runs } = await restores.withOpen((rowgraft) => rowgraft.recover(), {})
  const rows = await dumpRows(restores.live)
  const isBack = rows.length !== before.length
  if (!isBack) expect(rows).toEqual(before)
  else {
    // All of it: a gallery, two comments; and two photos hang in it again.
    expect(rows.length).toBe(before.length + 3)
    expect(rows.filter((row) => /photo.*\(.*,[12],/.test(row) && !row.includes('(,'))).toHaveLength(2)
    expect(await restores.withOpen((rowgraft) => rowgraft.verify())).toMatchObject({ verified: true, rows: 5 })
    await restores.withOpen(async (rowgraft) => rowgraft.run(await rowgraft.undoPlan()))
    expect(await dumpRows(restores.live)).toEqual(before)
  }
  expect(await restores.withOpen((rowgraft) => rowgraft.recover())).toEqual({ v: 1, runs: [] })
  return { error, recovered: runs.map(({ outcome }) => outcome), isBack }
}

/** Every `stride`-th message, beginning at another one per fault, and every one from the tenth before the last on. */
const sampled = (last: number, stride: number, start: number): readonly number[] =>
  Array.from({ length: last }, (_, index) => index + 1).filter((n) => n > last - 10 || n % stride === start)

describe('a connection to live that is cut', () => {
  for (const [fault, start] of [
    ['cut', 0],
    ['forward and cut', 3],
    ['lose reply', 6],
  ] as const) {
    test(`at any message of a run (${fault}) leaves all of it or nothing, and the truth is told`, { timeout: 120_000 }, async () => {
      await withRestores(gallery, async (restores) => {
        const before = await dumpRows(restores.live)
        await withFaultProxy(restores.live, async (first) => {
          const whole = atMessage(0, 'forward')
          await runWithFault(restores, { proxy: first, side: 'live', judge: whole.judge })
          await restores.withOpen(async (rowgraft) => rowgraft.run(await rowgraft.undoPlan()))
          // The last message says good-bye.
          const commit = whole.count() - 1
          console.log(fault, whole.count())
          for (const n of sampled(commit, 9, start)) { console.log("n", n)
            await withFaultProxy(restores.live, async (proxy) => {
              const told = await attempt(restores, { proxy, side: 'live', judge: atMessage(n, fault).judge }, before)
              const isCommit = n === commit
              expect({ n, error: told.error }).toEqual({ n, error: isCommit ? 'outcome-unknown' : 'connection-lost' })
              if (!isCommit) expect({ n, isBack: told.isBack }).toEqual({ n, isBack: false })
              else {
                expect(told.isBack).toBe(fault !== 'cut')
                expect(told.recovered).toEqual([told.isBack ? 'committed' : 'rolled-back'])
              }
            })
          }
        })
      })
    })
  }
})
