/** The journal: whatever becomes of the file, nothing is taken back in part, and nobody but its owner had a hand in it. */
import { execFileSync } from 'node:child_process'
import { chmod, mkdir, readFile, rename, stat, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Plan, type Rowgraft, RowgraftError } from '../../src/index.ts'
import { command } from '../support/command.ts'
import { dumpRows, query } from '../support/queries.ts'
import { expectFailure, expectNoTrace, gallery, journalFiles, pets, type Restores, withFolder, withRestores } from '../support/restores.ts'

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
            expect({ at, outcomes: recovered.runs.filter(({ outcome }) => outcome === 'rolled-back') }).toEqual({ at, outcomes: [] })
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
        return type === 'STREAM' ? [[index, /"kind":"(\w+)"/.exec(said)?.[1] ?? ''] as const] : []
      })
      expect(kinds.map(([, kind]) => kind)).toEqual(['updated', 'written', 'keys', 'written', 'keys', 'written'])
      for (const [index, kind] of kinds) if (kind !== 'keys') expect(await without(index)).toBe('damaged-journal')
      // What an undo does not read may be missing.
      expect(await without(kinds[2]?.[0] ?? 0)).toBe('committed')
    })
  })

  test('that is damaged is not passed over for an older one', async () => {
    await withRestores(gallery, async (restores) => {
      const { live, journal, env, withOpen } = restores
      await restore(restores)
      await query(live, `delete from photo where id = 3`)
      await withOpen(async (rowgraft) => {
        const { run } = await rowgraft.run(await rowgraft.plan({ selectors: [{ by: 'all missing', table: 'photo' }], columns: null }))
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

describe.concurrent('the journal folder', () => {
  test('and everything in it belongs to its owner alone', async () => {
    await withFolder(async (parent) => {
      const folder = join(parent, 'state', 'runs')
      await withRestores(gallery, async ({ env }) => {
        const old = process.umask(0)
        try {
          const argv = ['restore', 'gallery', '7', '--yes', '--journal', folder]
          expect(await command(argv, { env })).toMatchObject({ exit: 0 })
        } finally {
          process.umask(old)
        }
        const [path = ''] = await journalFiles(folder)
        const modes = await Promise.all([folder, dirname(path), path].map(async (each) => (await stat(each)).mode & 0o777))
        expect(modes).toEqual([0o700, 0o700, 0o600])
      })
    })
  })

  test.each([0o777, 0o1777, 0o770])('that others can write to (%o) is refused before anything is done', async (mode) => {
    await withRestores(gallery, async ({ live, env, journal }) => {
      await chmod(journal, mode)
      const before = await dumpRows(live)
      for (const argv of [['restore', 'gallery', '7', '--yes'], ['undo', '--yes'], ['recover'], ['verify'], ['runs']]) {
        const { exit, stderr } = await command(argv, { env })
        expect({ argv, exit, stderr }).toEqual({ argv, exit: 2, stderr: expect.stringContaining('chmod go-w') })
      }
      expect(await dumpRows(live)).toEqual(before)
    })
  })

  test('that is a file is refused before anything is done', async () => {
    await withRestores(gallery, async ({ live, env, journal }) => {
      const path = join(journal, 'file')
      await writeFile(path, '')
      const before = await dumpRows(live)
      const result = await command(['restore', 'gallery', '7', '--yes', '--journal', path], { env })
      expect(result).toMatchObject({ exit: 2, stderr: expect.stringContaining('--journal') })
      expect(await dumpRows(live)).toEqual(before)
    })
  })

  test('may hold other things, which are left alone', async () => {
    await withRestores(gallery, async (restores) => {
      const { journal, withOpen } = restores
      await writeFile(join(journal, 'notes.txt'), 'mine')
      await mkdir(join(journal, 'empty'))
      await mkdir(join(journal, 'Other'))
      await mkdir(join(journal, 'torn'))
      await writeFile(join(journal, 'torn', 'journal'), 'rowgraft-jour')
      await restore(restores)
      expect(await withOpen((rowgraft) => rowgraft.runs())).toMatchObject([{ state: 'committed' }])
      expect(await withOpen((rowgraft) => rowgraft.recover())).toEqual({ v: 1, runs: [] })
    })
  })

  test('is not left by a link in the place of a journal', async () => {
    await withRestores(gallery, async (restores) => {
      const { live, journal, env } = restores
      await restore(restores)
      const before = await dumpRows(live)
      const [path = ''] = await journalFiles(journal)
      await rename(path, `${path}-away`)
      await symlink(`${path}-away`, path)
      for (const argv of [['undo', '--yes'], ['recover'], ['verify']]) {
        const { exit, stderr } = await command(argv, { env })
        expect({ exit, stderr }).toEqual({ exit: 4, stderr: expect.stringContaining('cannot be read') })
      }
      expect(await dumpRows(live)).toEqual(before)
    })
  })

  test('of a run that was taken away takes its run with it, and nothing else', async () => {
    await withRestores(gallery, async (restores) => {
      const { journal, env } = restores
      await restore(restores)
      const [path = ''] = await journalFiles(journal)
      await rename(dirname(path), `${journal}-away`)
      expect(await command(['undo', '--yes'], { env })).toMatchObject({ exit: 2, stderr: expect.stringContaining('no run') })
      await rename(`${journal}-away`, dirname(path))
      expect(await command(['undo', '--yes'], { env })).toMatchObject({ exit: 0 })
    })
  })
})

/** Whether this process may mount: a file system with a known number of bytes is the only honest full disk. */
const mayMount = ((): boolean => {
  try {
    execFileSync('unshare', ['--mount', 'true'], { stdio: 'ignore' })
    return process.getuid?.() === 0
  } catch {
    return false
  }
})()

const withFullDisk = (bytes: number, work: (folder: string) => Promise<void>): Promise<void> =>
  withFolder(async (folder) => {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes},mode=700`, 'rowgraft-test', folder])
    try {
      await work(folder)
    } finally {
      execFileSync('umount', ['--lazy', folder])
    }
  })

describe.skipIf(!mayMount)('a disk that is full (needs the right to mount)', () => {
  // Images of rows that are to be updated go into the journal: 40 of 20 kB, which do not compress on their way.
  const wide = {
    schema: `create table page (id integer primary key, body text, views integer)`,
    backup: `insert into page select n, repeat(md5(n::text), 640), 1 from generate_series(1, 40) n`,
    live: `update page set views = 2; delete from page where id > 30`,
  }

  test.each([4096, 16_384, 262_144, 524_288])('at %i bytes rolls the run back before COMMIT', async (bytes) => {
    await withRestores(wide, async ({ live, env, withOpen }) => {
      const before = await dumpRows(live)
      await withFullDisk(bytes, async (folder) => {
        const argv = ['restore', 'page', '--where', 'true', '--on-conflict', 'overwrite', '--yes', '--journal', folder]
        const { exit, stderr } = await command(argv, { env })
        expect({ exit, stderr }).toEqual({ exit: 5, stderr: expect.stringContaining('cannot be written') })
        expect(await dumpRows(live)).toEqual(before)
        await expectNoTrace(live)
        const { runs } = await withOpen((rowgraft) => rowgraft.recover(), { journal: folder })
        expect(runs.filter(({ outcome }) => outcome !== 'rolled-back')).toEqual([])
      })
      expect(await command(['restore', 'page', '--where', 'true', '--on-conflict', 'overwrite', '--yes'], { env })).toMatchObject({
        exit: 0,
      })
    })
  })
})
