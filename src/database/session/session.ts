/**
 * One connection, and the two ways to use it: a Reader has no way to write, a Writer is only made inside a write transaction.
 *
 * Values are the server's own text from end to end: node-postgres' parsers, which corrupt dates, floats and JSON, are off. One
 * statement at a time. An abort cancels on the server through a second connection (a CancelRequest whose socket closes early has
 * killed poolers), and every later statement is refused, except while the session is shielded for COMMIT.
 *
 * In comes a target (`conninfo/`), out go a Reader and, inside a write transaction, a Writer.
 */
import type { Readable } from 'node:stream'
import type pg from 'pg'
import { interrupted, RowgraftError } from '../../errors.ts'
import {
  type ConnectionAttempt,
  type ConnectionTarget,
  parseConninfo,
  resolveConninfo,
  withPassword,
} from '../conninfo/conninfo.ts'
import { type CommitAnswer, rollBack, sendCommit } from '../ending.ts'
import { compile, compileInline, compileLiteral, type Query } from '../names.ts'
import { settingValues } from '../secrets.ts'
import { readTimeouts, type Side, type Timeouts } from '../settings.ts'
import { type ClientFacts, cancelBackend, connectAgain, connectFirst, cut, oneStatement, readFacts } from './client.ts'
import { CopyFrames, takeFrames } from './copy-frames.ts'
import { feedIn, streamOut } from './copy-streams.ts'
import { fetchBatches } from './cursor.ts'
import { Hearing } from './hearing.ts'
import type { Outcome, Row } from './outcome.ts'
import { serverError } from './server-errors.ts'
import type { SessionOptions } from './session-options.ts'
import { type Acting, asConnected } from './session-options.ts'
import { Turns } from './turns.ts'

/** A connection to one side. Open with `openSession`, and close it. */
export class Session {
  readonly side: Side
  readonly target: ConnectionTarget
  readonly version: number
  /** `server_encoding`: how the database stores text. */
  readonly encoding: string
  /** True where a pooler hands out another backend than the one we connected to. */
  readonly isPooled: boolean
  /** The search_path a fresh connection has: what the user's own SQL expects. */
  readonly searchPath: string
  /** Limits of its read transactions. */
  readonly reading: Timeouts
  /** What each of its transactions becomes and sets. */
  acting: Acting
  #client: pg.Client
  readonly #attempt: ConnectionAttempt
  #pid: string
  #shielded = false
  #ended = false
  #closed = false
  readonly #hearing: Hearing
  #cursors = 0
  readonly #turns = new Turns()

  constructor(
    client: pg.Client,
    attempt: ConnectionAttempt,
    target: ConnectionTarget,
    { side = 'live', signal, acting = asConnected, reading, ...facts }: ClientFacts & SessionOptions,
  ) {
    this.#client = client
    this.#attempt = attempt
    this.target = target
    this.side = side
    this.version = facts.version
    this.encoding = facts.encoding
    this.#pid = facts.pid
    this.isPooled = facts.isPooled
    this.searchPath = facts.searchPath
    this.reading = { ...readTimeouts, ...reading }
    this.acting = acting
    this.#watch(client)
    this.#hearing = new Hearing(signal, this.#cancel)
  }

  /** What stops the work under way. */
  get signal(): AbortSignal | undefined {
    return this.#hearing.signal
  }

  /** Listens to the signal of one call as well, until what it returns is called and has settled: a cancel under way hits nothing later. */
  hear(call: AbortSignal | undefined): () => Promise<void> {
    return this.#hearing.hear(call)
  }

