/**
 * One connection, and the two ways to use it: a Reader has no way to write, a Writer is only made inside a write transaction.
 *
 * Values are the server's own text from end to end: node-postgres' parsers, which corrupt dates, floats and JSON, are off. One
 * statement at a time. An abort cancels on the server through a second connection (a CancelRequest whose socket closes early has
 * killed poolers), and every later statement is refused, except while the session is shielded for COMMIT.
 */
import { finished, PassThrough, type Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { sql } from 'kysely'
import pg from 'pg'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import { interrupted, RowgraftError } from '../errors.ts'
import type { ConnectionAttempt, ConnectionTarget } from './conninfo.ts'
import { parseConninfo, redact, resolveConninfo } from './conninfo.ts'
import { CopyFrames } from './copy-frames.ts'
import { compile, type Query } from './names.ts'
import { connectError, serverError } from './server-errors.ts'
import type { Side } from './settings.ts'

/** One row: the server's text per column, null for NULL. */
export type Row = readonly (string | null)[]

/** What a statement came back with: the command tag's word, its row count, and rows if it returns any. */
export interface Outcome {
  readonly command: string
  readonly count: number
  readonly rows: readonly Row[]
}

/** Reads, and has no way to write. */
export interface Reader {
  readonly side: Side
  /** Server version as a number: 150004. */
  readonly version: number
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
  execute(query: Query): Promise<Outcome>
  /** COPY ... FROM STDIN fed from the sources in turn; resolves to the number of rows the server took. */
  copyIn(query: Query, sources: AsyncIterable<Readable>): Promise<number>
}

export interface SessionOptions {
  readonly side?: Side
  readonly signal?: AbortSignal | undefined
  readonly env?: Readonly<Record<string, string | undefined>>
}

const rawText = { getTypeParser: () => (value: unknown) => value }

const connect = async (target: ConnectionTarget, attempt: ConnectionAttempt): Promise<pg.Client> => {
  const client = new pg.Client({
    host: attempt.host,
    port: attempt.port,
    database: attempt.database,
    user: attempt.user,
    // An undefined password would let pg look into PGPASSWORD and pgpass again: the target has been resolved already.
    password: attempt.password ?? '',
    ssl: attempt.ssl,
    options: target.options ?? '',
    sslnegotiation: target.directTls ? 'direct' : 'postgres',
    enableChannelBinding: target.channelBinding !== 'disable',
    connectionTimeoutMillis: target.connectTimeoutMs,
    keepAlive: true,
    application_name: 'rowgraft',
    // The type asks for a parser per type; ours is the same for all of them.
    types: rawText as unknown as pg.CustomTypesConfig,
  })
  // Without a listener a lost connection is an uncaught exception; the statement under way reports it.
  client.on('error', () => undefined)
  await client.connect()
  return client
}

const isTlsRefusal = (error: unknown): boolean =>
  error instanceof Error &&
  (/does not support SSL|SSL|TLS|certificate|no pg_hba.conf entry/i.test(error.message) ||
    ('code' in error && typeof error.code === 'string' && /^(ERR_SSL|ERR_TLS|EPROTO|ECONNRESET)/.test(error.code)))

const connectFirst = async (target: ConnectionTarget): Promise<{ client: pg.Client; attempt: ConnectionAttempt }> => {
  let failure: unknown
  for (const attempt of target.attempts) {
    try {
      return { client: await connect(target, attempt), attempt }
    } catch (error) {
      // The first failure that is not about TLS is the one to tell: a wrong password is not cured by another protocol.
      if (failure === undefined || !isTlsRefusal(error)) failure = error
      if (!isTlsRefusal(error)) break
    }
  }
  throw failure
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
  readonly #client: pg.Client
  readonly #attempt: ConnectionAttempt
  #pid: string
  #shielded = false
  #busy = false
  #ended = false
  #cursors = 0
  #tail: Promise<void> = Promise.resolve()

  constructor(
    client: pg.Client,
    attempt: ConnectionAttempt,
    target: ConnectionTarget,
    facts: {
      side: Side
      signal: AbortSignal | undefined
      version: number
      pid: string
      isPooled: boolean
      searchPath: string
    },
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
      const result = await this.#client.query<(string | null)[]>({ text, values: [...parameters], rowMode: 'array' })
      return { command: result.command, count: result.rowCount ?? 0, rows: result.rows ?? [] }
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
    const text = this.#copyText(query)
    const release = await this.#acquire()
    const source = this.#client.query(copyTo(text))
    const out = new PassThrough()
    let hasFailed = false
    // Not `pipeline`: it would hand on the bare error.
    source.on('error', (error) => {
      hasFailed = true
      out.destroy(this.#wrap(error) as Error)
    })
    finished(source.pipe(out), { readable: false }, (error) => {
      // A COPY that nobody reads to its end leaves the protocol in the middle of a stream: only closing helps.
      if (error && !hasFailed) this.destroy()
      release()
    })
    return out
  }

  async *copyFrames(query: Query): AsyncGenerator<Buffer> {
    const text = this.#copyText(query)
    const release = await this.#acquire()
    const frames = this.#client.query(new CopyFrames(text))
    try {
      yield* frames
    } catch (error) {
      throw this.#wrap(error)
    } finally {
      if (!frames.isDone) {
        frames.discard()
        this.#cancel()
        await frames.done
      }
      release()
    }
  }

  /** One more connection to the same server as the same user; close it. */
  async another(): Promise<Session> {
    const client = await connect(this.target, this.#attempt).catch((error: unknown) => {
      throw connectError(error, this.target, (text) => redact(text, this.target.secrets))
    })
    return startSession(client, this.#attempt, this.target, { side: this.side, signal: this.signal })
  }

  async copyIn(query: Query, sources: AsyncIterable<Readable>): Promise<number> {
    const text = this.#copyText(query)
    return this.#use(async () => {
      const sink = this.#client.query(copyFrom(text))
      await feed(sources, sink, this.signal)
      return sink.rowCount ?? 0
    })
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
    await this.#tail
    if (this.#ended) return
    await this.#client.query('rollback').catch(() => undefined)
  }

  /** Cuts the connection without a word; the server rolls back. For a second Ctrl-C. */
  destroy(): void {
    this.#ended = true
    const connection = (this.#client as unknown as { connection?: { stream?: { destroy(): void } } }).connection
    connection?.stream?.destroy()
  }

  #copyText(query: Query): string {
    const { sql: text, parameters } = compile(query)
    if (parameters.length > 0) throw new Error('COPY takes no parameters')
    return text
  }

  /** Waits for the statement under way: one at a time, in the order they were asked for. */
  async #acquire(): Promise<() => void> {
    const before = this.#tail
    let release = (): void => undefined
    this.#tail = new Promise((resolve) => {
      release = resolve
    })
    await before
    if (this.signal?.aborted && !this.#shielded) {
      release()
      throw interrupted()
    }
    if (this.#ended) {
      release()
      throw this.#wrap(new Error('Connection terminated unexpectedly'))
    }
    this.#busy = true
    return () => {
      this.#busy = false
      release()
    }
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

  readonly #cancel = (): void => {
    if (!this.#busy || this.#shielded || this.#ended) return
    connect(this.target, this.#attempt)
      .then(async (client) => {
        await client.query('select pg_catalog.pg_cancel_backend($1)', [this.#pid])
        await client.end()
      })
      // No second connection to be had: cutting ours makes the server roll back as well.
      .catch(() => this.destroy())
  }
}

/** Writes each source into the sink, one after the other, waiting where the sink is full. */
const feed = async (sources: AsyncIterable<Readable>, sink: Writable, signal: AbortSignal | undefined): Promise<void> => {
  let current: Readable | null = null
  async function* chunks(): AsyncGenerator<Buffer> {
    for await (const source of sources) {
      current = source
      yield* source
    }
  }
  // The server hears no cancel while it waits for rows, and a source that has gone silent would be waited for in vain.
  const stop = (): void => void current?.destroy()
  sink.once('error', stop)
  signal?.addEventListener('abort', stop)
  try {
    await pipeline(chunks, sink)
  } finally {
    signal?.removeEventListener('abort', stop)
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
  options: Pick<SessionOptions, 'side' | 'signal'>,
): Promise<Session> => {
  const facts = client.query<string[]>({
    text: `select pg_catalog.current_setting('server_version_num'), pg_catalog.pg_backend_pid(),
                  pg_catalog.current_setting('search_path')`,
    rowMode: 'array',
  })
  const result = await facts.catch(async (error: unknown) => {
    await client.end().catch(() => undefined)
    throw connectError(error, target, (text) => redact(text, target.secrets))
  })
  const [version = '0', pid = '0', searchPath = ''] = result.rows[0] ?? []
  return new Session(client, attempt, target, {
    side: options.side ?? 'live',
    signal: options.signal,
    version: Number(version),
    pid,
    isPooled: 'processID' in client && String(client.processID) !== pid,
    searchPath,
  })
}
