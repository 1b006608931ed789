/**
 * Calls of the public API, one after the other: each has a signal and a listener of its own, and finds both connections open. What
 * one call aborts is cancelled on the server, and does not touch the next one.
 */
import { isSameDatabase, readIdentity } from '../catalog/read/identity.ts'
import type { Session } from '../database/session/session.ts'
import { Turns } from '../database/session/turns.ts'
import { withReadTransaction } from '../database/transaction.ts'
import { RowgraftError } from '../errors.ts'
import type { OpenOptions, OpenPair, OpenSide, ProgressEvent } from './connect.ts'
import { watchLocks } from './lock-watch.ts'

/** What one call hears, and whom it tells. */
export interface Call {
  /** Aborting it cancels on the server, and the call rejects with `interrupted`; a COMMIT under way is waited for. */
  readonly signal?: AbortSignal | undefined
  /** Instead of the listener that was given when both sides were opened. */
  readonly onProgress?: ((event: ProgressEvent) => void) | undefined
}

/** Connects a side again where its connection was lost. Throws `wrong-database` when another one answers there by now. */
export const revive = async ({ session, identity, source }: OpenSide): Promise<void> => {
  if (!(await session.reconnect())) return
  const found = await withReadTransaction(session, (reader) => readIdentity(reader, source?.identity ?? null))
  if (isSameDatabase(found, identity)) return
  session.destroy()
  throw new RowgraftError('wrong-database', `another database answers where "${identity.database}" was`, {
    detail: 'The connection was lost, and what answers now is not what was opened.',
    hint: 'Check the server, and open both sides again.',
  })
}

export class Calls {
  readonly #pair: OpenPair
  readonly #options: OpenOptions
  readonly #turns = new Turns()
  readonly #closing = new AbortController()
  #current: Call = {}
  #working: Promise<unknown> = Promise.resolve()

  constructor(pair: OpenPair, options: OpenOptions) {
    this.#pair = pair
    this.#options = options
  }

  /** The signal of the call under way. */
  get signal(): AbortSignal | undefined {
    return this.#pair.live.session.signal
  }

  readonly onProgress = (event: ProgressEvent): void => (this.#current.onProgress ?? this.#options.onProgress)?.(event)

  /** Runs one call, after those that were made before it. */
  async run<T>(call: Call, work: () => Promise<T>): Promise<T> {
    const end = await this.#begin(call)
    const working = work()
    this.#working = working
    try {
      return await working
    } finally {
      await end()
    }
  }

  /** The same for a call that yields. */
  async *stream<T>(call: Call, work: () => AsyncGenerator<T>): AsyncGenerator<T> {
    const end = await this.#begin(call)
    try {
      yield* work()
    } finally {
      await end()
    }
  }

  /** Aborts what is under way, and waits for its end; of a call that yields nobody may want more. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#working.catch(() => undefined)
  }

  async #begin(call: Call): Promise<() => Promise<void>> {
    const release = await this.#turns.take()
    const { live, backup } = this.#pair
    const sides = backup === null ? [live] : [live, backup]
    const signals = [call.signal, this.#closing.signal].filter((signal) => signal !== undefined)
    const signal = AbortSignal.any(signals)
    const deaf = sides.map(({ session }: { readonly session: Session }) => session.hear(signal))
    this.#current = call
    let unwatch = async (): Promise<void> => undefined
    const end = async (): Promise<void> => {
      await unwatch()
      for (const stop of deaf) await stop()
      this.#current = {}
      release()
    }
    try {
      for (const side of sides) await revive(side)
      unwatch = this.#watch(sides)
      return end
    } catch (error) {
      await end()
      throw error
    }
  }

  /** Says who holds a lock that is waited for; where nobody listens, nobody looks. */
  #watch(sides: readonly OpenSide[]): () => Promise<void> {
    const isHeard = (this.#current.onProgress ?? this.#options.onProgress) !== undefined
    const sessions = isHeard ? sides.map(({ session }) => session) : []
    return watchLocks(sessions, (side, holders) => this.onProgress({ kind: 'lock', side, holders }))
  }
}
