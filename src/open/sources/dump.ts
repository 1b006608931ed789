/**
 * A pg_dump custom-format file becomes a database in scratch.
 *
 * Checked on the way: it is what it says, this machine's pg_restore reads it, there is room, it is the same file from beginning to
 * end, and pg_restore did all that it was told to (see restore-errors.ts).
 */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat, statfs, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { interrupted, RowgraftError } from '../../errors.ts'
import { parseArchiveHeader } from './archive-header.ts'
import { countTableData, nameEntries, type Partial, parseFacts, parsePartial, selectEntries } from './archive-list.ts'
import { readDumpHead } from './file-format.ts'
import type { OpenedSource, SourceOptions } from './opened-source.ts'
import { findPgRestore, type PgRestore, runPgRestore } from './pg-restore.ts'
import { assessFailures, collectMessages } from './restore-errors.ts'
import { analyzeScratch, makeSchemas, type Scratch, startScratch } from './scratch.ts'
import { watchForStall } from './stall.ts'
import { findWithoutRows } from './without-rows.ts'

const copyHint = 'Copy the file again from where it was made (compare size or checksum), or use another backup.'

const damaged = (path: string, lines: readonly string[], hint = copyHint): RowgraftError => {
  const shown = lines.slice(0, 20)
  const rest = lines.length - shown.length
  return new RowgraftError('damaged-dump', `dump file "${path}" is damaged or cannot be loaded completely`, {
    detail: [...shown, ...(rest > 0 ? [`and ${rest} more`] : [])].join('\n') || undefined,
    hint,
  })
}

const hashFile = async (path: string, size: number, options: SourceOptions): Promise<string> => {
  const hash = createHash('sha256')
  let done = 0
  const stream = createReadStream(path, {
    highWaterMark: 1 << 20,
    ...(options.signal ? { signal: options.signal } : {}),
  })
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      hash.update(chunk)
      done += chunk.length
      options.onProgress?.({ stage: 'reading', unit: 'bytes', done, total: size })
    }
  } catch (error) {
    if (options.signal?.aborted) throw interrupted()
    throw new RowgraftError('bad-file', `file "${path}" cannot be read to its end`, { cause: error })
  }
  return hash.digest('hex')
}

const refuseFullDisk = async (path: string, size: number): Promise<void> => {
  const { bavail, bsize } = await statfs(tmpdir())
  const free = bavail * bsize
  if (free >= 3 * size) return
  const megabytes = (bytes: number): string => `${Math.ceil(bytes / 1e6)} MB`
  throw new RowgraftError('bad-file', `no room to load "${path}": ${megabytes(free)} free in "${tmpdir()}"`, {
    detail: `a dump of ${megabytes(size)} may need ${megabytes(3 * size)} or more`,
    hint: 'Free some space, or set TMPDIR to a folder with more of it.',
  })
}

const readList = async (
  program: PgRestore,
  path: string,
  { sections, signal }: { readonly sections: readonly string[]; readonly signal: AbortSignal | undefined },
): Promise<string> => {
  const messages = collectMessages()
  const flags = sections.map((section) => `--section=${section}`)
  const { code, output } = await runPgRestore(program.path, ['--list', ...flags, resolve(path)], {
    signal,
    onMessage: messages.read,
  })
  if (code === 0 && messages.failures.length === 0) return output
  const lines = messages.failures.map(({ message }) => message)
  if (lines.some((line) => /unsupported version|does not support compression/.test(line))) {
    throw new RowgraftError('bad-file', `pg_restore ${program.version} cannot read dump file "${path}"`, {
      detail: lines.join('\n'),
      hint: 'Install a newer pg_restore, or name another one in ROWGRAFT_PG_RESTORE.',
    })
  }
  throw damaged(path, lines.length > 0 ? lines : [`pg_restore ended with exit code ${String(code)}`])
}

