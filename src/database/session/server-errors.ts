/** Server and socket errors become RowgraftErrors here, once, keeping SQLSTATE. */
import { RowgraftError } from '../../errors.ts'
import { type ConnectionTarget, redactSecrets } from '../conninfo/conninfo.ts'
import { displayTable } from '../display.ts'
import { maskError } from '../secrets.ts'

/** The fields of the server's ErrorResponse that node-postgres hands over. */
export interface ServerFields {
  readonly severity?: string
  readonly code?: string
  readonly detail?: string
  readonly hint?: string
  readonly where?: string
  readonly schema?: string
  readonly table?: string
  readonly column?: string
  readonly constraint?: string
  /** The function of the server that said it: the same in all languages. */
  readonly routine?: string
}

export const fieldsOf = (error: unknown): ServerFields => (typeof error === 'object' && error !== null ? error : {})
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** The SQLSTATE, where a server said it: what a socket or OpenSSL calls its failures is none. */
export const sqlstateOf = ({ severity, code }: ServerFields): string | undefined =>
  severity === undefined ? undefined : code

/** Class 08, shutdown, crash, dropped database, idle and transaction timeouts: the server has ended the session. */
const ended = /^(08|57P0[1-5]|25P0[34])/

/** What a socket that is no more answers with, whichever way it broke: ECONNRESET, EHOSTUNREACH, ERR_SSL_... */
const brokenSocket = /^(E[A-Z]+|ERR_(SSL|TLS|SOCKET|STREAM)_\w+)$/

/** The driver's words for a connection that is gone, or on which something is said that is no answer. */
const brokenTalk =
  /Connection terminated|connection is closed|encountered a connection error|not queryable|received invalid response|Received unexpected/i

/** The server's own words carry a severity; whatever else comes with a code is the socket's. */
const isLost = (error: unknown): boolean => {
  const { severity, code = '' } = fieldsOf(error)
  if (severity !== undefined) return ended.test(code) || severity === 'FATAL' || severity === 'PANIC'
  return brokenSocket.test(code) || brokenTalk.test(messageOf(error))
}

const noParent =
  'A row refers to what live does not have: leave it out. If live has changed since the plan was made, make it again.'

const samePlace =
  'Two rows want the same place, or a trigger made a second one: leave one of them out, or give it another value with --set or a transform. If live has changed since the plan was made, make it again.'

const hints: Readonly<Record<string, string>> = {
  '22P05':
    'The database cannot spell a character of it: leave the row out, or give another value with --set or a transform.',
  '2200H': 'Give the sequence more room (alter sequence ... maxvalue), or keep the old keys with --keys keep.',
  '23503': noParent,
  '23505': samePlace,
  '23P01': samePlace,
  '53100': 'The server has no disk space left; free some and run the same command again.',
  '53300': 'The server has no connection left; close some and run the same command again.',
  '55P03': 'Another session holds the lock; wait for it, or allow more time with --lock-timeout.',
  '57014': 'Allow more time with --timeout.',
  '40P01': 'Another transaction stood in the way; run the same command again.',
  '40001': 'Another transaction stood in the way; run the same command again.',
}

/** Wraps what a statement failed with, without repeating a secret. Already wrapped errors pass through. */
export const serverError = (
  error: unknown,
  { label }: Pick<ConnectionTarget, 'label'>,
  secrets: readonly string[],
): RowgraftError => {
  if (error instanceof RowgraftError) return error
  const mask = (text: string): string => redactSecrets(text, secrets)
  const masked = (text: string | undefined): string | undefined => (text === undefined ? undefined : mask(text))
  const fields = fieldsOf(error)
  const cause = maskError(error, mask)
  if (isLost(error)) {
    return new RowgraftError('connection-lost', `the connection to ${label} was lost`, {
      detail: mask(messageOf(error)),
      hint: 'Check that the server is up and reachable, then run the same command again.',
      sqlstate: sqlstateOf(fields),
      cause,
    })
  }
  if (fields.code === undefined) throw error
  const object = fields.table === undefined ? undefined : `${fields.schema}.${fields.table}`
  const detail = [
    fields.detail,
    object === undefined ? undefined : `table: ${object}`,
    fields.constraint === undefined ? undefined : `constraint: ${fields.constraint}`,
    fields.where,
  ].filter((line) => line !== undefined && line !== '')
  return new RowgraftError('server-error', mask(messageOf(error)), {
    detail: detail.length === 0 ? undefined : mask(detail.join('\n')),
    hint: hints[fields.code] ?? masked(fields.hint),
    sqlstate: sqlstateOf(fields),
    constraint: masked(fields.constraint),
    table:
      fields.table === undefined
        ? undefined
        : masked(displayTable({ schema: fields.schema ?? '', name: fields.table })),
    context: masked(fields.where),
    routine: fields.routine,
    cause,
  })
}
