/**
 * A copy of the PostgreSQL programs that any account can read, in a cache folder.
 *
 * Its name is the key of its content, so that versions live side by side and a copy that lost files is seen and replaced. It is made
 * under another name and renamed into place: of two processes that copy at once the second finds it there and drops its own.
 */
import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'

import { parseJson } from '../../documents/json.ts'
import { isOf, listOf, looseObject, name, type Shape } from '../../documents/shape.ts'
import { RowgraftError } from '../../errors.ts'
import type { Account } from './account.ts'
import { isOurFolder } from './folder.ts'

/** Where copies may lie, first choice first. A server under another account cannot read below our home. */
export const cacheFolders = (account: Account | undefined): readonly string[] => [
  account === undefined
    ? join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'rowgraft')
    : '/var/cache/rowgraft',
  ...new Set([tmpdir(), '/tmp'].map((base) => join(base, `rowgraft-cache-${process.geteuid?.()}`))),
]

interface Link {
  readonly source: string
  readonly target: string
}

const links: Shape<readonly Link[]> = listOf(looseObject<Link>({ source: name, target: name }))

/** The library links that npm packages cannot carry, both paths relative to the package. */
const readLinks = async (native: string): Promise<readonly Link[]> => {
  // The package's own file: a list of source and target, or none where the platform needs no links.
  const text = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  const parsed = parseJson(text)
  if ('value' in parsed && isOf(links, parsed.value)) return parsed.value
  throw new RowgraftError('cannot-connect', `the PostgreSQL package in "${native}" is damaged`, {
    detail: 'Its pg-symlinks.json is not a list of sources and targets.',
    hint: 'Install rowgraft anew.',
  })
}

/** Paths of all files below `root`, links left out, sorted. */
const listFiles = async (root: string): Promise<readonly string[]> =>
  (await readdir(root, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort()

/** Names and sizes of the files stand for their content: the key is asked for at every start, and hashing 60 MB is not free. */
const contentKey = async (root: string): Promise<string> => {
  const files = await listFiles(root)
  const sizes = await Promise.all(files.map(async (file) => `${file}\t${(await stat(join(root, file))).size}\n`))
  return createHash('sha256').update(sizes.join('')).digest('hex').slice(0, 16)
}

const copyFiles = async (from: string, to: string): Promise<void> => {
  const files = await listFiles(from)
  for (const folder of new Set(files.map((file) => dirname(join(to, file))))) {
    await mkdir(folder, { recursive: true })
  }
  await Promise.all(
    files.map(async (file) => {
      const executable = ((await stat(join(from, file))).mode & 0o100) !== 0
      await copyFile(join(from, file), join(to, file), constants.COPYFILE_FICLONE)
      await chmod(join(to, file), executable ? 0o755 : 0o644)
    }),
  )
  for (const { source, target } of await readLinks(from)) {
    const link = join(to, relative('native', target))
    await symlink(relative(dirname(target), source), link)
  }
  const folders = (await readdir(to, { recursive: true, withFileTypes: true })).filter((entry) => entry.isDirectory())
  for (const folder of folders) await chmod(join(folder.parentPath, folder.name), 0o755)
  await chmod(to, 0o755)
}

/** How the names of copies that are being made begin. */
const unfinished = '.making-'

/** Removes what processes that were killed while copying have left. */
const removeAbandoned = async (cache: string): Promise<void> => {
  for (const name of await readdir(cache)) {
    const path = join(cache, name)
    const hourAgo = Date.now() - 3_600_000
    if (name.startsWith(unfinished) && (await stat(path)).mtimeMs < hourAgo) {
      await rm(path, { recursive: true, force: true })
    }
  }
}

/**
 * The copy of `native` in the cache folder, made if it is not there or not whole.
 *
 * @throws RowgraftError `cannot-connect` when the folder belongs to somebody else, who could have put other programs there
 */
export const copyToCache = async (native: string, cache: string): Promise<string> => {
  await mkdir(cache, { recursive: true, mode: 0o755 })
  if (!isOurFolder(cache)) {
    throw new RowgraftError('cannot-connect', `cache folder "${cache}" can be written by others`, {
      hint: `Remove "${cache}", or make it writable for yourself alone.`,
    })
  }
  await chmod(cache, 0o755)
  const key = await contentKey(native)
  const copy = join(cache, `postgres-${key}`)
  const keyOfCopy = await contentKey(copy).catch(() => undefined)
  if (keyOfCopy === key) return copy

  await removeAbandoned(cache)
  const making = await mkdtemp(join(cache, unfinished))
  try {
    await copyFiles(native, making)
    if (keyOfCopy !== undefined) await rm(copy, { recursive: true, force: true })
    await rename(making, copy)
  } catch (error) {
    await rm(making, { recursive: true, force: true })
    if ((await contentKey(copy).catch(() => undefined)) !== key) throw error
  }
  return copy
}