/** Runs `work` with a signal that also ends it when the load stands still. */
const withStallWatch = async <Result>(
  { path, scratch }: Pick<Load, 'path' | 'scratch'>,
  { signal, patienceMs = 60_000 }: SourceOptions,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> => {
  const over = new AbortController()
  const stall = new AbortController()
  const watch = watchForStall(scratch, patienceMs, over.signal).then((stalled) => {
    if (stalled) stall.abort()
  })
  // A watch that fails has lost the scratch server, and then the load fails as well.
  watch.catch(() => undefined)
  try {
    return await work(signal === undefined ? stall.signal : AbortSignal.any([signal, stall.signal]))
  } catch (error) {
    if (stall.signal.aborted && !signal?.aborted) throw damaged(path, ['pg_restore stands still over its rows'])
    throw error
  } finally {
    over.abort()
    await watch.catch(() => undefined)
  }
}

interface Load {
  readonly program: PgRestore
  readonly path: string
  readonly scratch: Scratch
  readonly entries: readonly string[]
  readonly tables: number
}

/** Loads the entries; returns what could not be loaded and need not be. */
const load = async (
  { program, path, scratch, entries, tables }: Load,
  options: SourceOptions,
): Promise<readonly string[]> => {
  // In the scratch server's own folder, because that is removed however this process ends.
  const list = join(scratch.socketDir, 'entries')
  const names = nameEntries(entries)
  const messages = collectMessages(names)
  let done = 0
  const onMessage = (line: string): void => {
    messages.read(line)
    const table = /^pg_restore: processing data for table "(.*)"$/.exec(line)?.[1]
    if (table === undefined) return
    options.onProgress?.({ stage: 'loading', unit: 'tables', done, total: tables, table })
    done += 1
  }
  await writeFile(list, `${entries.join('\n')}\n`, { mode: 0o600 })
  const args = [
    `--host=${scratch.socketDir}`,
    `--port=${scratch.port}`,
    `--username=${scratch.user}`,
    `--dbname=${scratch.database}`,
    `--use-list=${list}`,
    '--no-password',
    '--verbose',
    '--no-owner',
    '--no-privileges',
    '--no-tablespaces',
    '--no-comments',
    '--no-publications',
    '--no-subscriptions',
    '--no-security-labels',
    '--no-data-for-failed-tables',
    resolve(path),
  ]
  const env = { PGPASSWORD: scratch.password }
  const code = await withStallWatch({ path, scratch }, options, async (signal) => {
    return (await runPgRestore(program.path, args, { env, signal, onMessage })).code
  })
  return assess(path, code, { messages, names: new Set(names.values()) })
}

/** What pg_restore said, and the names of all entries it was given. */
interface Said {
  readonly messages: ReturnType<typeof collectMessages>
  readonly names: ReadonlySet<string>
}

const assess = (path: string, code: number | null, { messages, names }: Said): readonly string[] => {
  const { failures } = messages
  const noRoom = failures.find(({ message }) => message.includes('No space left on device'))
  if (noRoom !== undefined) {
    throw new RowgraftError('bad-file', `no room left while loading "${path}"`, {
      detail: noRoom.message,
      hint: 'Free some space, or set TMPDIR to a folder with more of it.',
    })
  }
  const lost = failures.find(({ message }) =>
    /^connection to server|server closed the connection|terminating connection/.test(message),
  )
  if (lost !== undefined) {
    throw new RowgraftError('connection-lost', `the scratch server ended while loading "${path}"`, {
      detail: lost.message,
      hint: 'Check that the machine has memory and disk space left, then run the same command again.',
    })
  }
  const { warnings, damage } = assessFailures(failures, names)
  const byServer = failures.every((failure) => failure.byServer)
  const complete = code === 0 ? failures.length === 0 : code === 1 && messages.ignored() === failures.length
  if (complete && damage.length === 0) return warnings
  throw damaged(
    path,
    damage.length > 0 ? damage : [`pg_restore ended before its time (exit code ${String(code)})`, ...warnings],
    byServer && complete
      ? 'Restore the file into a database yourself, and give that database with --backup postgres://...'
      : copyHint,
  )
}

/** Throws `bad-file` for a dump that can give no rows, however whole it is. */
const refuseHalf = (path: string, { hasDefinitions, hasRows }: Partial): void => {
  if (hasDefinitions === hasRows) return
  const hint =
    'Make it again as a whole: pg_dump -Fc without -a, -s and --section; or restore it into a database of yours.'
  if (hasRows) {
    throw new RowgraftError('bad-file', `dump file "${path}" defines no tables`, {
      detail: 'It holds rows alone, as pg_dump -a (--data-only, --section=data) makes it.',
      hint,
    })
  }
  throw new RowgraftError('bad-file', `the rows are not in the backup: dump file "${path}" holds definitions alone`, {
    detail: 'pg_dump -s (--schema-only, --section=pre-data) or --exclude-table-data made it so.',
    hint,
  })
}

/** Opens a dump file. Throws `bad-file`, `damaged-dump`, `interrupted`. */
export const openDump = async (path: string, options: SourceOptions): Promise<OpenedSource> => {
  const { signal } = options
  const archive = parseArchiveHeader(path, await readDumpHead(path))
  const program = await findPgRestore(archive, options.env ?? process.env)
  const before = await stat(path)
  await refuseFullDisk(path, before.size)
  const definitionsAndData = await readList(program, path, { sections: ['pre-data', 'data'], signal })
  const partial = parsePartial(definitionsAndData)
  refuseHalf(path, partial)
  const postData = await readList(program, path, { sections: ['post-data'], signal })
  const entries = selectEntries(definitionsAndData, postData)
  const identity = await hashFile(path, before.size, options)
  const scratch = await startScratch(signal)
  try {
    const tables = countTableData(definitionsAndData)
    await makeSchemas(scratch, partial.schemas, signal)
    const warnings = await load({ program, path, scratch, entries, tables }, options)
    const after = await stat(path)
    if (after.size !== before.size || after.mtimeMs !== before.mtimeMs) {
      throw new RowgraftError('bad-file', `file "${path}" was changed while it was read`, {
        hint: 'Run the same command again.',
      })
    }
    options.onProgress?.({ stage: 'analyzing', unit: 'tables', done: tables, total: tables })
    await analyzeScratch(scratch, signal)
    return {
      label: basename(path),
      kind: 'dump',
      conninfo: scratch.url,
      identity,
      ...parseFacts(definitionsAndData),
      warnings,
      withoutRows: await findWithoutRows(scratch, partial.withoutRows, signal),
      close: () => scratch.stop(),
    }
  } catch (error) {
    await scratch.stop()
    throw error
  }
}
