/**
 * The two spellings of a connection string, read as libpq reads them (PostgreSQL manual 34.1.1): a URL, or `key=value` pairs.
 *
 * No error here repeats any part of the text but the names of known parameters: what looks like a host or a database may be the
 * second half of a password that was not escaped.
 */
import { RowgraftError } from '../../errors.ts'
import { isParameter, type Settings } from './conninfo-parameters.ts'

/** A connection string that cannot be used. */
export const badConninfo = (message: string, hint?: string): RowgraftError =>
  new RowgraftError('bad-conninfo', message, { hint })

const escapeHint = 'In a URL write @ : / ? # % in a user or password as %40 %3A %2F %3F %23 %25.'
const quoteHint = "Put a value with blanks in single quotes, and write \\' and \\\\ for a quote and a backslash in it."
const shapeHint = 'Write postgres://user@host/database or "host=... dbname=... user=...".'

const put = (
  settings: Record<string, string>,
  { name, value }: { readonly name: string; readonly value: string },
  place: string,
): void => {
  if (name === 'ssl' && value === 'true') {
    settings.sslmode = 'require'
    return
  }
  if (!isParameter(name)) {
    throw /^[a-z_]{1,40}$/i.test(name)
      ? badConninfo(`unknown connection parameter "${name}"`, 'Leave it out; the names are those of libpq.')
      : badConninfo(`${place} has no proper name`, `${escapeHint} ${quoteHint}`)
  }
  settings[name] = value
}

const decode = (text: string, part: string): string => {
  let decoded: string
  try {
    decoded = decodeURIComponent(text)
  } catch {
    throw badConninfo(`the ${part} of the URL has a bad % escape`, escapeHint)
  }
  if (decoded.includes('\0')) throw badConninfo(`the ${part} of the URL contains %00`)
  return decoded
}

const parseUrl = (text: string): Settings => {
  const rest = text.slice(text.indexOf('://') + 3)
  const credentials = /^([^@/]*)@/.exec(rest)?.[1]
  const address = credentials === undefined ? rest : rest.slice(credentials.length + 1)
  const [authority = ''] = /^[^/?]*/.exec(address) ?? []
  if (authority.includes('@')) throw badConninfo('the URL has more than one @ before its host', escapeHint)
  if (authority.includes(',')) throw severalHosts()
  const parts = /^(\[[^\]]+\]|[^:[\]/?]*)(?::([^/?]*))?(?:\/([^?]*))?(?:\?(.*))?$/s.exec(address)
  if (parts === null) throw badConninfo('the host of the URL is malformed', `${shapeHint} An IPv6 address goes in [ ].`)
  const [, host = '', port = '', database = '', query = ''] = parts
  if (!/^\d*$/.test(port)) throw badConninfo('the port of the URL is not a number', escapeHint)
  if (database.includes('@')) throw badConninfo('the URL has an @ after its first /', escapeHint)

  const settings: Record<string, string> = {}
  const add = (name: string, value: string, part: string): void => {
    if (value !== '') settings[name] = decode(value, part)
  }
  const colon = credentials?.indexOf(':') ?? -1
  add('user', colon === -1 ? (credentials ?? '') : (credentials?.slice(0, colon) ?? ''), 'user')
  add('password', colon === -1 ? '' : (credentials?.slice(colon + 1) ?? ''), 'password')
  add('host', host.replace(/^\[(.*)\]$/, '$1'), 'host')
  add('port', port, 'port')
  add('dbname', database, 'database name')
  for (const pair of query.split('&').filter((part) => part !== '')) {
    const equals = pair.indexOf('=')
    if (equals === -1) throw badConninfo('a query parameter of the URL has no "="', escapeHint)
    const name = decode(pair.slice(0, equals), 'query')
    put(settings, { name, value: decode(pair.slice(equals + 1), 'query') }, 'a query parameter of the URL')
  }
  return settings
}

/** `name = value` or `name = 'value'`; a backslash takes the next character as it is. Blanks are those of C's isspace. */
const pairPattern =
  /[ \t\n\v\f\r]*([^ \t\n\v\f\r=]+)[ \t\n\v\f\r]*=[ \t\n\v\f\r]*(?:'((?:\\.|[^'\\])*)'|(?!')((?:\\.|[^ \t\n\v\f\r\\])*\\?))[ \t\n\v\f\r]*/sy

const parsePairs = (text: string): Settings => {
  const settings: Record<string, string> = {}
  const pattern = new RegExp(pairPattern)
  let count = 0
  let afterPassword = false
  while (pattern.lastIndex < text.length) {
    const start = pattern.lastIndex
    count += 1
    const place = `parameter ${count} of the connection string`
    const match = pattern.exec(text)
    if (match === null) {
      const unterminated = /^[^=]*=[ \t\n\v\f\r]*'/.test(text.slice(start))
      throw badConninfo(unterminated ? `${place} has an open quote` : `${place} has no "="`, quoteHint)
    }
    const [, name = '', quoted, bare = ''] = match
    // An unknown name right after a bare password is most likely the rest of that password.
    if (afterPassword && !isParameter(name)) throw badConninfo(`${place} has no proper name`, quoteHint)
    put(settings, { name, value: (quoted ?? bare).replace(/\\(.?)/gs, '$1') }, place)
    afterPassword = quoted === undefined && /password$/.test(name)
  }
  return settings
}

/** Several hosts in one connection string: which one is live must not be left to chance. */
export const severalHosts = (): RowgraftError =>
  badConninfo('the connection string names several hosts', 'Name the one host that is meant.')

/** The parameters that a connection string gives, without filling anything in. Throws `bad-conninfo`. */
export const parseSettings = (text: string): Settings => {
  const trimmed = text.trim()
  if (trimmed === '') {
    throw badConninfo('the connection string is empty', 'Say which database is meant with --live and --backup.')
  }
  if (/^postgres(ql)?:\/\//i.test(trimmed)) return parseUrl(trimmed)
  const scheme = /^([a-z][a-z0-9+.:-]{0,30}):\/\//i.exec(trimmed)?.[1]
  if (scheme !== undefined) throw badConninfo(`"${scheme}://" is not a PostgreSQL URL`, shapeHint)
  if (!trimmed.includes('=')) throw badConninfo('the connection string is neither a URL nor key=value pairs', shapeHint)
  return parsePairs(text)
}
