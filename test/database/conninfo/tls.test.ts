import { execFile } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ConnectionOptions, PeerCertificate } from 'node:tls'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseConninfo, resolveConninfo } from '../../../src/database/conninfo/conninfo.ts'
import { RowgraftError } from '../../../src/errors.ts'

const run = promisify(execFile)
const hasOpenssl = await run('openssl', ['version']).then(
  () => true,
  () => false,
)

let home: string
let folder: string
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'rowgraft-tls-'))
  folder = join(home, 'certificates')
  await mkdir(folder)
  await writeFile(join(folder, 'root.crt'), '-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n')
  await writeFile(join(folder, 'empty.crt'), 'not PEM')
})
afterAll(() => rm(home, { recursive: true, force: true }))

const resolve = async (parameters: string, env: Record<string, string> = {}) =>
  resolveConninfo(parseConninfo(`dbname=shop ${parameters}`, env), { HOME: home, ...env })

const otherHost = { subject: { CN: 'db2' }, subjectaltname: 'DNS:db2' } as PeerCertificate
const sameHost = { subject: { CN: 'db1' }, subjectaltname: 'DNS:db1' } as PeerCertificate

const describeWay = (ssl: false | ConnectionOptions): string => {
  if (ssl === false) return 'plain'
  const chain = ssl.rejectUnauthorized === true
  const name = ssl.checkServerIdentity?.('db2', otherHost) !== undefined
  return name ? 'chain and name' : chain ? 'chain' : 'encrypted'
}
const ways = async (parameters: string, env: Record<string, string> = {}) =>
  (await resolve(parameters, env)).attempts.map((attempt) => describeWay(attempt.ssl))

const refusal = async (parameters: string): Promise<string> => {
  const error: unknown = await resolve(parameters).catch((reason: unknown) => reason)
  if (error instanceof RowgraftError && error.code === 'bad-conninfo') return error.message
  throw error
}

describe('sslmode', () => {
  test.each([
    ['host=db1', ['encrypted', 'plain']],
    ['host=db1 sslmode=disable', ['plain']],
    ['host=db1 sslmode=allow', ['plain', 'encrypted']],
    ['host=db1 sslmode=prefer', ['encrypted', 'plain']],
    ['host=db1 sslmode=require', ['encrypted']],
    ['host=db1 sslmode=require sslrootcert=ROOT', ['chain']],
    ['host=db1 sslmode=prefer sslrootcert=ROOT', ['chain', 'plain']],
    ['host=db1 sslmode=require sslrootcert=/missing', ['encrypted']],
    ['host=db1 sslmode=verify-ca sslrootcert=ROOT', ['chain']],
    ['host=db1 sslmode=verify-full sslrootcert=ROOT', ['chain and name']],
    ['host=db1 sslrootcert=system', ['chain and name']],
    ['host=/run/pg sslmode=verify-full', ['plain']],
    ['host=/run/pg sslmode=require', ['plain']],
  ])('%s connects %j', async (parameters, expected) => {
    expect(await ways(parameters.replace('ROOT', join(folder, 'root.crt')))).toEqual(expected)
  })

  test('comes from PGSSLMODE where it is not given', async () => {
    expect(await ways('host=db1', { PGSSLMODE: 'require' })).toEqual(['encrypted'])
    expect(await ways('host=db1 sslmode=disable', { PGSSLMODE: 'require' })).toEqual(['plain'])
  })

  test('acts as verify-ca where ~/.postgresql/root.crt exists', async () => {
    await mkdir(join(home, '.postgresql'))
    await writeFile(join(home, '.postgresql', 'root.crt'), await readFile(join(folder, 'root.crt')))
    try {
      expect(await ways('host=db1 sslmode=require')).toEqual(['chain'])
      expect(await ways('host=db1 sslmode=verify-full')).toEqual(['chain and name'])
    } finally {
      await rm(join(home, '.postgresql'), { recursive: true })
    }
  })

  test('verify-full checks the name that was asked for, not the address', async () => {
    const { attempts } = await resolve(
      `host=db1 hostaddr=10.0.0.2 sslmode=verify-full sslrootcert=${join(folder, 'root.crt')}`,
    )
    const ssl = attempts[0]?.ssl
    if (!ssl) throw new Error('expected TLS')
    expect(attempts[0]?.host).toBe('10.0.0.2')
    expect(ssl.servername).toBe('db1')
    expect(ssl.checkServerIdentity?.('10.0.0.2', sameHost)).toBeUndefined()
    expect(ssl.checkServerIdentity?.('10.0.0.2', otherHost)).toBeInstanceOf(Error)
  })

  test.each([
    ['host=db1 sslmode=verify-ca sslrootcert=/missing', 'root certificate file "/missing" does not exist'],
    ['host=db1 sslmode=require sslrootcert=system', 'sslmode "require" is too weak for sslrootcert=system'],
    ['host=db1 sslnegotiation=direct', 'sslmode "prefer" is too weak for sslnegotiation=direct'],
    ['host=db1 ssl_min_protocol_version=SSLv3', '"ssl_min_protocol_version" has an unknown value'],
    ['host=db1 sslkey=pkcs11:key', 'a private key in an OpenSSL engine is not supported'],
    ['host=db1 sslcrl=/missing', 'sslcrl file "/missing" does not exist'],
  ])('%s is refused', async (parameters, message) => {
    expect(await refusal(parameters)).toBe(message)
  })

  test('a root certificate file without a certificate is refused', async () => {
    const path = join(folder, 'empty.crt')
    expect(await refusal(`host=db1 sslmode=require sslrootcert=${path}`)).toBe(
      `root certificate file "${path}" holds no PEM certificate`,
    )
  })

  test('verify-full without any root certificate names the file it looked for', async () => {
    expect(await refusal('host=db1 sslmode=verify-full')).toBe(
      `root certificate file "${join(home, '.postgresql', 'root.crt')}" does not exist`,
    )
  })
})