  /** Connects again where the server, or the way to it, was lost. True if that was needed. Throws `cannot-connect` and its like. */
  async reconnect(): Promise<boolean> {
    if (!this.#ended || this.#closed) return false
    const client = await connectAgain(this.target, this.#attempt)
    const { pid } = await readFacts(client, this.target)
    this.#client = client
    this.#pid = pid
    this.#ended = false
    this.#watch(client)
    return true
  }

  #watch(client: pg.Client): void {
    const end = (): void => {
      if (this.#client === client) this.destroy()
    }
    // An error that comes unasked is nothing's answer: what is heard after it would be taken for the answer to something else.
    client.once('end', end).once('error', end)
  }

  /** The backend that the transaction under way runs in. */
  get pid(): string {
    return this.#pid
  }

  /** Since when a statement is under way, as `performance.now()` has it; null while there is none. */
  get busySince(): number | null {
    return this.#turns.since
  }

  /** True once the server is gone or the session is closed. */
  get ended(): boolean {
    return this.#ended
  }

  /** From here on an abort neither cancels nor refuses: a COMMIT under way is waited for. Throws `interrupted` if one came before. */
  shield(): void {
    if (this.#isRefused()) throw interrupted()
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

  /** Pins the settings of the transaction under way, and notes the backend it runs in. */
  async pin(settings: Query): Promise<void> {
    const { rows } = await this.execute(settings)
    this.#pid = rows[0]?.at(-1) ?? this.#pid
  }

  /** Begins a transaction as the statements say, the last of which pins its settings: all in one message. Their literals have no backslash. */
  async begin(statements: readonly Query[]): Promise<void> {
    const asked = { text: statements.map(compileLiteral).join(';\n'), rowMode: 'array' } as const
    // A message of several statements is answered by a list of results.
    const answers = (await this.#use(() => this.#client.query(asked))) as unknown as readonly pg.QueryArrayResult[]
    this.#pid = answers.at(-1)?.rows[0]?.at(-1) ?? this.#pid
  }

  /** Runs a script of several statements, without parameters or results. */
  async script(text: string): Promise<void> {
    await this.#use(() => this.#client.query(text))
  }

  async *batches(query: Query, size: number): AsyncGenerator<readonly Row[]> {
    yield* fetchBatches(this, query, { size, name: `rowgraft_${++this.#cursors}` })
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
    const done = await this.#acquire()
    const frames = this.#client.query(new CopyFrames(text))
    yield* takeFrames(frames, { wrap: (error) => this.#wrap(error), cancel: this.#cancel, done })
  }

  /** One more connection to the same server as the same user; close it. One with a limit, in milliseconds, is cut then, and hears no abort. */
  async another(limit?: number): Promise<Session> {
    const { side, acting, reading, target } = this
    const client = await connectAgain(target, this.#attempt, limit)
    const signal = limit === undefined ? this.signal : undefined
    const facts = await readFacts(client, target)
    return new Session(client, this.#attempt, target, { side, signal, acting, reading, ...facts })
  }

  async copyIn(query: Query, sources: AsyncIterable<Readable>): Promise<number> {
    const text = compileInline(query)
    return this.#use(() => feedIn(this.#client, text, { sources, signal: this.signal }))
  }

  async close(): Promise<void> {
    this.#hearing.stop()
    this.#closed = true
    if (this.#ended) return
    this.#ended = true
    await this.#client.end().catch(() => undefined)
  }

  /** Ends the transaction whatever state it is in, also after an abort; a lost connection has ended it already. */
  async rollback(): Promise<void> {
    this.unshield()
    await this.#turns.settled
    // What is still open would be committed along with what comes next.
    if (!this.#ended && !(await rollBack(this.#client))) this.destroy()
  }

  /** Sends COMMIT; never rejects. Whoever hears anything but the tag COMMIT destroys the session. */
  async commit(): Promise<CommitAnswer> {
    await this.#turns.settled
    return sendCommit(this.#client, (error) => this.#wrap(error))
  }

  /** Cuts the connection without a word; the server rolls back. For a second Ctrl-C. */
  destroy(): void {
    this.#ended = true
    cut(this.#client)
  }

  /** Waits for the statement under way: one at a time, in the order they were asked for. */
  async #acquire(): Promise<() => void> {
    const release = await this.#turns.take()
    if (!this.#isRefused() && !this.#ended) return release
    release()
    throw this.#isRefused() ? interrupted() : this.#wrap(new Error('Connection terminated unexpectedly'))
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

  #isRefused = (): boolean => this.signal?.aborted === true && !this.#shielded

  #wrap(error: unknown): unknown {
    if (error instanceof RowgraftError) return error
    if (this.#isRefused()) return interrupted()
    try {
      const wrapped = serverError(error, this.target, [...this.target.secrets, ...settingValues(this.acting.settings)])
      if (wrapped.code === 'connection-lost') this.destroy()
      return wrapped
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
  const connected = await connectAsking(target, options)
  return new Session(connected.client, connected.attempt, connected.target, {
    ...options,
    ...(await readFacts(connected.client, connected.target)),
  })
}

/** Connects; where the server asks for a password that nothing gives, with the one that somebody says. It is known to this session alone. */
const connectAsking = async (
  target: ConnectionTarget,
  { side = 'live', signal, askPassword }: SessionOptions,
): Promise<Awaited<ReturnType<typeof connectFirst>> & { readonly target: ConnectionTarget }> => {
  try {
    return { target, ...(await connectFirst(target)) }
  } catch (error) {
    const isAsked = error instanceof RowgraftError && error.asksFor === 'password' && askPassword !== undefined
    const password = isAsked ? await askPassword({ side, label: target.label }) : null
    if (signal?.aborted) throw interrupted()
    if (password === null || password === '') throw error
    const known = withPassword(target, password)
    return { target: known, ...(await connectFirst(known)) }
  }
}
