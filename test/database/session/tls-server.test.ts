import { execFile } from 'node:child_process'
import { chown, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openSession } from '../../../src/database/session/session.ts'
import { RowgraftError } from '../../../src/errors.ts'
import { serverAccount } from '../../../src/open/cluster/account.ts'
import { type Cluster, startCluster } from '../../../src/open/cluster/cluster.ts'

const run = promisify(execFile)
const hasOpenssl = await run('openssl', ['version']).then(
  () => true,
  () => false,
)

describe.skipIf(!hasOpenssl)('a server with TLS (needs the openssl command)', () => {
  let folder: string
  let cluster: Cluster
  const makeCertificate = async (name: string): Promise<void> => {
    const files = ['-out', join(folder, `${name}.crt`), '-keyout', join(folder, `${name}.key`)]
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-days', '2']
    await run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...subject, ...files])
  }

  beforeAll(async () => {
    // Not the folder of TMPDIR: the server's own account must reach the files.
    folder = await mkdtemp('/tmp/rowgraft-tls-server-')
    await makeCertificate('server')
    await makeCertificate('other')
    const account = serverAccount()
    if (account !== undefined) {
      for (const path of [folder, join(folder, 'server.crt'), join(folder, 'server.key')]) {
        await chown(path, account.uid, account.gid)
      }
    }
    const settings = {
      ssl: 'on',
      ssl_cert_file: join(folder, 'server.crt'),
      ssl_key_file: join(folder, 'server.key'),
    }
    cluster = await startCluster({ settings })
  })
  afterAll(async () => {
    await cluster.stop()
    await rm(folder, { recursive: true, force: true })
  })

  const connect = async (host: string, parameters: string): Promise<string> => {
    const query = parameters.replace('ROOT', join(folder, 'server.crt')).replace('OTHER', join(folder, 'other.crt'))
    const url = `${cluster.url('postgres').replace('127.0.0.1', host)}?${query}`
    try {
      const session = await openSession(url, { env: { HOME: folder } })
      const answer = await session.execute(sql`select ssl from pg_catalog.pg_stat_ssl where pid = pg_backend_pid()`)
      await session.close()
      return answer.rows[0]?.[0] === 't' ? 'encrypted' : 'plain'
    } catch (error) {
      if (error instanceof RowgraftError) return error.code
      throw error
    }
  }

  test.each([
    ['localhost', 'sslmode=verify-ca&sslrootcert=OTHER', 'was not issued by an authority that is trusted here'],
    ['127.0.0.1', 'sslmode=verify-full&sslrootcert=ROOT', 'is for another host name'],
  ])('reached as %s with %j is told which check its certificate fails', async (host, parameters, says) => {
    const query = parameters.replace('ROOT', join(folder, 'server.crt')).replace('OTHER', join(folder, 'other.crt'))
    const opened = openSession(`${cluster.url('postgres').replace('127.0.0.1', host)}?${query}`, { env: {} })
    await expect(opened).rejects.toMatchObject({
      message: `the certificate of ${host}:${cluster.port} ${says}`,
      sqlstate: undefined,
    })
  })

  test.each([
    ['127.0.0.1', '', 'encrypted'],
    ['127.0.0.1', 'sslmode=disable', 'plain'],
    ['127.0.0.1', 'sslmode=allow', 'plain'],
    ['127.0.0.1', 'sslmode=prefer', 'encrypted'],
    ['127.0.0.1', 'sslmode=require', 'encrypted'],
    ['localhost', 'sslmode=require&sslsni=0', 'encrypted'],
    ['127.0.0.1', 'sslmode=require&sslrootcert=ROOT', 'encrypted'],
    ['127.0.0.1', 'sslmode=require&sslrootcert=OTHER', 'cannot-connect'],
    ['127.0.0.1', 'sslmode=verify-ca&sslrootcert=ROOT', 'encrypted'],
    ['127.0.0.1', 'sslmode=verify-ca&sslrootcert=OTHER', 'cannot-connect'],
    ['localhost', 'sslmode=verify-full&sslrootcert=ROOT', 'encrypted'],
    ['127.0.0.1', 'sslmode=verify-full&sslrootcert=ROOT', 'cannot-connect'],
    ['localhost', 'hostaddr=127.0.0.1&sslmode=verify-full&sslrootcert=ROOT', 'encrypted'],
    ['localhost', 'sslrootcert=system', 'cannot-connect'],
  ])('reached as %s with %j is %s', async (host, parameters, expected) => {
    expect(await connect(host, parameters)).toBe(expected)
  })
})
