/**
 * One connection, and the two ways to use it: a Reader has no way to write, a Writer is only made inside a write transaction.
 *
 * Values are the server's own text from end to end: node-postgres' parsers, which corrupt dates, floats and JSON, are off. One
 * statement at a time. An abort cancels on the server through a second connection (a CancelRequest whose socket closes early has
 * killed poolers), and every later statement is refused, except while the session is shielded for COMMIT.
 */
import type { Readable } from 'node:stream'
import { sql } from 'kysely'
import type pg from 'pg'
import { interrupted, RowgraftError } from '../errors.ts'
import { type Acting, asConnected } from './acting.ts'
import { type ClientFacts, cancelBackend, connect, connectFirst, oneStatement, readFacts } from './client.ts'
import type { ConnectionAttempt, ConnectionTarget } from './conninfo.ts'
import { parseConninfo, redact, resolveConninfo } from './conninfo.ts'
import { CopyFrames } from './copy-frames.ts'
import { feedIn, streamOut } from './copy-streams.ts'
import { compile, compileInline, type Query } from './names.ts'
import type { Outcome, Row } from './reader.ts'
import { connectError, serverError } from './server-errors.ts'
import type { Side } from './settings.ts'
import { Turns } from './turns.ts'

export type { Outcome, Reader, Row, Writer } from './reader.ts'

export interface SessionOptions {
  readonly side?: Side
  readonly signal?: AbortSignal | undefined
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly acting?: Acting | undefined
}

/** A connection to one side. Open with `openSession`, and close it. */
export class Session {
  readonly side: Side
  readonly target: ConnectionTarget
  readonly signal: AbortSignal | undefined
  readonly version: number
  /** True where a pooler hands out another backend than the one we connected to. */
  readonly isPooled: boolean
  /** The search_path a fresh connection has: what the user's own SQL expects. */
  readonly searchPath: string
  /** What each of its transactions becomes and sets. */
  acting: Acting
  readonly #client: pg.Client
  readonly #attempt: ConnectionAttempt
  #pid: string
  #shielded = false
  #ended = false
  #cursors = 0
  readonly #turns = new Turns()

  constructor(
    client: pg.Client,
    attempt: ConnectionAttempt,
    target: ConnectionTarget,
    facts: ClientFacts & Pick<Session, 'side' | 'signal' | 'acting'>,
  ) {
    this.#client = client
    this.#attempt = attempt
    this.target = target
    this.side = facts.side
    this.signal = facts.signal
    this.version = facts.version
    this.#pid = facts.pid
    this.isPooled = facts.isPooled
    this.searchPath = facts.searchPath
    this.acting = facts.acting
    client.once('end', () => {
      this.#ended = true
    })
    this.signal?.addEventListener('abort', this.#cancel)
  }

  /** True once the server is gone or the session is closed. */
  get ended(): boolean {
    return this.#ended
  }

  /** From here on an abort neither cancels nor refuses: a COMMIT under way is waited for. Throws `interrupted` if one came before. */
  shield(): void {
    if (this.signal?.aborted && !this.#shielded) throw interrupted()
    this.#shielded = true
  }

  /** Aborts are heard again. */
  unshield(): void {
    this.#shielded = false
  }

  async execute(query: Query): Promise<Outcome> {
    const { sql: text, parameters } = compile(query)
    return this.#use(async () => {
      const asked = { ...oneStatement, text, values: [...parameters] }
      const { command, rowCount, rows } = await this.#client.query<(string | null)[]>(asked)
      return { command, count: rowCount ?? 0, rows: rows ?? [] }
    })
  }

  /** Pins the settings of the transaction that has just begun, and notes the backend it runs in. */
  async pin(settings: Query): Promise<void> {
    const { rows } = await this.execute(settings)
    this.#pid = rows[0]?.at(-1) ?? this.#pid
  }

  /** Runs a script of several statements, without parameters or results. */
  async script(text: string): Promise<void> {
    await this.#use(() => this.#client.query(text))
  }

