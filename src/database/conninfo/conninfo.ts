/**
 * Where a database is: from a URL or `key=value` pairs, PG* variables and the password file to connection attempts.
 *
 * `parseConninfo` is pure; `resolveConninfo` reads what only the machine knows (sockets, user, password file, certificates).
 */
import { lookup } from 'node:dns/promises'
import { access } from 'node:fs/promises'
import { isIP } from 'node:net'
import { homedir, userInfo } from 'node:os'
import { join } from 'node:path'
import type { ConnectionOptions } from 'node:tls'
import { RowgraftError } from '../../errors.ts'
import { maskSecrets, optionValues, spellings } from '../secrets.ts'
import { fillFromEnvironment, type Settings } from './conninfo-parameters.ts'
import { badConninfo, parseSettings, severalHosts } from './conninfo-syntax.ts'
import { type PassfileUse, passfileWarning, readPassword } from './pgpass.ts'
import { parseChoice, parseTls, resolveTls, type TlsSettings } from './tls.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Whether the password exchange is tied to the TLS connection: libpq's channel_binding. */
export type ChannelBinding = 'disable' | 'prefer' | 'require'

/** What was asked for, with PG* variables filled in; undefined is for `resolveConninfo` to find out. */
export interface Conninfo {
  readonly host: string | undefined
  /** The address to connect to in place of looking `host` up. */
  readonly hostaddr: string | undefined
  readonly port: number
  readonly database: string | undefined
  readonly user: string | undefined
  readonly password: string | undefined
  readonly passfile: string | undefined
  readonly connectTimeoutMs: number
  readonly channelBinding: ChannelBinding
  readonly options: string | undefined
  readonly tls: TlsSettings
}

/** One way to connect. `ssl` is false for a plain connection. */
export interface ConnectionAttempt {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  readonly password: string | undefined
  readonly ssl: false | ConnectionOptions
}

/** A database, ready to connect to. */
export interface ConnectionTarget {
  /** `app@db1/shop`: for people, never with a password; the port only if it is not 5432. */
  readonly label: string
  readonly database: string
  readonly user: string
  /** A name, an address, or the folder of a Unix socket. */
  readonly host: string
  readonly port: number
  /** In the order to try; the next one only if the server refused the last one's encryption, or lack of it. */
  readonly attempts: readonly ConnectionAttempt[]
  /** What the password file came to; undefined where none was looked into, because a password was given. */
  readonly passfile: PassfileUse | undefined
  /** Strings that must not be shown. */
  readonly secrets: readonly string[]
  /** 0 waits as long as the system does. */
  readonly connectTimeoutMs: number
  readonly channelBinding: ChannelBinding
  /** TLS from the first byte, without asking the server. */
  readonly directTls: boolean
  /** Command line options for the server, as given. */
  readonly options: string | undefined
  /** What was found wrong without being fatal. */
  readonly warnings: readonly string[]
}

const number = (
  settings: Settings,
  name: string,
  { fallback, largest }: { readonly fallback: number; readonly largest: number },
): number => {
  const text = settings[name]?.trim() ?? ''
  if (text === '') return fallback
  const value = /^[+-]?\d{1,10}$/.test(text) ? Number(text) : Number.NaN
  if (!(value <= largest)) throw badConninfo(`"${name}" is not a number up to ${largest}`)
  return value
}

const refuseService = (given: Settings, settings: Settings): void => {
  const namesDatabase = (given.host || given.hostaddr) && given.dbname
  if (!settings.service || (given.service === undefined && namesDatabase)) return
  throw badConninfo(
    given.service === undefined
      ? 'PGSERVICE is set, and service files are not supported yet'
      : 'service files are not supported yet',
    'Give host= and dbname= instead.',
  )
}

/**
 * Reads a connection string; PG* variables fill its gaps, but it must itself name a host or a database. Throws `bad-conninfo`,
 * without repeating anything that may be part of a password.
 */
export const parseConninfo = (text: string, env: Environment): Conninfo => {
  const given = parseSettings(text)
  // PGHOSTADDR beside a host that was named (or the other way round) would lead elsewhere than the text says.
  const namesHost = Boolean(given.host || given.hostaddr)
  const settings = fillFromEnvironment(given, namesHost ? { ...env, PGHOST: undefined, PGHOSTADDR: undefined } : env)
  refuseService(given, settings)
  if (!namesHost && !given.dbname) {
    throw badConninfo(
      'the connection string names neither a host nor a database',
      'PG* variables only fill gaps: say which database is meant, as postgres://user@host/database.',
    )
  }
  if ([settings.host, settings.hostaddr, settings.port].some((value) => value?.includes(','))) throw severalHosts()
  if (settings.hostaddr && isIP(settings.hostaddr) === 0)
    throw badConninfo('"hostaddr" is not an IP address', 'Use host.')
  const port = number(settings, 'port', { fallback: 5432, largest: 65535 })
  if (port < 1) throw badConninfo('"port" is not a number from 1 to 65535')
  const timeout = number(settings, 'connect_timeout', { fallback: 0, largest: 2_000_000 })
  return {
    host: settings.host || undefined,
    hostaddr: settings.hostaddr || undefined,
    port,
    database: settings.dbname || undefined,
    user: settings.user || undefined,
    password: settings.password || undefined,
    passfile: settings.passfile || undefined,
    // As in libpq, 0 and less wait for ever, and 1 second is taken as 2.
    connectTimeoutMs: timeout <= 0 ? 0 : Math.max(timeout, 2) * 1000,
    channelBinding: parseChoice(settings, 'channel_binding', {
      allowed: ['disable', 'prefer', 'require'],
      fallback: 'prefer',
    }),
    options: settings.options || undefined,
    tls: parseTls(settings),
  }
}

