/**
 * A TCP proxy before a server that reads the messages both ways one by one, and can break or falsify the talk at any of them.
 *
 * The protocol without TLS: a start-up packet (length, body), then messages (type, length, body). A statement of the extended protocol,
 * Parse to Sync, counts as one message; its answer ends with ReadyForQuery. Once broken, a connection is gone on both sides; later ones
 * are forwarded as before, unless they are judged otherwise.
 */
import { once } from 'node:events'
import net from 'node:net'
import { Framing, typeOf } from './frames.ts'

/** One message of the client. */
export interface ClientMessage {
  /** 1 for the first connection through the proxy. */
  readonly connection: number
  /** The protocol's letter: `Q`, `P`, `d`... */
  readonly type: string
  /** What it says, as Latin-1; a query's SQL is readable in it. */
  readonly text: string
}

/** An ErrorResponse that no server has sent. */
export interface SaidError {
  /** Field V. */
  readonly severity: 'ERROR' | 'FATAL' | 'PANIC'
  /** Field S: the severity in the words of some language. */
  readonly localised: string
  readonly sqlstate: string
}

/** What the client hears instead of the truth, or besides. */
export interface Lie {
  /** Whether the server sees the message. */
  readonly request: 'passed on' | 'kept back'
  /** Null says nothing at all. */
  readonly error: SaidError | null
  /** Where the error stands: in place of the true answer, or on one side of it. What is kept back has no true answer. */
  readonly place: 'instead' | 'before' | 'behind'
  readonly readyForQuery: 'follows' | 'is left out'
  readonly connection: 'is closed' | 'is left open'
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
  /** Sends these bytes to the client instead of the true answer. */
  | { readonly answer: Buffer }
  | { readonly lie: Lie }

export type Judge = (message: ClientMessage) => Judgement | Promise<Judgement>

export interface FaultProxy {
  /** The same URL through the proxy. */
  readonly url: string
  /** Asked about every message from now on. */
  judge: Judge
  /** Breaks every connection there is. */
  readonly cutAll: () => void
}

/** A message of the protocol. */
export const frame = (type: string, body: Buffer): Buffer => {
  const head = Buffer.alloc(5)
  head.write(type)
  head.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}

const queryMessage = (text: string): Buffer => frame('Q', Buffer.from(`${text}\0`))

/** As a server says it: an error, and that it waits for the next query, in no transaction. */
const errorMessages = ({ severity, localised, sqlstate }: SaidError, { readyForQuery }: Lie): Buffer => {
  const fields = [`S${localised}`, `V${severity}`, `C${sqlstate}`, 'Mthe proxy says so'].map((field) => `${field}\0`)
  const error = frame('E', Buffer.from(`${fields.join('')}\0`))
  return readyForQuery === 'follows' ? Buffer.concat([error, frame('Z', Buffer.from('I'))]) : error
}

/** The SQL of a Parse message, which begins with the statement's name, as a simple query says it. */
const parsedText = (message: Buffer): string => {
  const [, text = ''] = message.toString('latin1', 5).split('\0')
  return `${text}\0`
}

/** What becomes of the server's answer that is on its way. */
interface Falsifying {
  /** Nothing of the true answer reaches the client. */
  readonly drops: boolean
  /** Once the true answer is whole. */
  readonly follow: () => void
}

const serve = (client: net.Socket, server: net.Socket, connection: number, judge: Judge): void => {
  let isLosing = false
  let falsifying: Falsifying | null = null
  let statement: Buffer[] = []
  let queue = Promise.resolve()
  const cut = (): void => {
    client.destroy()
    server.end()
  }
  /** What has been said so far still arrives. */
  const close = (): void => {
    client.end()
    server.end()
  }
  const lie = (message: Buffer, told: Lie): void => {
    const speak = (): void => {
      if (told.error !== null) client.write(errorMessages(told.error, told))
      if (told.connection === 'is closed') close()
    }
    if (told.request === 'kept back') {
      speak()
      return
    }
    if (told.place === 'before') {
      if (told.error !== null) client.write(errorMessages(told.error, told))
      const closes = told.connection === 'is closed'
      falsifying = { drops: false, follow: () => (closes ? close() : undefined) }
    } else falsifying = { drops: told.place === 'instead', follow: speak }
    server.write(message)
  }
  const send = async (message: Buffer): Promise<void> => {
    const type = typeOf(message)
    if (type === 'P' || statement.length > 0) {
      statement.push(message)
      if (type !== 'S') return
    }
    const [parse] = statement
    const whole = parse === undefined ? message : Buffer.concat(statement)
    statement = []
    const text = parse === undefined ? message.toString('latin1', 5) : parsedText(parse)
    const judgement = await judge({ connection, type: parse === undefined ? type : 'P', text })
    if (client.destroyed) return
    if (judgement === 'cut') return cut()
    if (typeof judgement === 'object' && 'lie' in judgement) return lie(whole, judgement.lie)
    if (judgement === 'lose reply') isLosing = true
    if (typeof judgement === 'object' && 'answer' in judgement) {
      falsifying = { drops: true, follow: () => void client.write(judgement.answer) }
    }
    server.write(typeof judgement === 'object' && 'query' in judgement ? queryMessage(judgement.query) : whole)
    if (judgement === 'forward and cut') cut()
  }
  const requests = new Framing('start-up first')
  client.on('data', (chunk) => {
    queue = queue.then(async () => {
      for (const { message, isStartUp } of requests.take(chunk)) {
        if (isStartUp) server.write(message)
        else await send(message)
      }
    })
  })
  const answers = new Framing('messages only')
  server.on('data', (chunk) => {
    if (isLosing) return cut()
    for (const { message } of answers.take(chunk)) {
      if (falsifying?.drops !== true) client.write(message)
      // G: the server waits for rows, which end with an answer of their own.
      const isWhole = typeOf(message) === 'Z' || (typeOf(message) === 'G' && falsifying?.drops === true)
      if (!isWhole || falsifying === null) continue
      const { follow } = falsifying
      falsifying = null
      follow()
    }
  })
  client.on('close', () => void queue.then(() => server.end()))
  server.on('close', () => client.end())
  for (const socket of [client, server]) socket.setNoDelay().on('error', () => undefined)
}

/** Runs `work` with a proxy before the server of a URL. */
export const withFaultProxy = async <T>(url: string, work: (proxy: FaultProxy) => Promise<T>): Promise<T> => {
  const target = new URL(url)
  const sockets = new Set<net.Socket>()
  let connections = 0
  const listener = net.createServer((client) => {
    const server = net.connect(Number(target.port), target.hostname)
    for (const socket of [client, server]) {
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
    }
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
  const cutAll = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  const proxy: FaultProxy = { url: through.href, judge: () => 'forward', cutAll }
  try {
    return await work(proxy)
  } finally {
    cutAll()
    listener.close()
  }
}
