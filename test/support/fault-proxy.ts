/**
 * A TCP proxy before a server that reads the client's messages one by one, and can break the connection at any of them.
 *
 * The protocol without TLS: a start-up packet (length, body), then messages (type, length, body). A statement of the extended protocol,
 * Parse to Sync, counts as one message. Once broken, a connection is gone on
 * both sides; later ones are forwarded as before, unless they are judged otherwise.
 */
import { once } from 'node:events'
import net from 'node:net'

/** One message of the client. */
export interface ClientMessage {
  /** 1 for the first connection through the proxy. */
  readonly connection: number
  /** The protocol's letter: `Q`, `P`, `d`... */
  readonly type: string
  /** What it says, as Latin-1; a query's SQL is readable in it. */
  readonly text: string
}

export type Judgement =
  | 'forward'
  /** Breaks the connection; the server never sees the message. */
  | 'cut'
  /** Forwards the message and breaks the connection; the server works on it with nobody left to answer. */
  | 'forward and cut'
  /** Forwards the message, waits until the server answers, and breaks the connection; the client never sees the answer. */
  | 'lose reply'
  /** Forwards this query instead. */
  | { readonly query: string }

export type Judge = (message: ClientMessage) => Judgement | Promise<Judgement>

export interface FaultProxy {
  /** The same URL through the proxy. */
  readonly url: string
  /** Asked about every message from now on. */
  judge: Judge
}

const queryMessage = (text: string): Buffer => {
  const body = Buffer.from(`${text}\0`)
  const head = Buffer.alloc(5)
  head.write('Q')
  head.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}

/** The SQL of a Parse message, which begins with the statement's name, as a simple query says it. */
const parsedText = (frame: Buffer): string => {
  const [, text = ''] = frame.toString('latin1', 5).split('\0')
  return `${text}\0`
}

const serve = (client: net.Socket, server: net.Socket, connection: number, judge: Judge): void => {
  let pending = Buffer.alloc(0)
  let isStarted = false
  let isLosing = false
  let statement: Buffer[] = []
  let queue = Promise.resolve()
  const cut = (): void => {
    client.destroy()
    server.end()
  }
  const send = async (frame: Buffer): Promise<void> => {
    if (!isStarted) {
      // 3.0 begins a session; everything else that comes so early asks for encryption.
      isStarted = frame.readInt32BE(4) === 196_608
      server.write(frame)
      return
    }
    const type = String.fromCharCode(frame[0] ?? 0)
    if (type === 'P' || statement.length > 0) {
      statement.push(frame)
      if (type !== 'S') return
    }
    const [parse] = statement
    const whole = parse === undefined ? frame : Buffer.concat(statement)
    statement = []
    const text = parse === undefined ? frame.toString('latin1', 5) : parsedText(parse)
    const judgement = await judge({ connection, type: parse === undefined ? type : 'P', text })
    if (client.destroyed) return
    if (judgement === 'cut') return cut()
    if (judgement === 'lose reply') isLosing = true
    server.write(typeof judgement === 'object' ? queryMessage(judgement.query) : whole)
    if (judgement === 'forward and cut') cut()
  }
  client.on('data', (chunk) => {
    pending = Buffer.concat([pending, chunk])
    queue = queue.then(async () => {
      for (;;) {
        const head = isStarted ? 1 : 0
        if (pending.length < head + 4) return
        const length = head + pending.readInt32BE(head)
        if (pending.length < length) return
        const frame = pending.subarray(0, length)
        pending = pending.subarray(length)
        await send(frame)
      }
    })
  })
  server.on('data', (chunk) => {
    if (isLosing) cut()
    else client.write(chunk)
  })
  client.on('close', () => void queue.then(() => server.end()))
  server.on('close', () => client.destroy())
  for (const socket of [client, server]) socket.setNoDelay().on('error', () => undefined)
}

/** Runs `work` with a proxy before the server of a URL. */
export const withFaultProxy = async <T>(url: string, work: (proxy: FaultProxy) => Promise<T>): Promise<T> => {
  const target = new URL(url)
  const sockets = new Set<net.Socket>()
  let connections = 0
  const listener = net.createServer((client) => {
    const server = net.connect(Number(target.port), target.hostname)
    for (const socket of [client, server]) sockets.add(socket)
    connections += 1
    serve(client, server, connections, (message) => proxy.judge(message))
  })
  await once(listener.listen(0, '127.0.0.1'), 'listening')
  const address = listener.address()
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port')
  const through = new URL(url)
  through.hostname = '127.0.0.1'
  through.port = String(address.port)
  through.searchParams.set('sslmode', 'disable')
  const proxy: FaultProxy = { url: through.href, judge: () => 'forward' }
  try {
    return await work(proxy)
  } finally {
    for (const socket of sockets) socket.destroy()
    listener.close()
  }
}
