/** The journal's file: whatever becomes of it, nothing is taken back in part. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Plan, type Rowgraft, RowgraftError } from '../../../src/index.ts'
import { command } from '../../support/command.ts'
import { dumpRows, query } from '../../support/queries.ts'
import { expectFailure, gallery, journalFiles, pets, type Restores, withRestores } from '../../support/restores.ts'

const restore = ({ withOpen }: Restores): Promise<unknown> =>
  withOpen(async (rowgraft) => rowgraft.run(await rowgraft.plan(pets, { keys: 'new' })))

/** The code it fails with, or what it resolves to. A stack trace fails the test. */
const outcomeOf = <T>(work: Promise<T>): Promise<T | string> =>
  work.catch((error: unknown) => {
    if (error instanceof RowgraftError) return error.code
    throw error
  })

const stepsOf = async (rowgraft: Rowgraft): Promise<string> => {
  const plan = await outcomeOf<Plan>(rowgraft.undoPlan())
  return typeof plan === 'string' ? plan : JSON.stringify(plan.steps)
}

/** Where each record ends, by its type. */
const recordEnds = (file: Buffer): readonly (readonly [string, number])[] => {
  const ends: (readonly [string, number])[] = []
  for (let at = file.indexOf(0x0a) + 1; at < file.length; ) {
    const line = file.indexOf(0x0a, at)
    const [type = '', length] = file.toString('latin1', at, line).split(' ')
    at = line + 1 + Number(length) + 1
    ends.push([type, at])
  }
  return ends
}

/** Runs `work` with the journal of a committed run, and live open without the backup. */
const withJournal = (
  work: (facts: { path: string; whole: Buffer; steps: string; rowgraft: Rowgraft }) => Promise<void>,
): Promise<void> =>
  withRestores(gallery, async (restores) => {
    await restore(restores)
    const [path = ''] = await journalFiles(restores.journal)
    const whole = await readFile(path)
    await restores.withOpen(async (rowgraft) => work({ path, whole, steps: await stepsOf(rowgraft), rowgraft }))
  })

