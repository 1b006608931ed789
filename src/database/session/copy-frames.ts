/**
 * COPY ... TO STDOUT as the server's own messages: chunks of whole CopyData frames (`d`, length, bytes), unparsed, with back-pressure.
 * It stands in for a query of node-postgres, and takes its socket over until the copy is done: a row of some bytes then costs
 * nanoseconds. Everything that is not CopyData is left to node-postgres.
 */

/** What is needed of the driver's connection. */
interface Wire {
  readonly stream: NodeJS.ReadableStream & { pause(): unknown; resume(): unknown }
  query(text: string): void
}

type Listener = (chunk: Buffer) => void

const message = { copyData: 0x64, copyDone: 0x63, error: 0x45, commandComplete: 0x43 }

/** Bytes that may wait for the reader before the server has to. */
const highWater = 1 << 20

const nothing = Buffer.alloc(0)

/** One COPY under way. Give it to `client.query`, and iterate. */
export class CopyFrames implements AsyncIterable<Buffer> {
  readonly #text: string
  readonly #waiting: Buffer[] = []
  #bytes = 0
  #rest: Buffer = nothing
  #wire: Wire | undefined
  #parser: Listener | undefined
  #isDiscarding = false
  #isDone = false
  #failure: unknown
  #wake: () => void = () => undefined
  /** Settles when the server is ready for the next statement. */
  readonly done: Promise<void>
  /** True once the last frame has been taken from the server. */
  get isDone(): boolean {
    return this.#isDone
  }

  #settle: () => void = () => undefined

  constructor(text: string) {
    this.#text = text
    this.done = new Promise((resolve) => {
      this.#settle = resolve
    })
  }

  /** Called by node-postgres when it is this statement's turn. */
  submit(wire: Wire): void {
    const parser = wire.stream.listeners('data')[0]
    if (parser === undefined) throw new Error('the connection has no reader')
    this.#wire = wire
    this.#parser = parser as Listener
    wire.stream.removeListener('data', this.#parser)
    wire.stream.on('data', this.#take)
    wire.query(this.#text)
  }

  handleError(error: unknown): void {
    this.#failure ??= error
    this.#finish()
  }

  handleCommandComplete(): void {}

  handleReadyForQuery(): void {
    this.#finish()
  }

  /** Lets the rest of the copy pass by unread. */
  discard(): void {
    this.#isDiscarding = true
    this.#waiting.length = 0
    this.#bytes = 0
    if (!this.#isDone) this.#wire?.stream.resume()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    for (;;) {
      const next = this.#waiting.shift()
      if (next !== undefined) {
        this.#bytes -= next.length
        if (this.#bytes < highWater && !this.#isDone) this.#wire?.stream.resume()
        yield next
        continue
      }
      if (this.#failure !== undefined) throw this.#failure
      if (this.#isDone) return
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  readonly #take = (chunk: Buffer): void => {
    const rest = this.#rest
    this.#rest = nothing
    if (rest.length === 0) {
      this.#walk(chunk)
      return
    }
    // The frame that the last chunk cut is put together by itself: copying whole chunks would cost more than all the rest.
    const head = rest.length < 5 ? Buffer.concat([rest, chunk.subarray(0, 5 - rest.length)]) : rest
    const missing = head.length < 5 ? Number.POSITIVE_INFINITY : 1 + head.readUInt32BE(1) - rest.length
    if (head[0] !== message.copyData || missing > chunk.length) {
      this.#walk(Buffer.concat([rest, chunk]))
      return
    }
    this.#push(Buffer.concat([rest, chunk.subarray(0, missing)]))
    this.#walk(chunk.subarray(missing))
  }

  /** Takes whole frames off the front, and keeps the rest. */
  #walk(data: Buffer): void {
    const view = new DataView(data.buffer, data.byteOffset, data.length)
    let start = 0
    let at = 0
    while (at + 5 <= data.length) {
      const next = at + 1 + view.getUint32(at + 1)
      const code = data[at]
      if (code === message.copyData) {
        if (next > data.length) break
        at = next
        continue
      }
      this.#push(data.subarray(start, at))
      start = at
      if (code === message.error || code === message.commandComplete) {
        this.#giveBack(data.subarray(at))
        return
      }
      if (next > data.length) break
      // Notices and changed parameters are the driver's business; that the copy is done is followed by more.
      if (code !== message.copyDone) this.#parser?.(data.subarray(at, next))
      at = next
      start = next
    }
    this.#push(data.subarray(start, at))
    this.#rest = data.subarray(at)
  }

  #push(frames: Buffer): void {
    if (frames.length === 0 || this.#isDiscarding) return
    this.#waiting.push(frames)
    this.#bytes += frames.length
    if (this.#bytes >= highWater) this.#wire?.stream.pause()
    this.#wake()
  }

  /** Puts the driver's own reader back, and gives it what comes after the copy. */
  #giveBack(rest: Buffer): void {
    const stream = this.#wire?.stream
    if (stream === undefined || this.#parser === undefined) return
    stream.removeListener('data', this.#take)
    stream.on('data', this.#parser)
    this.#parser(rest)
    stream.resume()
  }

  #finish(): void {
    this.#isDone = true
    this.#settle()
    this.#wake()
  }
}

/** Yields the chunks of a COPY; one that nobody reads to its end is cancelled, and its last words are waited for. */
export async function* takeFrames(
  frames: CopyFrames,
  session: {
    readonly wrap: (error: unknown) => unknown
    readonly cancel: () => Promise<void>
    readonly done: () => void
  },
): AsyncGenerator<Buffer> {
  try {
    yield* frames
  } catch (error) {
    throw session.wrap(error)
  } finally {
    if (!frames.isDone) {
      frames.discard()
      // A cancel that came late would hit the next statement.
      await Promise.all([session.cancel(), frames.done])
    }
    session.done()
  }
}
