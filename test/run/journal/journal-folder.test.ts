/** Where journals are kept: nobody but the owner has a hand in it, and a disk that is full stops a run before COMMIT. */
import { execFileSync } from 'node:child_process'
import { chmod, mkdir, rename, stat, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { command } from '../../support/command.ts'
import { dumpRows } from '../../support/queries.ts'
import {
  expectNoTrace,
  gallery,
  journalFiles,
  pets,
  type Restores,
  withFolder,
  withRestores,
} from '../../support/restores.ts'

const restore = ({ withOpen }: Restores): Promise<unknown> =>
  withOpen(async (rowgraft) => rowgraft.run(await rowgraft.plan(pets, { keys: 'new' })))

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
        const modes = await Promise.all(
          [folder, dirname(path), path].map(async (each) => (await stat(each)).mode & 0o777),
        )
        expect(modes).toEqual([0o700, 0o700, 0o600])
      })
    })
  })

  test.each([0o777, 0o1777, 0o770])(
    'that others can write to (%o) is refused before anything is done',
    async (mode) => {
      await withRestores(gallery, async ({ live, env, journal }) => {
        await chmod(journal, mode)
        const before = await dumpRows(live)
        for (const argv of [
          ['restore', 'gallery', '7', '--yes'],
          ['undo', '--yes'],
          ['recover'],
          ['verify'],
          ['runs'],
        ]) {
          const { exit, stderr } = await command(argv, { env })
          expect({ argv, exit, stderr }).toEqual({ argv, exit: 2, stderr: expect.stringContaining('chmod go-w') })
        }
        expect(await dumpRows(live)).toEqual(before)
      })
    },
  )

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
      expect(await command(['undo', '--yes'], { env })).toMatchObject({
        exit: 2,
        stderr: expect.stringContaining('no run'),
      })
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
      expect(
        await command(['restore', 'page', '--where', 'true', '--on-conflict', 'overwrite', '--yes'], { env }),
      ).toMatchObject({
        exit: 0,
      })
    })
  })
})
