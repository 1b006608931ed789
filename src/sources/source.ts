/** Anything that can be the backup, as a database: a server is passed through, a file is materialised into scratch. */
import { access } from 'node:fs/promises'
import { parseConninfo, resolveConninfo } from '../database/conninfo.ts'
import { openDump } from './dump.ts'

/** How far opening has come. */
export interface SourceProgress {
  readonly stage: 'reading' | 'loading' | 'analyzing'
  readonly unit: 'bytes' | 'tables'
  readonly done: number
  readonly total: number
  /** The table being loaded, as `schema.name`. */
  readonly table?: string
}

export interface SourceOptions {
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: (progress: SourceProgress) => void
  /** How long loading may stand still before the dump is taken for damaged, in ms. Default: 60,000. */
  readonly patienceMs?: number
}

/** A backup that can be read as a database. Close it: a file's scratch server ends with it. */
export interface OpenedSource {
  /** For people: `app@db1/shop`, or the name of the file. */
  readonly label: string
  readonly kind: 'server' | 'dump'
  /** Where the database layer finds it. Holds a password. */
  readonly conninfo: string
  /** The file's SHA-256 in hex; undefined for a server. */
  readonly identity: string | undefined
  /** When a dump was made, by the clock of the machine that made it, without a time zone. */
  readonly createdAt: string | undefined
  /** The database that was dumped. */
  readonly database: string | undefined
  /** The server that was dumped, as in `15.20`. */
  readonly serverVersion: string | undefined
  /** What is missing though it is in the file, and why; or what was wrong with the connection without being fatal. */
  readonly warnings: readonly string[]
  close(): Promise<void>
}

const fileEndings = /\.(dump|backup|pgdump|custom|sql|tar|gz|zst|xz|sqlite3?|db|json)$/i

const isFile = async (text: string): Promise<boolean> => {
  const exists = await access(text).then(
    () => true,
    () => false,
  )
  if (exists) return true
  // "host=/var/run/postgresql" has a slash too.
  if (text.includes('://') || /^\s*\w+\s*=/.test(text)) return false
  // A URL with a slip in it, not a file: its password must not be repeated.
  if (/^postgres(ql)?:?\//i.test(text) || /:[^/\\]*@/.test(text)) return false
  return fileEndings.test(text) || /[/\\]/.test(text)
}

/**
 * Opens a backup: the path of a `pg_dump -Fc` file, or a connection string.
 *
 * @throws RowgraftError `bad-conninfo`, `bad-file`, `damaged-dump`, `cannot-connect` (scratch does not start), `interrupted`
 */
export const openSource = async (text: string, options: SourceOptions = {}): Promise<OpenedSource> => {
  if (text.trim() !== '' && (await isFile(text))) return openDump(text, options)
  const env = options.env ?? process.env
  const { label, database, warnings } = await resolveConninfo(parseConninfo(text, env), env)
  return {
    label,
    kind: 'server',
    conninfo: text,
    identity: undefined,
    createdAt: undefined,
    database,
    serverVersion: undefined,
    warnings,
    close: async () => undefined,
  }
}