describe.concurrent('a journal of a committed run', () => {
  test('that was cut off anywhere gives the whole undo or none, and recover tells no lie', async () => {
    await withJournal(async ({ path, whole, steps, rowgraft }) => {
      const ends = recordEnds(whole)
      const endOf = (type: string): number => ends.find(([known]) => known === type)?.[1] ?? 0
      const near = ends.flatMap(([, end]) => [-2, -1, 0, 1, 2, 20].map((distance) => end + distance))
      const lengths = Array.from({ length: whole.length }, (_, length) => length)
      for (const length of lengths.filter((each) => each % 151 === 0 || near.includes(each))) {
        await writeFile(path, whole.subarray(0, length))
        const undo = await stepsOf(rowgraft)
        const isDone = length >= endOf('DONE')
        expect({ length, undo: isDone || undo.length < 20 }).toEqual({ length, undo: true })
        expect({ length, verified: await outcomeOf(rowgraft.verify()) }).toEqual({
          length,
          verified: isDone ? expect.objectContaining({ verified: true }) : expect.any(String),
        })
        const recovered = await rowgraft.recover()
        const outcome = recovered.runs.map((run) => run.outcome)
        const isNamed = length >= endOf('RUN')
        const truth = length >= endOf('INTENT') ? 'committed' : length >= endOf('BEGIN') ? 'unknown' : 'rolled-back'
        expect({ length, outcome }).toEqual({ length, outcome: isNamed && !isDone ? [truth] : [] })
        if (truth === 'committed') expect(await stepsOf(rowgraft)).toBe(steps)
        else expect((await stepsOf(rowgraft)).length).toBeLessThan(20)
      }
    })
  })

  test('in which a bit has turned gives the whole undo or none', async () => {
    await withJournal(async ({ path, whole, steps, rowgraft }) => {
      const ends = recordEnds(whole)
      const heads = ends.flatMap(([, end]) => Array.from({ length: 14 }, (_, distance) => end + distance))
      for (let at = 0; at < whole.length; at += 1) {
        if (at % 97 !== 0 && !heads.includes(at)) continue
        const turned = Buffer.from(whole)
        turned[at] = (whole[at] ?? 0) ^ (1 << (at % 8))
        await writeFile(path, turned)
        for (const isRecovered of [false, true]) {
          const undo = await stepsOf(rowgraft)
          expect({ at, undo: undo === steps ? 'whole' : undo }).toEqual({
            at,
            undo: expect.stringMatching(/^(whole|damaged-journal|open-run|unknown-run)$/),
          })
          const verified = await outcomeOf(rowgraft.verify())
          if (typeof verified !== 'string') expect(verified).toMatchObject({ verified: true, rows: 5 })
          if (isRecovered) continue
          const recovered = await outcomeOf(rowgraft.recover())
          if (typeof recovered !== 'string') {
            expect({ at, outcomes: recovered.runs.filter(({ outcome }) => outcome === 'rolled-back') }).toEqual({
              at,
              outcomes: [],
            })
          }
        }
      }
    })
  })

  test('that lacks a set of rows is not undone in part', async () => {
    await withJournal(async ({ path, whole, rowgraft }) => {
      const ends = recordEnds(whole)
      const without = async (first: number): Promise<string> => {
        const start = ends[first - 1]?.[1] ?? 0
        await writeFile(path, Buffer.concat([whole.subarray(0, start), whole.subarray(ends[first + 1]?.[1])]))
        const done = await outcomeOf(rowgraft.undoPlan().then((plan) => rowgraft.run(plan)))
        return typeof done === 'string' ? done : done.outcome
      }
      // The STREAM records by their kind; what follows each is its only DATA.
      const kinds = ends.flatMap(([type, end], index) => {
        const said = whole.toString('utf8', ends[index - 1]?.[1], end)
        return type === 'STREAM' ? [[index, /"kind":"([\w ]+)"/.exec(said)?.[1] ?? ''] as const] : []
      })
      expect(kinds.map(([, kind]) => kind)).toEqual(['updated', 'written', 'written', 'written'])
      for (const [index] of kinds) expect(await without(index)).toBe('damaged-journal')
    })
  })

  test('that is damaged is not passed over for an older one', async () => {
    await withRestores(gallery, async (restores) => {
      const { live, journal, env, withOpen } = restores
      await restore(restores)
      await query(live, `delete from photo where id = 3`)
      await withOpen(async (rowgraft) => {
        const { run } = await rowgraft.run(
          await rowgraft.plan({ selectors: [{ by: 'all missing', table: 'photo' }], columns: null }),
        )
        const path = join(journal, run, 'journal')
        const whole = await readFile(path)
        const before = await dumpRows(live)
        for (const at of [3, 40, whole.length - 100]) {
          const turned = Buffer.from(whole)
          turned[at] = (whole[at] ?? 0) ^ 1
          await writeFile(path, turned)
          const { exit, stderr } = await command(['undo', '--yes'], { env })
          expect({ at, exit, stderr }).toEqual({ at, exit: 4, stderr: expect.stringContaining('damaged') })
        }
        expect(await dumpRows(live)).toEqual(before)
      })
    })
  })

  test('whose newest run is open is not passed over for an older one', async () => {
    await withJournal(async ({ path, whole, rowgraft }) => {
      // The last record away: it has asked for COMMIT, and nobody knows.
      await writeFile(path, whole.subarray(0, recordEnds(whole).at(-2)?.[1]))
      await expectFailure(rowgraft.undoPlan(), 'open-run', 'rowgraft recover')
      await rowgraft.recover()
      expect(await rowgraft.undoPlan()).toMatchObject({ kind: 'plan' })
    })
  })
})