describe('the host name', () => {
  test.each([
    ['host=localhost sslmode=require', 'localhost', 'localhost'],
    ['host=10.0.0.2 sslmode=require', undefined, '10.0.0.2'],
    ['host=::1 sslmode=require', undefined, '::1'],
  ])('%s is sent as %j', async (parameters, servername, host) => {
    const attempt = (await resolve(parameters)).attempts[0]
    expect({ servername: attempt?.ssl ? attempt.ssl.servername : 'plain', host: attempt?.host }).toEqual({
      servername,
      host,
    })
  })

  test('is not sent with sslsni=0, where the driver sees only the address', async () => {
    const attempt = (await resolve('host=localhost sslmode=require sslsni=0')).attempts[0]
    expect(attempt?.host).toMatch(/^127\.|^::1$/)
    expect(attempt?.ssl ? attempt.ssl.servername : 'plain').toBeUndefined()
  })
})

describe.skipIf(!hasOpenssl)('a client certificate (needs the openssl command)', () => {
  let cert: string
  let key: string
  beforeAll(async () => {
    cert = join(folder, 'client.crt')
    key = join(folder, 'client.key')
    const subject = ['-subj', '/CN=app', '-days', '2', '-out', cert, '-keyout', key]
    await run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...subject])
  })

  test('is sent with its key', async () => {
    await chmod(key, 0o600)
    const ssl = (await resolve(`host=db1 sslmode=require sslcert=${cert} sslkey=${key}`)).attempts[0]?.ssl
    if (!ssl) throw new Error('expected TLS')
    expect([ssl.cert, ssl.key]).toEqual([await readFile(cert), await readFile(key)])
  })

  test('is not used with a key that others can read', async () => {
    await chmod(key, 0o644)
    expect(await refusal(`host=db1 sslmode=require sslcert=${cert} sslkey=${key}`)).toBe(
      `private key file "${key}" has group or world access`,
    )
  })

  test('is refused without its key, or with one that does not fit', async () => {
    expect(await refusal(`host=db1 sslmode=require sslcert=${cert} sslkey=/missing`)).toBe(
      `certificate "${cert}" is there, but not its private key file "/missing"`,
    )
    const bad = join(folder, 'bad.key')
    await writeFile(bad, 'not a key', { mode: 0o600 })
    expect(await refusal(`host=db1 sslmode=require sslcert=${cert} sslkey=${bad}`)).toBe(
      `certificate "${cert}" and private key "${bad}" cannot be used`,
    )
  })

  test('is not sent with sslcertmode=disable', async () => {
    const ssl = (await resolve(`host=db1 sslmode=require sslcert=${cert} sslcertmode=disable`)).attempts[0]?.ssl
    if (!ssl) throw new Error('expected TLS')
    expect(ssl.cert).toBeUndefined()
  })
})
