/** COPY as byte streams, both ways: whole chunks are handed on, and each side waits for the other. */
import { finished, PassThrough, type Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type pg from 'pg'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'

/** What the owner of the connection is told. */
export interface StreamOwner {
  readonly wrap: (error: unknown) => unknown
  /** Nobody reads on. */
  readonly abandon: () => void
  readonly done: () => void
}

/** Starts COPY ... TO STDOUT. */
export const streamOut = (client: pg.Client, text: string, owner: StreamOwner): Readable => {
  const source = client.query(copyTo(text))
  const out = new PassThrough()
  let hasFailed = false
  // Not `pipeline`: it would hand on the bare error.
  source.on('error', (error) => {
    hasFailed = true
    out.destroy(owner.wrap(error) as Error)
  })
  finished(source.pipe(out), { readable: false }, (error) => {
    if (error && !hasFailed) owner.abandon()
    owner.done()
  })
  return out
}

/** Runs COPY ... FROM STDIN over the sources in turn; resolves to the number of rows the server took. */
export const feedIn = async (
  client: pg.Client,
  text: string,
  { sources, signal }: { readonly sources: AsyncIterable<Readable>; readonly signal: AbortSignal | undefined },
): Promise<number> => {
  const sink = client.query(copyFrom(text))
  await feed(sources, sink, signal)
  return sink.rowCount ?? 0
}

/** Writes each source into the sink, one after the other, waiting where the sink is full. */
const feed = async (
  sources: AsyncIterable<Readable>,
  sink: Writable,
  signal: AbortSignal | undefined,
): Promise<void> => {
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
