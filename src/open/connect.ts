/**
 * Opening both sides: sources, sessions, catalogs, and the refusals that come before anything else.
 *
 * In come addresses and the config, out goes a pair of sides with what both share.
 */
import type { Catalog, Table } from '../catalog/catalog.ts'
import { type DatabaseIdentity, readIdentity } from '../catalog/read/identity.ts'
import { readCatalog } from '../catalog/read/read.ts'
import { renameBackup } from '../catalog/renames.ts'
import { type SharedCatalog, shareCatalogs } from '../catalog/shared.ts'
import type { Config } from '../config/config.ts'
import { openSession, type Session } from '../database/session/session.ts'
import type { AskPassword } from '../database/session/session-options.ts'
import type { Side } from '../database/settings.ts'
import { withReadTransaction, withUserSearchPath } from '../database/transaction.ts'
import type { DiffStep } from '../diff/diff.ts'
import { RowgraftError } from '../errors.ts'
import { measured, type StageProgress } from '../progress/progress.ts'
import { readCollationNotes } from './collations.ts'
import { actingOn } from './configured.ts'
import { declareCatalog } from './declared/declare.ts'
import { findSuggestions, withSuggestions } from './declared/suggested.ts'
import type { LockHolder } from './lock-watch.ts'
import { checkDistinct, checkNotStandby, checkOlder, checkRelated, checkServer } from './pair.ts'
import type { OpenedSource } from './sources/opened-source.ts'
import { openSource } from './sources/source.ts'

export type Env = Readonly<Record<string, string | undefined>>

/** Something happening that takes a while: how far it is, or for whom it waits. */
export type ProgressEvent =
  | (StageProgress & { readonly kind: 'source'; readonly text: string })
  | (DiffStep & { readonly kind: 'diff' })
  | (StageProgress & { readonly kind: 'plan' })
  /** `phase` and `rows` are `stage` and `done`. */
  | (StageProgress & { readonly kind: 'run'; readonly phase: string; readonly rows: number })
  /** A statement on one side waits for a lock that these hold; none once it has it. */
  | { readonly kind: 'lock'; readonly side: Side; readonly holders: readonly LockHolder[] }

export interface OpenOptions {
  /** Where rows are written: URL or `key=value` DSN. */
  readonly live: string
  /** Where rows come from: URL, DSN, or a `pg_dump -Fc` file. Without it only runs, verify, undo and recover work. */
  readonly backup?: string
  /** Folder of the journals; default: the user's state folder. */
  readonly journal?: string
  /** Default: `process.env`. */
  readonly env?: Env
  readonly signal?: AbortSignal
  /** What a config file says. */
  readonly config?: Config
  /** Milliseconds that a statement that reads may take, or wait for a lock; default: as long as it takes, and 5 s. */
  readonly readTimeouts?: { readonly statement?: number; readonly lock?: number }
  /** Go on although the backup looks newer than live. */
  readonly backupIsNewer?: boolean
  /** Follow what `suggestions` finds, as if the config file said it. */
  readonly follow?: 'suggested'
  readonly onProgress?: (event: ProgressEvent) => void
  /** Asks somebody for a password that a server wants and nothing gives; without it that is `authentication-failed`. */
  readonly askPassword?: AskPassword
}

/** One side, open. */
export interface OpenSide {
  readonly session: Session
  readonly catalog: Catalog
  readonly identity: DatabaseIdentity
  readonly label: string
  readonly source: OpenedSource | null
  /** Things worth knowing that do not forbid anything. */
  readonly notes: readonly string[]
}

export interface OpenPair {
  readonly live: OpenSide
  readonly backup: OpenSide | null
  /** What both share; without a backup, live with itself. */
  readonly catalog: SharedCatalog
  readonly notes: readonly string[]
}

const notGiven = (name: 'live' | 'the backup', side: Side): RowgraftError =>
  new RowgraftError('bad-conninfo', `${name} is not given`, {
    hint: `Give it with --${side} ${side === 'live' ? '<url>' : '<url or file>'} or ROWGRAFT_${side.toUpperCase()}.`,
  })

/** Says which side a malformed connection string is of: its own words repeat nothing of it. */
const ofSide =
  (name: 'live' | 'the backup') =>
  (error: unknown): never => {
    if (!(error instanceof RowgraftError) || error.code !== 'bad-conninfo') throw error
    const { code, message, detail, hint, cause } = error
    throw new RowgraftError(code, `${name}: ${message}`, { detail, hint, cause })
  }

/** `shop.dump (2026-11-19 02:00)`: a file with the time it was made at, by the clock of the machine that made it. */
const labelOf = (source: OpenedSource | null): string | undefined =>
  source?.createdAt === undefined ? source?.label : `${source.label} (${source.createdAt.slice(0, 16)})`

