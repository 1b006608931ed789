/** Opens the databases that a command needs, and closes them whatever happens. */
import { loadConfig } from '../config/load.ts'
import { RowgraftError } from '../errors.ts'
import { type Config, type OpenOptions, open, type Rowgraft } from '../index.ts'
import type { ConnectionFlags } from './options.ts'
import type { Context } from './output.ts'
import { splitColumn } from './plan-options.ts'

const given = (flag: string | undefined, variable: string | undefined): string | undefined => {
  const text = flag ?? variable
  return text === undefined || text.trim() === '' ? undefined : text
}

const missing = (side: 'live' | 'backup', example: string): RowgraftError =>
  new RowgraftError('usage', side === 'live' ? 'no live database is given' : 'no backup is given', {
    hint: `Give --${side} ${example}, or set ROWGRAFT_${side.toUpperCase()}.`,
  })

/** Milliseconds, where only one of the two is given. */
const usual = { statement: 600_000, lock: 5_000 }

/** The config file's, with what flags add to it. */
const readConfig = async (context: Context, flags: ConnectionFlags): Promise<Config> => {
  const { config, path } = await loadConfig(flags.config, context.io.folder ?? process.cwd())
  if (path !== null) context.output.note(`Config: ${path}`)
  const typed = (flags.softDelete ?? []).map((text) => splitColumn(text, '--soft-delete'))
  const softDelete = Object.fromEntries(typed.map(({ table, column }) => [table, column]))
  return { ...config, softDelete: { ...config.softDelete, ...softDelete } }
}

const openOptions = async (context: Context, flags: ConnectionFlags, needs: 'both' | 'live'): Promise<OpenOptions> => {
  const { io, output } = context
  const live = given(flags.live, io.env.ROWGRAFT_LIVE)
  const backup = given(flags.backup, io.env.ROWGRAFT_BACKUP)
  const journal = given(flags.journal, io.env.ROWGRAFT_JOURNAL)
  if (live === undefined) throw missing('live', 'postgres://user@host/database')
  if (needs === 'both' && backup === undefined) throw missing('backup', 'shop.dump or a URL')
  const { timeout, lockTimeout } = flags
  const hasTimeouts = timeout !== undefined || lockTimeout !== undefined
  const config = await readConfig(context, flags)
  return {
    live,
    config,
    ...(needs === 'both' && backup !== undefined ? { backup } : {}),
    ...(journal === undefined ? {} : { journal }),
    ...(flags.backupIsNewer === true ? { backupIsNewer: true } : {}),
    ...(hasTimeouts ? { timeouts: { statement: timeout ?? usual.statement, lock: lockTimeout ?? usual.lock } } : {}),
    env: io.env,
    signal: io.signal,
    onProgress: output.progress.show,
  }
}

const introduce = (rowgraft: Rowgraft, { output }: Context): void => {
  for (const note of rowgraft.notes) output.note(`Note: ${note}`)
  if (!output.isVerbose) return
  const { live, backup } = rowgraft
  output.note(`live    ${live.label} (${live.database}, as ${live.user}, PostgreSQL ${live.version})`)
  if (backup !== null) output.note(`backup  ${backup.label} (${backup.database}, PostgreSQL ${backup.version})`)
}

/** Runs `work` with live open, and the backup where it is needed. Throws `usage` where one of them is not given. */
export const withRowgraft = async <T>(
  context: Context,
  flags: ConnectionFlags,
  needs: 'both' | 'live',
  work: (rowgraft: Rowgraft) => Promise<T>,
): Promise<T> => {
  const rowgraft = await open(await openOptions(context, flags, needs))
  try {
    introduce(rowgraft, context)
    return await work(rowgraft)
  } finally {
    context.output.progress.clear()
    await rowgraft.close()
  }
}