const socketFolders = ['/var/run/postgresql', '/tmp']

const findHost = async (port: number): Promise<string> => {
  for (const folder of process.platform === 'win32' ? [] : socketFolders) {
    const found = await access(join(folder, `.s.PGSQL.${port}`)).then(
      () => true,
      () => false,
    )
    if (found) return folder
  }
  return 'localhost'
}

const systemUser = (): string => {
  try {
    return userInfo().username
  } catch {
    throw badConninfo('no user is named, and the system has no name for this one', 'Give user=, or set PGUSER.')
  }
}

const makeLabel = ({ user, host, port, database }: Omit<ConnectionAttempt, 'password' | 'ssl'>): string => {
  const name = host.startsWith('/') ? '[local]' : host.includes(':') ? `[${host}]` : host
  return `${user}@${name}${port === 5432 ? '' : `:${port}`}/${database}`
}

/** A host name is looked up here only if it must not be told to the server: then the driver sees but the address. */
const findAddress = async (conninfo: Conninfo, host: string): Promise<string> => {
  if (conninfo.hostaddr !== undefined) return conninfo.hostaddr
  if (conninfo.tls.sendsHostName || conninfo.tls.mode === 'disable' || host.startsWith('/')) return host
  try {
    return (await lookup(host)).address
  } catch (error) {
    throw new RowgraftError('cannot-connect', `host "${host}" is not known`, { cause: error })
  }
}

const makeSecrets = (conninfo: Conninfo, password: string | undefined, shown: readonly string[]): readonly string[] => {
  const secrets = [password, conninfo.tls.passphrase].filter((secret) => secret !== undefined)
  // A secret that equals a name which is shown anyway would only garble messages.
  return spellings([...secrets, ...optionValues(conninfo.options ?? '')]).filter((secret) => !shown.includes(secret))
}

/** Finds out what the connection string left open. Throws `bad-conninfo`; connects to nothing. */
export const resolveConninfo = async (conninfo: Conninfo, env: Environment): Promise<ConnectionTarget> => {
  const { port, tls } = conninfo
  const host = conninfo.host ?? conninfo.hostaddr ?? (await findHost(port))
  const user = conninfo.user ?? systemUser()
  const database = conninfo.database ?? user
  const home = env.HOME || homedir() || undefined

  const local = socketFolders.includes(host) ? ['localhost'] : []
  const passfile = conninfo.passfile ?? (home && join(home, '.pgpass'))
  const lookedUp =
    conninfo.password === undefined && passfile !== undefined
      ? await readPassword(passfile, { hosts: [host, ...local], port, database, user })
      : { password: conninfo.password, use: undefined }

  const { password, use } = lookedUp
  const warning = use && passfileWarning(use)
  const address = await findAddress(conninfo, host)
  const ways = await resolveTls(tls, host, home && join(home, '.postgresql'))
  return {
    label: makeLabel({ user, host, port, database }),
    database,
    user,
    host,
    port,
    attempts: ways.map((ssl) => ({ host: address, port, database, user, password, ssl })),
    passfile: use,
    secrets: makeSecrets(conninfo, password, [user, database, host]),
    connectTimeoutMs: conninfo.connectTimeoutMs,
    channelBinding: conninfo.channelBinding,
    directTls: tls.direct && !host.startsWith('/'),
    options: conninfo.options,
    warnings: warning === undefined ? [] : [warning],
  }
}

/** The target with a password that came after all. */
export const withPassword = (target: ConnectionTarget, password: string): ConnectionTarget => {
  const shown = [target.user, target.database, target.host]
  return {
    ...target,
    attempts: target.attempts.map((attempt) => ({ ...attempt, password })),
    passfile: undefined,
    secrets: [...target.secrets, ...spellings([password]).filter((secret) => !shown.includes(secret))],
  }
}

/** Masks passwords: the given secrets wherever they stand, those in URLs, and those written `password=...`. */
export const redactSecrets = (text: string, secrets: readonly string[] = []): string =>
  maskSecrets(text, secrets)
    .replace(/(:\/\/[^\s:@/]*):\S*@/g, '$1:***@')
    .replace(/(password\s*=\s*)('(?:\\.|[^'\\])*'?|(?:\\.|[^\s\\])+)/gis, '$1***')
