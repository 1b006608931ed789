/** Opens the databases that a command needs, and closes them whatever happens. */
import { loadConfig } from '../config/load.ts'
import { type ChosenProfile, chooseProfile } from '../config/profile.ts'
import { RowgraftError } from '../errors.ts'
import { sanitise } from '../format/sanitise.ts'
import type { Config, OpenOptions, Plan, Rowgraft } from '../index.ts'
import type { ConnectionFlags } from './flags/options.ts'
import { splitColumn } from './flags/values.ts'
import { keepHeapSmall } from './memory.ts'
import type { Context } from './output.ts'

const given = (flag: string | undefined, variable: string | undefined): string | undefined => {
  const text = flag ?? variable
  return text === undefined || text.trim() === '' ? undefined : text
}

const missing = (side: 'live' | 'backup', example: string): RowgraftError =>
  new RowgraftError('usage', side === 'live' ? 'no live database is given' : 'no backup is given', {
    hint: `Give --${side} ${example}, or set ROWGRAFT_${side.toUpperCase()}.`,
  })

/** What `--setting` gives. */
export const settingsOf = ({ setting = [] }: ConnectionFlags): Readonly<Record<string, string>> =>
  Object.fromEntries(setting.map(({ name, value }) => [name, value]))

/** The config file's, with what the profile and flags say before it. */
const readConfig = async (context: Context, flags: ConnectionFlags): Promise<ChosenProfile> => {
  const { config, path } = await loadConfig(flags.config, context.io.folder ?? process.cwd())
  if (path !== null) context.output.note(`Config: ${path}`)
  const chosen = chooseProfile(config, flags.profile)
  const typed = (flags.softDelete ?? []).map((text) => splitColumn(text, '--soft-delete'))
  const softDelete = Object.fromEntries(typed.map(({ table, column }) => [table, column]))
  return {
    ...chosen,
    config: {
      ...chosen.config,
      softDelete: { ...config.softDelete, ...softDelete },
      settings: { ...chosen.config.settings, ...settingsOf(flags) },
      ...(flags.role === undefined ? {} : { role: flags.role }),
    },
  }
}

/** What a plan file settles about acting on live. */
export type PlannedActing = Pick<Plan['options'], 'role' | 'settings'>

const actAs = ({ role: _, ...config }: Config, { role, settings }: PlannedActing): Config => ({
  ...config,
  settings,
  ...(role === null ? {} : { role }),
})

/** The addresses that flags, the profile and the environment give, flags before all others; a side that nobody names is undefined. */
export interface GivenSides {
  readonly chosen: ChosenProfile
  readonly live: string | undefined
  readonly backup: string | undefined
}

/** Reads the config file, and finds both sides. */
export const readSides = async (context: Context, flags: ConnectionFlags): Promise<GivenSides> => {
  const { env } = context.io
  const chosen = await readConfig(context, flags)
  return {
    chosen,
    live: given(flags.live, chosen.live ?? env.ROWGRAFT_LIVE),
    backup: given(flags.backup, chosen.backup ?? env.ROWGRAFT_BACKUP),
  }
}

/** What both sides are opened with, whatever is shown of it. Throws `usage` where one of them is not given. */
export const openBoth = (
  { io }: Pick<Context, 'io'>,
  flags: ConnectionFlags,
  { chosen, live, backup }: GivenSides,
): OpenOptions => {
  const journal = given(flags.journal, io.env.ROWGRAFT_JOURNAL)
  if (live === undefined) throw missing('live', 'postgres://user@host/database')
  if (backup === undefined) throw missing('backup', 'shop.dump or a URL')
  return {
    live,
    backup,
    config: chosen.config,
    ...(journal === undefined ? {} : { journal }),
    readTimeouts: {
      ...(flags.timeout === undefined ? {} : { statement: flags.timeout }),
      ...(flags.lockTimeout === undefined ? {} : { lock: flags.lockTimeout }),
    },
    ...(flags.backupIsNewer === true ? { backupIsNewer: true } : {}),
    ...(flags.follow === undefined ? {} : { follow: flags.follow }),
    env: io.env,
  }
}

/** What a command wants open. */
interface Wanted {
  readonly flags: ConnectionFlags
  readonly needs: 'both' | 'live'
  /** Where a plan file says it. */
  readonly acting?: PlannedActing
}

const openOptions = async (context: Context, { flags, needs, acting }: Wanted): Promise<OpenOptions> => {
  const { io, output } = context
  const sides = await readSides(context, flags)
  const { backup: _, ...options } = openBoth(context, flags, {
    ...sides,
    backup: needs === 'both' ? sides.backup : (sides.backup ?? 'none'),
  })
  const { config } = sides.chosen
  return {
    ...options,
    config: acting === undefined ? config : actAs(config, acting),
    ...(needs === 'both' && sides.backup !== undefined ? { backup: sides.backup } : {}),
    signal: io.signal,
    onProgress: output.progress.show,
    ...askingPasswords(context),
  }
}

/** Where somebody is there to answer, what a server asks for and nothing gives is asked for. */
const askingPasswords = ({ io, output, flags }: Context): Pick<OpenOptions, 'askPassword'> => {
  const { askHidden, isInteractive } = io
  if (!isInteractive || askHidden === undefined || !flags.input) return {}
  return {
    askPassword: ({ side, label }) => {
      output.progress.clear()
      return askHidden(`Password for ${side === 'live' ? 'live' : 'the backup'}, ${sanitise(label)}: `)
    },
  }
}

const introduce = (rowgraft: Rowgraft, { output }: Context): void => {
  for (const note of rowgraft.notes) output.note(`Note: ${note}`)
  if (!output.isVerbose) return
  const { live, backup } = rowgraft
  output.note(`live    ${live.label} (${live.database}, as ${live.user}, PostgreSQL ${live.version})`)
  if (backup !== null) output.note(`backup  ${backup.label} (${backup.database}, PostgreSQL ${backup.version})`)
}

/** Runs `work` with live open, and the backup where it is needed; for a plan file as whom it was made. Throws `usage` where one of them is not given. */
export const withRowgraft = async <T>(
  context: Context,
  wanted: Wanted,
  work: (rowgraft: Rowgraft) => Promise<T>,
): Promise<T> => {
  const options = await openOptions(context, wanted)
  keepHeapSmall()
  const { open } = await import('../index.ts')
  const rowgraft = await open(options)
  try {
    introduce(rowgraft, context)
    return await work(rowgraft)
  } finally {
    context.output.progress.clear()
    await rowgraft.close()
    context.output.progress.clear()
  }
}
