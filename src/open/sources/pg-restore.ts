/** Finds the newest pg_restore of this machine, and runs it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, constants, glob } from 'node:fs/promises'
import { delimiter, isAbsolute, join } from 'node:path'
import { createInterface } from 'node:readline'
import { interrupted, RowgraftError } from '../../errors.ts'
import { type ArchiveVersion, oldestReader } from './archive-header.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** An installed pg_restore. */
export interface PgRestore {
  readonly path: string
  /** As in 15.18. */
  readonly version: string
  readonly major: number
}

// Before PATH: Debian's /usr/bin/pg_restore is a wrapper that picks by cluster, not by archive.
const folderPatterns = [
  '/usr/lib/postgresql/*/bin',
  '/usr/pgsql-*/bin',
  '/usr/local/pgsql*/bin',
  '/opt/homebrew/opt/{libpq,postgresql,postgresql@*}/bin',
  '/usr/local/opt/{libpq,postgresql,postgresql@*}/bin',
  '/Applications/Postgres.app/Contents/Versions/*/bin',
]

const readVersion = async (path: string): Promise<PgRestore | undefined> => {
  const ending = await runPgRestore(path, ['--version']).catch(() => undefined)
  const [, version, major] = /\(PostgreSQL\) ((\d+)\S*)/.exec(ending?.output ?? '') ?? []
  return ending?.code === 0 && version !== undefined ? { path, version, major: Number(major) } : undefined
}

const findPrograms = async (env: Environment): Promise<readonly PgRestore[]> => {
  const folders: string[] = []
  for await (const folder of glob(folderPatterns)) folders.push(folder)
  folders.push(...(env.PATH ?? '').split(delimiter).filter((folder) => isAbsolute(folder)))
  const found: PgRestore[] = []
  for (const folder of new Set(folders)) {
    const path = join(folder, 'pg_restore')
    const executable = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    )
    const program = executable ? await readVersion(path) : undefined
    if (program !== undefined) found.push(program)
  }
  return found
}

const installHint = (major: number): string =>
  `Install the PostgreSQL client programs, version ${major} or newer (Debian: apt install postgresql-client-${major}; ` +
  'macOS: brew install libpq), or name another pg_restore in ROWGRAFT_PG_RESTORE.'

/**
 * The pg_restore to use: the one ROWGRAFT_PG_RESTORE names, else the newest installed. Throws `bad-file` if there is none, or
 * none that can read this archive.
 */
export const findPgRestore = async (archive: ArchiveVersion, env: Environment): Promise<PgRestore> => {
  const needed = oldestReader(archive)
  const named = env.ROWGRAFT_PG_RESTORE
  const programs = named
    ? [await readVersion(named)].filter((program) => program !== undefined)
    : await findPrograms(env)
  const newest = [...programs].sort((a, b) => b.major - a.major)[0]
  if (newest === undefined) {
    throw new RowgraftError(
      'bad-file',
      named
        ? `ROWGRAFT_PG_RESTORE names "${named}", which is not a pg_restore`
        : 'a dump file needs pg_restore, which was not found',
      { hint: installHint(needed ?? 18) },
    )
  }
  if (needed !== undefined && newest.major < needed) {
    throw new RowgraftError(
      'bad-file',
      `the dump needs pg_restore ${needed} or newer, and the newest here is ${newest.version}`,
      {
        detail: `archive version ${archive.major}.${archive.minor}; found "${newest.path}"`,
        hint: installHint(needed),
      },
    )
  }
  return newest
}

/** How a run of pg_restore ended. */
export interface ProgramEnd {
  /** null if a signal ended it. */
  readonly code: number | null
  /** What it printed, its messages aside. */
  readonly output: string
}

export interface ProgramOptions {
  /** The whole environment, beside PATH, language and time zone. */
  readonly env?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal | undefined
  /** Told of each line of messages. */
  readonly onMessage?: (line: string) => void
}

/** Runs a pg_restore to its end. Throws `interrupted` on abort, `bad-file` if it cannot be started. */
export const runPgRestore = async (
  path: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<ProgramEnd> => {
  if (options.signal?.aborted) throw interrupted()
  const { PATH, LD_LIBRARY_PATH } = process.env
  const child = spawn(path, args, {
    env: { PATH, ...(LD_LIBRARY_PATH ? { LD_LIBRARY_PATH } : {}), LC_ALL: 'C', TZ: 'UTC', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // Ctrl-C in the terminal is ours to handle: else pg_restore would end first and look as if it had failed.
    detached: true,
  })
  const kill = (): void => {
    child.kill('SIGKILL')
  }
  options.signal?.addEventListener('abort', kill)
  try {
    createInterface({ input: child.stderr }).on('line', (line) => options.onMessage?.(line))
    const output: string[] = []
    child.stdout.setEncoding('utf8').on('data', (text: string) => output.push(text))
    const [code] = (await once(child, 'close')) as [number | null]
    if (options.signal?.aborted) throw interrupted()
    return { code, output: output.join('') }
  } catch (error) {
    if (error instanceof RowgraftError) throw error
    throw new RowgraftError('bad-file', `"${path}" cannot be started`, { cause: error })
  } finally {
    options.signal?.removeEventListener('abort', kill)
  }
}
