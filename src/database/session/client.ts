/** Opening one connection with node-postgres: values stay the server's own text, and encryption means what libpq means by it. */
import type { EventEmitter } from 'node:events'
import pg from 'pg'
import { RowgraftError } from '../../errors.ts'
import type { ConnectionAttempt, ConnectionTarget } from '../conninfo/conninfo.ts'
import { connectError, type FailedAttempt, isRefusedByHba, noPassword } from './connect-errors.ts'
import { fieldsOf } from './server-errors.ts'

const rawText = { getTypeParser: () => (value: unknown) => value }

/** One statement, rows as arrays: without parameters the driver would choose the protocol that takes several statements at once. */
export const oneStatement = { rowMode: 'array', queryMode: 'extended' } as const

/** Connects once, with every parser off. */
export const connectClient = async (target: ConnectionTarget, attempt: ConnectionAttempt): Promise<pg.Client> => {
  const client = new pg.Client({
    host: attempt.host,
    port: attempt.port,
    database: attempt.database,
    user: attempt.user,
    // Asked only where the server wants one. None at all would let pg look into PGPASSWORD and pgpass again.
    password:
      attempt.password ??
      (() => {
        throw noPassword(target)
      }),
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
  const binding = target.channelBinding === 'require' ? requireBinding(client, attempt) : undefined
  try {
    await client.connect()
  } catch (error) {
    // Where it is we who give up, the server would wait for its authentication_timeout.
    cut(client)
    throw error
  }
  binding?.()
  return client
}

/** `channel_binding=require`: the driver falls back silently where the server does not offer it. */
const requireBinding = (client: pg.Client, attempt: ConnectionAttempt): (() => void) => {
  let isOffered = false
  const { connection } = client as unknown as { connection?: EventEmitter }
  connection?.on('authenticationSASL', (message: { readonly mechanisms?: readonly string[] }) => {
    isOffered = message.mechanisms?.includes('SCRAM-SHA-256-PLUS') ?? false
  })
  return () => {
    if (isOffered && attempt.ssl !== false) return
    void client.end().catch(() => undefined)
    throw new RowgraftError('authentication-failed', 'the server does not offer channel binding', {
      detail: 'The connection asks for channel_binding=require.',
      hint: 'Use channel_binding=prefer if this server is trusted without it.',
    })
  }
}

/** Whether another kind of encryption may be taken: what the server says in words is about it only where pg_hba.conf says so. */
const isTlsRefusal = (error: unknown): boolean => {
  if (error instanceof RowgraftError || !(error instanceof Error)) return false
  const { code = '', severity } = fieldsOf(error)
  if (severity !== undefined) return isRefusedByHba(error) || (code === '28000' && /certificate/.test(error.message))
  return /SSL|TLS|certificate/i.test(error.message) || /^(ERR_SSL|ERR_TLS|EPROTO|ECONNRESET)/.test(code)
}

/** A wrong password is not cured by another protocol, and what pg_hba.conf says tells more than that there is no encryption. */
const mostTelling = (failures: readonly FailedAttempt[]): unknown =>
  (
    failures.find(({ error }) => !isTlsRefusal(error)) ??
    failures.find(({ error }) => isRefusedByHba(error)) ??
    failures[0]
  )?.error

/**
 * Tries the target's attempts in their order; the next one only where the last failed for its encryption. Throws `cannot-connect` or
 * `authentication-failed`, never with a password in it.
 */
export const connectFirst = async (
  target: ConnectionTarget,
): Promise<{ client: pg.Client; attempt: ConnectionAttempt }> => {
  const failures: FailedAttempt[] = []
  for (const attempt of target.attempts) {
    try {
      return { client: await connectClient(target, attempt), attempt }
    } catch (error) {
      failures.push({ attempt, error })
      if (!isTlsRefusal(error)) break
    }
  }
  throw connectError(mostTelling(failures), target, failures)
}

/** Cuts a connection without a word. */
export const cut = (client: pg.Client): void => {
  const { connection } = client as unknown as { readonly connection?: { readonly stream?: { destroy(): void } } }
  connection?.stream?.destroy()
}

/** Cuts a connection that is still there after so many milliseconds, whatever it waits for. */
const cutAfter = (client: pg.Client, limit: number): void => {
  const timer = setTimeout(() => cut(client), limit)
  client.once('end', () => clearTimeout(timer))
}

/** One more connection of a kind that has worked before; cut after `limit` milliseconds if there is one. Throws as `connectFirst` does. */
export const connectAgain = async (
  target: ConnectionTarget,
  attempt: ConnectionAttempt,
  limit?: number,
): Promise<pg.Client> => {
  try {
    if (limit === undefined) return await connectClient(target, attempt)
    const client = await connectClient({ ...target, connectTimeoutMs: limit }, attempt)
    cutAfter(client, limit)
    return client
  } catch (error) {
    throw connectError(error, target, [{ attempt, error }])
  }
}

/** What a fresh connection knows about its server. */
export interface ClientFacts {
  /** `server_version_num`. */
  readonly version: number
  /** `server_encoding`. */
  readonly encoding: string
  readonly pid: string
  /** A pooler handed out another backend than the one that was connected to. */
  readonly isPooled: boolean
  readonly searchPath: string
}

/** Asks a fresh connection who it is; closes it when that fails. */
export const readFacts = async (client: pg.Client, target: ConnectionTarget): Promise<ClientFacts> => {
  const asked = client.query<string[]>({
    text: `select pg_catalog.current_setting('server_version_num'), pg_catalog.pg_backend_pid(),
                  pg_catalog.current_setting('search_path'), pg_catalog.current_setting('server_encoding')`,
    rowMode: 'array',
  })
  const result = await asked.catch(async (error: unknown) => {
    await client.end().catch(() => undefined)
    throw connectError(error, target)
  })
  const [version = '0', pid = '0', searchPath = '', encoding = ''] = result.rows[0] ?? []
  const isPooled = 'processID' in client && String(client.processID) !== pid
  return { version: Number(version), encoding, pid, isPooled, searchPath }
}

/** Cancels what a backend is doing, by way of a second connection. */
export const cancelBackend = async (
  target: ConnectionTarget,
  attempt: ConnectionAttempt,
  pid: string,
): Promise<void> => {
  const client = await connectClient(target, attempt)
  await client.query('select pg_catalog.pg_cancel_backend($1)', [pid])
  await client.end()
}
