import type { QualifiedName } from '../../database/display.ts'

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
  /** Tables that a dump defines without their rows: nothing is known of them. Those of partitions stand for the whole. A server cannot tell. */
  readonly withoutRows?: readonly QualifiedName[]
  close(): Promise<void>
}
