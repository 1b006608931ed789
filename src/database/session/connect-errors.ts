/** Why a connection did not come about: each kind of refusal in its own words, with what helps against it. Never with a password in it. */
import { isIP } from 'node:net'
import { type ErrorFields, RowgraftError } from '../../errors.ts'
import { type ConnectionAttempt, type ConnectionTarget, redactSecrets } from '../conninfo/conninfo.ts'
import type { PassfileUse } from '../conninfo/pgpass.ts'
import { fieldsOf, messageOf, sqlstateOf } from './server-errors.ts'

/** One attempt, and what it failed with. */
export interface FailedAttempt {
  readonly attempt: ConnectionAttempt
  readonly error: unknown
}

const placeOf = ({ host, port }: ConnectionTarget): string =>
  host.startsWith('/') ? `the socket in ${host}, port ${port}` : `${isIP(host) === 6 ? `[${host}]` : host}:${port}`

const passfileReason = (use: PassfileUse, { host, port, database, user }: ConnectionTarget): string => {
  const name = `password file "${use.path}"`
  switch (use.kind) {
    case 'used':
      return `The password came from ${name}.`
    case 'absent':
      return `There is no ${name}.`
    case 'no line':
      return `No line of ${name} gives a password for host ${host}, port ${port}, database ${database}, user ${user}.`
    case 'not a file':
      return `${name[0]?.toUpperCase()}${name.slice(1)} is not a plain file; it was not used.`
    case 'open to others':
      return `${name[0]?.toUpperCase()}${name.slice(1)} has mode ${use.mode}: others may read it, so it was not used.`
    case 'unreadable':
      return `${name[0]?.toUpperCase()}${name.slice(1)} cannot be read (${use.code}).`
  }
}

const passwordHint = ({ passfile }: ConnectionTarget): string => {
  if (passfile?.kind === 'open to others') return `Run: chmod 600 "${passfile.path}"`
  const line = 'host:port:database:user:password'
  return passfile?.kind === 'no line'
    ? `Add a line ${line} to "${passfile.path}", or set PGPASSWORD.`
    : `Set PGPASSWORD, or write a line ${line} into ~/.pgpass (mode 0600).`
}

/** The server asks for a password, and none was given. */
export const noPassword = (target: ConnectionTarget): RowgraftError =>
  new RowgraftError('authentication-failed', `no password supplied for ${target.label}`, {
    detail: [
      'The server asks for a password; neither the address nor PGPASSWORD has one.',
      ...(target.passfile === undefined ? [] : [passfileReason(target.passfile, target)]),
    ].join('\n'),
    hint: passwordHint(target),
    asksFor: 'password',
  })

/** How OpenSSL and Node call what a certificate fails. */
const certificateChecks: readonly (readonly [codes: RegExp, says: string, hint: string])[] = [
  [
    /^(ERR_TLS_CERT_ALTNAME_\w+|HOSTNAME_MISMATCH)$/,
    'is for another host name',
    'Connect by a name that the certificate has, or check only who issued it with sslmode=verify-ca.',
  ],
  [/^CERT_HAS_EXPIRED$/, 'has expired', "Renew it, or correct this machine's clock."],
  [/^CERT_NOT_YET_VALID$/, 'is not valid yet', "Correct this machine's clock, or the server's certificate."],
  [/^CERT_REVOKED$/, 'has been revoked', 'Give the server another one, or check the list that sslcrl names.'],
  [
    /CRL/,
    'cannot be checked against the revocation list',
    'Give sslcrl a list of the same issuer that has not expired.',
  ],
  [
    /^(SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_(GET_ISSUER|VERIFY_LEAF)|CERT_(UNTRUSTED|REJECTED|CHAIN)|INVALID_CA|PATH_LENGTH|INVALID_PURPOSE)/,
    'was not issued by an authority that is trusted here',
    "Name the issuer's certificate with sslrootcert, or use sslrootcert=system where a public authority issued it.",
  ],
  [/^(CERT_SIGNATURE_FAILURE|UNABLE_TO_DECRYPT_CERT)/, 'has a wrong signature', 'Check who answers at this address.'],
]

/** Words for one kind of failure. */
interface Refusal extends Pick<ErrorFields, 'hint'> {
  readonly code?: 'cannot-connect' | 'authentication-failed'
  readonly message: string
}

const certificateRefusal = (error: unknown, target: ConnectionTarget): Refusal | undefined => {
  const { code = '', severity } = fieldsOf(error)
  const check = severity === undefined ? certificateChecks.find(([codes]) => codes.test(code)) : undefined
  if (check === undefined) return undefined
  return { message: `the certificate of ${placeOf(target)} ${check[1]}`, hint: check[2] }
}

const encryptionRefusal = (error: unknown, target: ConnectionTarget): Refusal | undefined => {
  const { code = '', severity } = fieldsOf(error)
  if (severity !== undefined) return undefined
  if (/does not support SSL/i.test(messageOf(error))) {
    return {
      message: `the server at ${placeOf(target)} does not support encryption`,
      hint: 'Turn ssl on at the server, or do without it with sslmode=prefer.',
    }
  }
  if (/^ERR_SSL_.*ALERT_.*(CERTIFICATE|UNKNOWN_CA)/.test(code)) {
    return {
      code: 'authentication-failed',
      message: `the server at ${placeOf(target)} does not take our certificate`,
      hint: 'Give sslcert and sslkey a certificate of the authority that the server trusts (ssl_ca_file).',
    }
  }
  return undefined
}

const asksForCertificate = /valid client certificate/

