/**
 * sslmode and its companions with libpq's meaning (PostgreSQL manual 34.19), as options of node:tls.
 *
 * A root certificate file that exists turns every encrypting mode into verify-ca at least. The name is checked against the host
 * that was asked for, not against the address it was reached by.
 */
import { readFile, stat } from 'node:fs/promises'
import { isIP } from 'node:net'
import { join } from 'node:path'
import {
  type ConnectionOptions,
  checkServerIdentity,
  createSecureContext,
  getCACertificates,
  type SecureVersion,
} from 'node:tls'
import type { Settings } from './conninfo-parameters.ts'
import { badConninfo } from './conninfo-syntax.ts'

const modes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const
const versions = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const

/** libpq's sslmode. */
export type SslMode = (typeof modes)[number]

/** What was asked for about encryption; no file has been read yet. */
export interface TlsSettings {
  readonly mode: SslMode
  readonly direct: boolean
  readonly rootcert: string | undefined
  readonly cert: string | undefined
  readonly key: string | undefined
  readonly passphrase: string | undefined
  readonly crl: string | undefined
  readonly sendsCertificate: boolean
  readonly sendsHostName: boolean
  readonly minVersion: SecureVersion
  readonly maxVersion: SecureVersion | undefined
}

/** The one of the allowed values that was given, else the default. Throws `bad-conninfo` naming the allowed ones. */
export const parseChoice = <T extends string>(
  settings: Settings,
  name: string,
  { allowed, fallback }: { readonly allowed: readonly T[]; readonly fallback: NoInfer<T> },
): T => {
  const given = settings[name]
  if (given === undefined) return fallback
  const found = allowed.find((value) => value === given)
  if (found === undefined) throw badConninfo(`"${name}" has an unknown value`, `Use one of: ${allowed.join(', ')}.`)
  return found
}

const version = (settings: Settings, name: string): SecureVersion | undefined =>
  settings[name] === undefined || settings[name] === ''
    ? undefined
    : parseChoice(settings, name, { allowed: versions, fallback: 'TLSv1.2' })

/** Reads the ssl* parameters. Throws `bad-conninfo` for an unknown value, or for two that contradict each other. */
export const parseTls = (settings: Settings): TlsSettings => {
  const system = settings.sslrootcert === 'system'
  const mode = parseChoice(settings, 'sslmode', { allowed: modes, fallback: system ? 'verify-full' : 'prefer' })
  if (system && mode !== 'verify-full') {
    throw badConninfo(`sslmode "${mode}" is too weak for sslrootcert=system`, 'Use sslmode=verify-full.')
  }
  const direct =
    parseChoice(settings, 'sslnegotiation', { allowed: ['postgres', 'direct'], fallback: 'postgres' }) === 'direct'
  if (direct && modes.indexOf(mode) < modes.indexOf('require')) {
    throw badConninfo(`sslmode "${mode}" is too weak for sslnegotiation=direct`, 'Use sslmode=require or stronger.')
  }
  if (settings.sslkey?.includes(':')) {
    throw badConninfo('a private key in an OpenSSL engine is not supported', 'Give sslkey the name of a file.')
  }
  return {
    mode,
    direct,
    rootcert: settings.sslrootcert || undefined,
    cert: settings.sslcert || undefined,
    key: settings.sslkey || undefined,
    passphrase: settings.sslpassword || undefined,
    crl: settings.sslcrl || undefined,
    sendsCertificate:
      parseChoice(settings, 'sslcertmode', { allowed: ['disable', 'allow'], fallback: 'allow' }) === 'allow',
    sendsHostName: parseChoice(settings, 'sslsni', { allowed: ['0', '1'], fallback: '1' }) === '1',
    minVersion: version(settings, 'ssl_min_protocol_version') ?? 'TLSv1.2',
    maxVersion: version(settings, 'ssl_max_protocol_version'),
  }
}

/** The file's bytes, or undefined if there is no such file. */
const readIfThere = async (path: string | undefined, what: string): Promise<Buffer | undefined> => {
  if (path === undefined) return undefined
  try {
    return await readFile(path)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw badConninfo(`${what} file "${path}" cannot be read (${String(code)})`)
  }
}

