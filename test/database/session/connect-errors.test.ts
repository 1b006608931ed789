/** What is said of a connection that does not come about, by servers of every kind. */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openSession } from '../../../src/database/session/session.ts'
import { isRowgraftError, type RowgraftError } from '../../../src/errors.ts'
import { executeSql } from '../../../src/index.ts'
import { type Cluster, startCluster } from '../../../src/open/cluster/cluster.ts'

const refusal = async (url: string, env: Record<string, string> = {}): Promise<RowgraftError> => {
  try {
    await (await openSession(url, { env })).close()
  } catch (error) {
    if (isRowgraftError(error)) return error
    throw error
  }
  throw new Error('it connects')
}

let home = ''
let cluster: Cluster
const bare = (database = 'postgres'): string => cluster.url(database).replace(`:${cluster.password}@`, '@')

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'rowgraft-refusals-'))
  cluster = await startCluster()
})
afterAll(async () => {
  await cluster.stop()
  await rm(home, { recursive: true, force: true })
})

describe('a password that is asked for and not given', () => {
  const passfile = (): string => join(home, '.pgpass')
  const said = async (): Promise<string> => {
    const { code, message, detail, hint, sqlstate } = await refusal(bare(), { HOME: home })
    expect({ code, sqlstate }).toEqual({ code: 'authentication-failed', sqlstate: undefined })
    return `${message}\n${detail}\n${hint}`
  }

  test('is called that, where there is no password file', async () => {
    expect(await said()).toContain(`no password supplied for ${cluster.user}@127.0.0.1:${cluster.port}/postgres`)
    expect(await said()).toContain(`There is no password file "${passfile()}".`)
  })

  test('is called that, where no line of the file fits', async () => {
    await writeFile(passfile(), 'elsewhere:*:*:*:secret\n', { mode: 0o600 })
    expect(await said()).toContain(
      `No line of password file "${passfile()}" gives a password for host 127.0.0.1, port ${cluster.port}, database postgres, user ${cluster.user}.`,
    )
    await writeFile(passfile(), '*:*:*:*:\n')
    expect(await said()).toContain('No line of password file')
  })

  test('is called that, where others may read the file', async () => {
    await writeFile(passfile(), `*:*:*:*:${cluster.password}\n`)
    await chmod(passfile(), 0o644)
    expect(await said()).toContain(
      `has mode 0644: others may read it, so it was not used.\nRun: chmod 600 "${passfile()}"`,
    )
    await chmod(passfile(), 0o600)
    await (await openSession(bare(), { env: { HOME: home } })).close()
  })

  test('is told from a wrong one, which says where it came from', async () => {
    await writeFile(passfile(), '*:*:*:*:wrong-one\n')
    const error = await refusal(bare(), { HOME: home })
    expect(error).toMatchObject({
      sqlstate: '28P01',
      message: expect.stringContaining('does not take this user with this password'),
    })
    expect(error.detail).toContain(`The password came from password file "${passfile()}".`)
    expect(JSON.stringify(error)).not.toContain('wrong-one')
  })
})

describe('a server', () => {
  const allow = async (...lines: readonly string[]): Promise<void> => {
    const own = `local all all trust\nhost all ${cluster.user} all scram-sha-256\n`
    const text = `${lines.map((line) => `${line}\n`).join('')}${own}`.replaceAll("'", "''")
    await executeSql(
      cluster.url('postgres'),
      `do $$ begin
         execute format('copy (select unnest(string_to_array(%L, chr(10)))) to %L', '${text}', current_setting('hba_file'));
         perform pg_reload_conf();
       end $$`,
    )
  }

  test('whose pg_hba.conf has no line for somebody says so, and what was tried', async () => {
    const stranger = bare().replace(`${cluster.user}@`, 'stranger@')
    await allow()
    const plain = await refusal(`${stranger}?sslmode=disable`)
    expect(plain.message).toBe(`pg_hba.conf of the server refuses stranger@127.0.0.1:${cluster.port}/postgres`)
    expect(plain.detail).toMatch(/^without encryption: no pg_hba.conf entry .* no encryption$/)
    expect(plain.hint).toContain('or try with encryption: sslmode=require')
    expect(await refusal(stranger)).toMatchObject({
      code: 'authentication-failed',
      sqlstate: '28000',
      message: plain.message,
    })
  })

  test('that knows no such role, no such database, or lets the role not log in, says which', async () => {
    await allow('host all all all trust')
    await executeSql(cluster.url('postgres'), 'create role idle nologin')
    expect((await refusal(bare('nowhere'))).message).toMatch(/^there is no database "nowhere" at 127.0.0.1:/)
    expect((await refusal(bare().replace(`${cluster.user}@`, 'nobody@'))).message).toMatch(
      /^there is no role "nobody" at/,
    )
    expect((await refusal(bare().replace(`${cluster.user}@`, 'idle@'))).message).toMatch(
      /^the role "idle" may not log in/,
    )
  })

  test('that lets a role have no more connections says so', async () => {
    await allow('host all all all trust')
    await executeSql(cluster.url('postgres'), 'create role lonely login connection limit 0')
    expect(await refusal(bare().replace(`${cluster.user}@`, 'lonely@'))).toMatchObject({
      code: 'cannot-connect',
      sqlstate: '53300',
      message: expect.stringContaining('has no connection left for lonely@'),
      detail: 'too many connections for role "lonely"',
    })
  })

  /** A server that answers every beginning with one FATAL. */
  const answering = async (code: string, words: string, work: (url: string) => Promise<void>): Promise<void> => {
    const fields = Buffer.from(`SFATAL\0VFATAL\0C${code}\0M${words}\0\0`)
    const head = Buffer.from('E\0\0\0\0')
    head.writeInt32BE(fields.length + 4, 1)
    const server = net.createServer((socket) => {
      socket.on('error', () => undefined)
      socket.once('data', () => socket.end(Buffer.concat([head, fields])))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    try {
      await work(`postgres://app@127.0.0.1:${typeof address === 'object' ? address?.port : 0}/shop?sslmode=disable`)
    } finally {
      server.close()
    }
  }

  test('that is starting up is waited for, not looked for elsewhere', async () => {
    await answering('57P03', 'the database system is starting up', async (url) => {
      const error = await refusal(url)
      expect(error).toMatchObject({ code: 'cannot-connect', sqlstate: '57P03' })
      expect(error.message).toContain('is not taking connections yet')
      expect(error.detail).toBe('the database system is starting up')
      expect(error.hint).toBe('Wait until it is up, then run the same command again.')
    })
  })

  test('that is not there gives no SQLSTATE', async () => {
    const error = await refusal('postgres://app@127.0.0.1:1/shop')
    expect({ sqlstate: error.sqlstate, code: error.code }).toEqual({ sqlstate: undefined, code: 'cannot-connect' })
    expect(error.hint).toContain('Check host and port (127.0.0.1:1)')
  })
})