/** pg_hba.conf has no line for us, or one that rejects: told by the server's function, or where a pooler hides it by its words. */
export const isRefusedByHba = (error: unknown): boolean => {
  const { code, routine, severity } = fieldsOf(error)
  const words = messageOf(error)
  if (severity === undefined || code !== '28000' || asksForCertificate.test(words)) return false
  return routine === 'ClientAuthentication' || words.includes('pg_hba')
}

const hbaHint = (failures: readonly FailedAttempt[], target: ConnectionTarget): string => {
  const add = 'Add a line for this user, database and address to pg_hba.conf and reload the server'
  const triedEncrypted = failures.some(({ attempt }) => attempt.ssl !== false)
  const triedPlain = failures.some(({ attempt }) => attempt.ssl === false)
  if (target.host.startsWith('/') || (triedEncrypted && triedPlain)) return `${add}.`
  return triedEncrypted
    ? `${add}, or try without encryption: sslmode=disable.`
    : `${add}, or try with encryption: sslmode=require.`
}

const roleRefusal = (error: unknown, target: ConnectionTarget): Refusal => {
  const [code, words, place] = ['authentication-failed' as const, messageOf(error), placeOf(target)]
  if (/^role .* does not exist$/.test(words)) {
    return {
      code,
      message: `there is no role "${target.user}" at ${place}`,
      hint: 'Check the user: name another one with user=, or let the server make it (create role ... login).',
    }
  }
  if (/^role .* is not permitted to log in$/.test(words)) {
    return { code, message: `the role "${target.user}" may not log in at ${place}`, hint: 'Run: alter role ... login' }
  }
  if (asksForCertificate.test(words)) {
    const hint = 'Give sslcert and sslkey a certificate of the authority that the server trusts.'
    return { code, message: `the server at ${place} asks for a client certificate`, hint }
  }
  return {
    code,
    message: `the server at ${place} does not let "${target.user}" in`,
    hint: 'Check the user, and what pg_hba.conf asks of it.',
  }
}

const serverRefusal = (error: unknown, target: ConnectionTarget): Refusal | undefined => {
  const place = placeOf(target)
  switch (sqlstateOf(fieldsOf(error))) {
    case '3D000':
      return {
        code: 'authentication-failed',
        message: `there is no database "${target.database}" at ${place}`,
        hint: `There is no database "${target.database}" on that server: check the name.`,
      }
    case '28P01':
      return {
        code: 'authentication-failed',
        message: `cannot connect to ${target.label}: the server does not take this user with this password`,
        hint: 'Check the user and the password (URL, PGPASSWORD or ~/.pgpass).',
      }
    case '28000':
      return roleRefusal(error, target)
    case '42501':
      return {
        code: 'authentication-failed',
        message: `"${target.user}" may not connect to the database "${target.database}" at ${place}`,
        hint: 'Let the owner of the database run: grant connect on database ... to ...',
      }
    case '53300':
      return {
        message: `the server at ${place} has no connection left for ${target.label}`,
        hint: 'Close some, or raise the limit that is told; then run the same command again.',
      }
    case '57P03':
      return {
        message: `the server at ${place} is not taking connections yet, or no longer`,
        hint: 'Wait until it is up, then run the same command again.',
      }
    default:
      return undefined
  }
}

const networkRefusal = (target: ConnectionTarget): Refusal => ({
  message: `cannot connect to ${target.label}`,
  hint: `Check host and port (${target.host}:${target.port}) and that the server accepts connections from here.`,
})

/** What the server itself said about the connection is a refusal by it; nothing is known about host and port then. */
const otherRefusal = (error: unknown, target: ConnectionTarget): Refusal =>
  fieldsOf(error).severity === undefined
    ? networkRefusal(target)
    : {
        message: `cannot connect to ${target.label}`,
        hint: 'The server says why it refuses: see to that at the server.',
      }

const hbaRefusal = (failures: readonly FailedAttempt[], target: ConnectionTarget): RowgraftError => {
  const refused = failures.filter(({ error }) => isRefusedByHba(error))
  const detail = refused.map(
    ({ attempt, error }) => `${attempt.ssl === false ? 'without' : 'with'} encryption: ${messageOf(error)}`,
  )
  return new RowgraftError('authentication-failed', `pg_hba.conf of the server refuses ${target.label}`, {
    detail: redactSecrets(detail.join('\n'), target.secrets),
    hint: hbaHint(failures, target),
    sqlstate: '28000',
  })
}

const reasonOf = (error: unknown): string =>
  error instanceof AggregateError ? error.errors.map(messageOf).join('; ') : messageOf(error)

/** Wraps what connecting failed with: `told` is the attempt that says most, `failures` are all of them. */
export const connectError = (
  error: unknown,
  target: ConnectionTarget,
  failures: readonly FailedAttempt[] = [],
): RowgraftError => {
  if (error instanceof RowgraftError) return error
  if (failures.length > 0 && isRefusedByHba(error)) return hbaRefusal(failures, target)
  const refusal =
    certificateRefusal(error, target) ??
    encryptionRefusal(error, target) ??
    serverRefusal(error, target) ??
    otherRefusal(error, target)
  const sqlstate = sqlstateOf(fieldsOf(error))
  const usedFile =
    sqlstate === '28P01' && target.passfile !== undefined ? [passfileReason(target.passfile, target)] : []
  return new RowgraftError(refusal.code ?? 'cannot-connect', refusal.message, {
    detail: redactSecrets([reasonOf(error), ...usedFile].join('\n'), target.secrets),
    hint: refusal.hint,
    sqlstate,
  })
}
