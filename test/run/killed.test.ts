/** kill -9 at any moment: live holds all of a run or nothing, and `recover` says which. */
import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { startRestore } from '../support/children.ts'
import { withFaultProxy } from '../support/fault-proxy.ts'
import { dumpRows } from '../support/queries.ts'
import { expectNoTrace, gallery, journalFiles, pets, type Restores, withRestores } from '../support/restores.ts'

// New keys: rows that came back twice would show.
const options = { keys: 'new' } as const

const restore = (restores: Restores): Promise<unknown> =>
  restores.withOpen(async (rowgraft) => rowgraft.run(await rowgraft.plan(pets, options)))

const comments = async (live: string): Promise<readonly string[]> =>
  (await dumpRows(live)).filter((line) => line.includes('comment'))

/** Whatever was said of the killed run, a restore afterwards brings everything back once. */
const expectRestorable = async (restores: Restores): Promise<void> => {
  await restore(restores)
  const rows = await comments(restores.live)
  expect(rows.map((row) => row.replace(/\d+/g, 'n'))).toEqual([
    'public.comment\t("wet\tand\\\\cold",n,n)',
    'public.comment\t(aww,n,n)',
    'public.comment\t(late,n,n)',
    'public.comment\t(more,n,n)',
  ])
  await expectNoTrace(restores.live)
}

describe.concurrent('a restore killed with SIGKILL', () => {
  test.each(['stage', 'allocate', 'insert', 'update', 'verify', 'journal', 'commit'])(
    'at "%s" leaves live as it was, recover says so once, and the same restore then works',
    async (killAt) => {
      await withRestores(gallery, async (restores) => {
        const { live, backup, journal, withOpen } = restores
        const before = await dumpRows(live)
        const child = await startRestore({ live, backup, journal, select: 'gallery:7', options, killAt }).ended
        expect(child).toMatchObject({ signal: 'SIGKILL', report: null })
        const recovered = await withOpen((rowgraft) => rowgraft.recover())
        const isJournalled = (await journalFiles(journal)).length > 0
        expect(recovered.runs.map(({ outcome }) => outcome)).toEqual(isJournalled ? ['rolled-back'] : [])
        expect(isJournalled).toBe(!['stage', 'lock', 'allocate'].includes(killAt))
        expect(await dumpRows(live)).toEqual(before)
        expect(await withOpen((rowgraft) => rowgraft.recover())).toEqual({ v: 1, runs: [] })
        await expectRestorable(restores)
      })
    },
  )

  test('before COMMIT reaches the server leaves live as it was', async () => {
    await withRestores(gallery, async (restores) => {
      const { live, backup, journal, withOpen } = restores
      const before = await dumpRows(live)
      await withFaultProxy(live, async (proxy) => {
        const child = startRestore({ live: proxy.url, backup, journal, select: 'gallery:7', options })
        proxy.judge = ({ text }) => {
          if (text !== 'commit\0') return 'forward'
          child.process.kill('SIGKILL')
          return 'cut'
        }
        expect(await child.ended).toMatchObject({ signal: 'SIGKILL' })
      })
      const recovered = await withOpen((rowgraft) => rowgraft.recover())
      expect(recovered.runs).toMatchObject([{ outcome: 'rolled-back' }])
      expect(await dumpRows(live)).toEqual(before)
      await expectRestorable(restores)
    })
  })

  test('before it hears of its COMMIT leaves all of it in live: recover says committed, and a second restore adds nothing', async () => {
    await withRestores(gallery, async (restores) => {
      const { live, backup, journal, withOpen } = restores
      await withFaultProxy(live, async (proxy) => {
        const child = startRestore({ live: proxy.url, backup, journal, select: 'gallery:7', options })
        proxy.judge = ({ text }) => {
          if (text !== 'commit\0') return 'forward'
          child.process.kill('SIGKILL')
          return 'forward and cut'
        }
        expect(await child.ended).toMatchObject({ signal: 'SIGKILL' })
      })
      const recovered = await withOpen((rowgraft) => rowgraft.recover())
      expect(recovered.runs).toMatchObject([{ outcome: 'committed' }])
      const after = await dumpRows(live)
      await expectRestorable(restores)
      expect(await dumpRows(live)).toEqual(after)
      expect(await withOpen((rowgraft) => rowgraft.verify())).toMatchObject({ verified: true, rows: 5 })
    })
  })

  test('is settled by the next restore as well, without recover', async () => {
    await withRestores(gallery, async (restores) => {
      const { live, backup, journal, withOpen } = restores
      await startRestore({ live, backup, journal, select: 'gallery:7', options, killAt: 'commit' }).ended
      await expectRestorable(restores)
      const runs = await withOpen((rowgraft) => rowgraft.runs())
      expect(runs.map(({ state }) => state)).toEqual(['committed', 'rolled-back'])
    })
  })

  test.each(['delete', 'commit'])(
    'while it undoes, at "%s", leaves the rows in live, and the undo then works',
    async (killAt) => {
      await withRestores(gallery, async (restores) => {
        const { live, backup, journal, withOpen } = restores
        const before = await dumpRows(live)
        await restore(restores)
        const after = await dumpRows(live)
        await startRestore({ live, backup, journal, killAt }).ended
        await withOpen((rowgraft) => rowgraft.recover())
        expect(await dumpRows(live)).toEqual(after)
        expect(await withOpen((rowgraft) => rowgraft.recover())).toEqual({ v: 1, runs: [] })
        await withOpen(async (rowgraft) => rowgraft.run(await rowgraft.undoPlan()))
        expect(await dumpRows(live)).toEqual(before)
      })
    },
  )

  test('leaves a journal that holds no value of the rows it inserts', async () => {
    await withRestores(gallery, async ({ live, backup, journal }) => {
      await startRestore({ live, backup, journal, select: 'gallery:7', options, killAt: 'commit' }).ended
      for (const path of await journalFiles(journal)) expect(await readFile(path, 'latin1')).not.toContain('aww')
    })
  })
})