/** Says of the tables that a dump defines without their rows that it does so. */
const markWithoutRows = (tables: readonly Table[], source: OpenedSource | null): readonly Table[] =>
  tables.map((table) => {
    const isWithout = source?.withoutRows?.some(({ schema, name }) => schema === table.schema && name === table.name)
    return isWithout === true ? { ...table, withoutRows: true } : table
  })

const openSide = async (
  side: Side,
  { conninfo, source }: { readonly conninfo: string; readonly source: OpenedSource | null },
  options: OpenOptions,
): Promise<OpenSide> => {
  const env = options.env ?? process.env
  const acting = actingOn(side, options)
  const session = await openSession(conninfo, {
    side,
    signal: options.signal,
    env,
    acting,
    reading: options.readTimeouts,
    askPassword: options.askPassword,
  })
  try {
    const [catalog, identity, drifted] = await withReadTransaction(session, async (reader) => {
      await checkServer(reader)
      const known = await readIdentity(reader, source?.identity ?? null)
      return [await readCatalog(reader), known, await readCollationNotes(reader)] as const
    })
    const notes = [...(session.isPooled ? [pooled(side)] : []), ...drifted]
    const marked = { ...catalog, tables: markWithoutRows(catalog.tables, source) }
    return { session, catalog: marked, identity, label: labelOf(source) ?? session.target.label, source, notes }
  } catch (error) {
    await session.close()
    throw error
  }
}

/** Refuses what cannot be a live and its backup, and puts both catalogs side by side, as the config file has them. */
const sharePair = (live: OpenSide, backup: OpenSide, options: OpenOptions): Promise<SharedCatalog> =>
  withReadTransaction(live.session, (here) =>
    withReadTransaction(backup.session, async (there) => {
      await checkDistinct(here, there)
      checkRelated(live.catalog, backup.catalog, backup.source?.warnings)
      await checkNotStandby(there, { live: live.identity, backup: backup.identity })
      if (!options.backupIsNewer)
        await checkOlder({ reader: here, catalog: live.catalog }, { reader: there, catalog: backup.catalog })
      const withOwnPath = <T>(work: () => Promise<T>): Promise<T> => withUserSearchPath(backup.session, there, work)
      const sides = { live: here, backup: there, withUserSearchPath: withOwnPath }
      const catalogs = { live: live.catalog, backup: backup.catalog }
      const { config = {} } = options
      const declared = await declareCatalog(sides, catalogs, config)
      if (options.follow === undefined) return declared
      return declareCatalog(sides, catalogs, withSuggestions(config, await findSuggestions(there, declared)))
    }),
  )

const pooled = (side: Side): string =>
  `${side === 'live' ? 'live' : 'the backup'} is reached through a connection pooler; connect directly where you can.`

/** Ends all that is open on both sides. */
export const closePair = async ({ live, backup }: OpenPair): Promise<void> => {
  await backup?.session.close()
  await backup?.source?.close()
  await live.session.close()
}

const describeSource = ({ stage, done, total, unit, table }: StageProgress): string =>
  `${stage} ${done} of ${total} ${unit}${table === null ? '' : ` (${table})`}`

/** Opens both sides, or live alone. Throws for whatever a user can mend, and for what the config file names and is not there. */
export const openPair = async (options: OpenOptions): Promise<OpenPair> => {
  if (options.live.trim() === '') throw notGiven('live', 'live')
  if (options.backup?.trim() === '') throw notGiven('the backup', 'backup')
  const live = await openSide('live', { conninfo: options.live, source: null }, options).catch(ofSide('live'))
  if (options.backup === undefined) {
    return { live, backup: null, catalog: shareCatalogs(live.catalog, live.catalog), notes: live.notes }
  }
  let source: OpenedSource | null = null
  let backup: OpenSide | null = null
  try {
    source = await openSource(options.backup, {
      env: options.env ?? process.env,
      signal: options.signal,
      onProgress: measured((step) => options.onProgress?.({ kind: 'source', text: describeSource(step), ...step })),
    }).catch(ofSide('the backup'))
    backup = await openSide('backup', { conninfo: source.conninfo, source }, options)
    backup = { ...backup, catalog: renameBackup(backup.catalog, live.catalog, options.config ?? {}) }
    const catalog = await sharePair(live, backup, options)
    return { live, backup, catalog, notes: [...live.notes, ...backup.notes, ...source.warnings] }
  } catch (error) {
    await backup?.session.close()
    await source?.close()
    await live.session.close()
    throw error
  }
}

/** Runs a script on a server: for setting up databases to try things on. */
export const executeSql = async (conninfo: string, text: string): Promise<void> => {
  const session = await openSession(conninfo)
  try {
    await session.script(text)
  } finally {
    await session.close()
  }
}
