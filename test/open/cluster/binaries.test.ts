import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, lstatSync, mkdtempSync, readdirSync, rmSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'

import { serverAccount } from '../../../src/open/cluster/account.ts'
import { findBinaries } from '../../../src/open/cluster/binaries.ts'

const isRoot = process.geteuid?.() === 0

const makeFolder = (mode: number): string => {
  const path = mkdtempSync(join(tmpdir(), 'rowgraft-test-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  chmodSync(path, mode)
  return path
}

/** The platform package's folder as it is installed without install scripts. */
const copyWithoutLinks = async (folder: string): Promise<string> => {
  const installed = dirname(dirname((await findBinaries()).postgres))
  const native = join(folder, 'native')
  cpSync(installed, native, { recursive: true, filter: (path) => !lstatSync(path).isSymbolicLink() })
  return native
}

describe('PostgreSQL programs', () => {
  test('without their library links run from a copy, made once by two that start at the same time', async () => {
    const native = await copyWithoutLinks(makeFolder(0o700))
    const cache = makeFolder(0o755)
    const options = { account: serverAccount(), native, caches: [cache] }
    const [first, second] = await Promise.all([findBinaries(options), findBinaries(options)])
    expect(second).toEqual(first)
    expect(first.version).toMatch(/^18\./)
    expect(readdirSync(cache)).toHaveLength(1)
    expect(await findBinaries(options)).toEqual(first)

    // A copy that has lost a file, to a cleaner of temporary folders for one, is made anew.
    truncateSync(first.initdb)
    await findBinaries(options)
    expect(execFileSync(first.initdb, ['--version'], { encoding: 'utf8' })).toContain('initdb (PostgreSQL) 18')
  })

  test.skipIf(!isRoot)('in a folder that only root can enter run under another account (needs root)', async () => {
    const native = join(makeFolder(0o700), 'native')
    cpSync(dirname(dirname((await findBinaries()).postgres)), native, { recursive: true, verbatimSymlinks: true })
    const cache = makeFolder(0o755)
    const binaries = await findBinaries({ account: serverAccount(), native, caches: [cache] })
    expect(dirname(dirname(dirname(binaries.postgres)))).toBe(cache)
  })

  test('are not taken from a cache folder that others can write', async () => {
    const native = await copyWithoutLinks(makeFolder(0o700))
    const options = { account: serverAccount(), native, caches: [makeFolder(0o777)] }
    await expect(findBinaries(options)).rejects.toMatchObject({
      code: 'cannot-connect',
      detail: expect.stringContaining('can be written by others'),
    })
  })
})