  async *batches(query: Query, size: number): AsyncGenerator<readonly Row[]> {
    // A cursor of the server, not a portal of the protocol: other statements may run between two fetches.
    const cursor = sql.id(`rowgraft_${++this.#cursors}`)
    await this.execute(sql`declare ${cursor} no scroll cursor for ${query}`)
    try {
      for (;;) {
        const { rows } = await this.execute(sql`fetch forward ${sql.lit(size)} from ${cursor}`)
        if (rows.length > 0) yield rows
        if (rows.length < size) return
      }
    } finally {
      if (!this.#ended) await this.execute(sql`close ${cursor}`).catch(() => undefined)
    }
  }

  async copyOut(query: Query): Promise<Readable> {
    const text = compileInline(query)
    const release = await this.#acquire()
    return streamOut(this.#client, text, {
      wrap: (error) => this.#wrap(error),
      // A COPY that nobody reads to its end leaves the protocol in the middle of a stream: only closing helps.
      abandon: () => this.destroy(),
      done: release,
    })
  }

  async *copyFrames(query: Query): AsyncGenerator<Buffer> {
    const text = compileInline(query)
    const release = await this.#acquire()
    const frames = this.#client.query(new CopyFrames(text))
    try {
      yield* frames
    } catch (error) {
      throw this.#wrap(error)
    } finally {
      if (!frames.isDone) {
        frames.discard()
        // A cancel that came late would hit the next statement.
        await Promise.all([this.#cancel(), frames.done])
      }
      release()
    }
  }

  /** One more connection to the same server as the same user; close it. */
  async another(): Promise<Session> {
    const client = await connect(this.target, this.#attempt).catch((error: unknown) => {
      throw connectError(error, this.target, (text) => redact(text, this.target.secrets))
    })
    return startSession(client, this.#attempt, this.target, this)
  }

  async copyIn(query: Query, sources: AsyncIterable<Readable>): Promise<number> {
    const text = compileInline(query)
    return this.#use(() => feedIn(this.#client, text, sources, this.signal))
  }

  async close(): Promise<void> {
    this.signal?.removeEventListener('abort', this.#cancel)
    if (this.#ended) return
    this.#ended = true
    await this.#client.end().catch(() => undefined)
  }

  /** Ends the transaction whatever state it is in, also after an abort; a lost connection has ended it already. */
  async rollback(): Promise<void> {
    this.unshield()
    await this.#turns.settled
    if (this.#ended) return
    await this.#client.query('rollback').catch(() => undefined)
  }

  /** Cuts the connection without a word; the server rolls back. For a second Ctrl-C. */
  destroy(): void {
    this.#ended = true
    const connection = (this.#client as unknown as { connection?: { stream?: { destroy(): void } } }).connection
    connection?.stream?.destroy()
  }

  /** Waits for the statement under way: one at a time, in the order they were asked for. */
  async #acquire(): Promise<() => void> {
    const release = await this.#turns.take()
    const isRefused = this.signal?.aborted && !this.#shielded
    if (!isRefused && !this.#ended) return release
    release()
    throw isRefused ? interrupted() : this.#wrap(new Error('Connection terminated unexpectedly'))
  }

  async #use<T>(work: () => Promise<T>): Promise<T> {
    const release = await this.#acquire()
    try {
      return await work()
    } catch (error) {
      throw this.#wrap(error)
    } finally {
      release()
    }
  }

  #wrap(error: unknown): unknown {
    if (error instanceof RowgraftError) return error
    if (this.signal?.aborted && !this.#shielded) return interrupted()
    try {
      return serverError(error, this.target)
    } catch (unknown) {
      return unknown
    }
  }

  readonly #cancel = async (): Promise<void> => {
    if (!this.#turns.isTaken || this.#shielded || this.#ended) return
    // No second connection to be had: cutting ours makes the server roll back as well.
    await cancelBackend(this.target, this.#attempt, this.#pid).catch(() => this.destroy())
  }
}

/** Connects. Throws RowgraftError `bad-conninfo`, `cannot-connect` or `authentication-failed`, never with a password in it. */
export const openSession = async (conninfo: string, options: SessionOptions = {}): Promise<Session> => {
  const env = options.env ?? process.env
  const target = await resolveConninfo(parseConninfo(conninfo, env), env)
  if (options.signal?.aborted) throw interrupted()
  let connected: Awaited<ReturnType<typeof connectFirst>>
  try {
    connected = await connectFirst(target)
  } catch (error) {
    throw connectError(error, target, (text) => redact(text, target.secrets))
  }
  return startSession(connected.client, connected.attempt, target, options)
}

const startSession = async (
  client: pg.Client,
  attempt: ConnectionAttempt,
  target: ConnectionTarget,
  { side = 'live', signal, acting = asConnected }: SessionOptions,
): Promise<Session> => {
  const facts = await readFacts(client, target)
  return new Session(client, attempt, target, { side, signal, acting, ...facts })
}
