/** The two ways to use a connection, as the stages see them: a Reader has no way to write. */
import type { Readable } from 'node:stream'
import type { Amendment } from '../amendment.ts'
import type { QualifiedName } from '../display.ts'
import type { Query } from '../names.ts'
import type { Side } from '../settings.ts'
import type { Check } from './check.ts'
import type { Outcome, Row } from './outcome.ts'

/** Reads, and has no way to write. */
export interface Reader {
  readonly side: Side
  /** Server version as a number: 150004. */
  readonly version: number
  /** `server_encoding`: how the database stores text. */
  readonly encoding: string
  readonly signal: AbortSignal | undefined
  rows(query: Query): Promise<readonly Row[]>
  /** Streams rows in batches through a server-side portal; memory is one batch. */
  batches(query: Query, size: number): AsyncGenerator<readonly Row[]>
  /** COPY ... TO STDOUT as a byte stream. The session is busy until the stream has ended. */
  copyOut(query: Query): Promise<Readable>
  /** COPY ... TO STDOUT as chunks of whole CopyData frames, for many small rows. The session is busy until the last chunk is taken. */
  copyFrames(query: Query): AsyncGenerator<Buffer>
}

/** A Reader inside a write transaction. */
export interface Writer extends Reader {
  /** False for a script: what is written now is run later, and decides nothing here. */
  readonly canRead: boolean
  execute(query: Query): Promise<Outcome>
  /** Runs a statement, and throws unless it comes to what is expected. */
  check(check: Check): Promise<void>
  /** Runs statements of those parts that rows ask for, as `runAmendments`. A script decides when it is run, and tells of none. */
  amend(amendments: readonly Amendment[]): Promise<readonly (readonly number[])[]>
  /** Makes sure that the next value of a sequence lies beyond what the query returns, if it does. True if it had to be raised. */
  raise(sequence: SequenceBounds, goal: Query): Promise<boolean>
  /** Reads definitions, which stay as they are. A script looks them up when it is made. */
  look(query: Query): Promise<readonly Row[]>
  /** Reads what is only told: nothing that is written, and no check, depends on it. */
  observe(query: Query): Promise<readonly Row[]>
  /** Reads what everybody else sees, on a connection of its own. Null for a script, and where there is no connection to be had. */
  outside<T>(work: (reader: Reader) => Promise<T>): Promise<T | null>
  /** COPY ... FROM STDIN fed from the sources in turn; resolves to the number of rows the server took. */
  copyIn(query: Query, sources: AsyncIterable<Readable>): Promise<number>
}

export interface SequenceBounds extends QualifiedName {
  readonly increment: string
  readonly minimum: string
  readonly maximum: string
  /** The role may set it; else it can only take values from it. */
  readonly canUpdate: boolean
}