const readRootCertificates = async (tls: TlsSettings, folder: string | undefined): Promise<string[] | undefined> => {
  if (tls.rootcert === 'system') {
    const system = getCACertificates('system')
    return system.length > 0 ? system : getCACertificates('default')
  }
  const path = tls.rootcert ?? (folder && join(folder, 'root.crt'))
  const pem = (await readIfThere(path, 'root certificate'))?.toString('latin1')
  if (pem === undefined) {
    if (!tls.mode.startsWith('verify')) return undefined
    throw badConninfo(
      `root certificate file ${path === undefined ? 'root.crt' : `"${path}"`} does not exist`,
      `Give the file with sslrootcert, use sslrootcert=system, or do without sslmode=${tls.mode}.`,
    )
  }
  if (!pem.includes('-----BEGIN')) throw badConninfo(`root certificate file "${path}" holds no PEM certificate`)
  return [pem]
}

const refuseOpenKey = async (path: string): Promise<void> => {
  const facts = await stat(path)
  if (!facts.isFile()) throw badConninfo(`private key file "${path}" is not a plain file`)
  if (process.platform === 'win32') return
  // A key that root owns may be readable by a group: that is how distributions hand host keys out.
  const forbidden = facts.uid === 0 ? 0o037 : 0o077
  if ((facts.mode & forbidden) !== 0) {
    throw badConninfo(`private key file "${path}" has group or world access`, `Run: chmod 600 "${path}"`)
  }
}

const readClientCertificate = async (
  tls: TlsSettings,
  folder: string | undefined,
): Promise<Pick<ConnectionOptions, 'cert' | 'key' | 'passphrase'>> => {
  if (!tls.sendsCertificate) return {}
  const certPath = tls.cert ?? (folder && join(folder, 'postgresql.crt'))
  const cert = await readIfThere(certPath, 'certificate')
  if (cert === undefined) return {}
  const keyPath = tls.key ?? (folder && join(folder, 'postgresql.key'))
  const key = await readIfThere(keyPath, 'private key')
  if (key === undefined || keyPath === undefined) {
    throw badConninfo(`certificate "${certPath}" is there, but not its private key file "${keyPath}"`, 'Give sslkey.')
  }
  await refuseOpenKey(keyPath)
  const pair = tls.passphrase === undefined ? { cert, key } : { cert, key, passphrase: tls.passphrase }
  try {
    createSecureContext(pair)
  } catch (error) {
    throw badConninfo(
      `certificate "${certPath}" and private key "${keyPath}" cannot be used`,
      `OpenSSL says: ${error instanceof Error ? error.message : String(error)}. Check the files and sslpassword.`,
    )
  }
  return pair
}

/**
 * The ways to try, in order: `false` is a plain connection. `folder` is where psql looks for certificates (~/.postgresql).
 * Throws `bad-conninfo` for files that are missing, unreadable or open to others.
 */
export const resolveTls = async (
  tls: TlsSettings,
  host: string,
  folder: string | undefined,
): Promise<readonly (false | ConnectionOptions)[]> => {
  if (tls.mode === 'disable' || host.startsWith('/')) return [false]
  const ca = await readRootCertificates(tls, folder)
  const crl = await readIfThere(tls.crl ?? (folder && join(folder, 'root.crl')), 'certificate revocation list')
  if (tls.crl !== undefined && crl === undefined) throw badConninfo(`sslcrl file "${tls.crl}" does not exist`)
  const encrypted: ConnectionOptions = {
    ...(await readClientCertificate(tls, folder)),
    ...(ca === undefined ? {} : { ca }),
    ...(ca === undefined || crl === undefined ? {} : { crl }),
    ...(tls.sendsHostName && isIP(host) === 0 ? { servername: host } : {}),
    ...(tls.maxVersion === undefined ? {} : { maxVersion: tls.maxVersion }),
    minVersion: tls.minVersion,
    rejectUnauthorized: ca !== undefined,
    checkServerIdentity: (_name, certificate) =>
      tls.mode === 'verify-full' ? checkServerIdentity(host, certificate) : undefined,
  }
  if (tls.mode === 'prefer') return [encrypted, false]
  if (tls.mode === 'allow') return [false, encrypted]
  return [encrypted]
}
