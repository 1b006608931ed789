import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { type Cluster, type ClusterOptions, startCluster, withCluster } from '../../../src/open/cluster/cluster.ts'
import { postmasterOf } from '../../../src/open/cluster/processes.ts'
import { query } from '../../support/queries.ts'

const clusterModule = join(import.meta.dirname, '../../../src/open/cluster/cluster.ts')

const folderOf = (cluster: Pick<Cluster, 'socketDir'>): string => dirname(cluster.socketDir)

const serverOf = (cluster: Pick<Cluster, 'socketDir'>): number | undefined =>
  postmasterOf(join(folderOf(cluster), 'data'))

interface Owner {
  readonly process: ChildProcess
  readonly cluster: Pick<Cluster, 'socketDir'>
}

/** Another process that starts a cluster and then runs `then`. */
const startOwner = async (then: string): Promise<Owner> => {
  const program = `
    import { startCluster } from ${JSON.stringify(clusterModule)}
    const cluster = await startCluster()
    process.stdout.write(JSON.stringify(cluster) + '\\n')
    ${then}
  `
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program])
  let complaints = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints += text
  })
  const failure = once(child, 'exit').then(() => Promise.reject(new Error(complaints)))
  // Once the cluster runs, the end of its owner is what the tests wait for.
  failure.catch(() => {})
  const [line] = await Promise.race([once(child.stdout.setEncoding('utf8'), 'data'), failure])
  return { process: child, cluster: JSON.parse(line) }
}

const waitForInput = 'process.stdin.resume()'

describe('a running cluster', () => {
  let cluster: Cluster
  beforeAll(async () => {
    cluster = await startCluster()
  })
  afterAll(() => cluster.stop())

  test('answers on the loopback address, with UTF-8 and a builtin order', async () => {
    expect(cluster.host).toBe('127.0.0.1')
    const sql = `
      select current_setting('server_version') as version, pg_encoding_to_char(encoding) as encoding, datlocale as locale,
        current_setting('listen_addresses') as addresses, current_setting('fsync') as fsync
      from pg_database
      where datname = current_database()`
    expect(await query(cluster.url('postgres'), sql)).toEqual([
      { version: cluster.version, encoding: 'UTF8', locale: 'C.UTF-8', addresses: '127.0.0.1', fsync: 'off' },
    ])
  })

  test('asks for its password', async () => {
    const url = cluster.url('postgres').replace(cluster.password, 'wrong')
    await expect(query(url, 'select 1')).rejects.toMatchObject({ code: '28P01' })
  })

  test('keeps its data and its socket from other accounts', () => {
    const modes = ['data', 'socket'].map((name) => statSync(join(folderOf(cluster), name)).mode & 0o777)
    expect(modes).toEqual([0o700, 0o700])
    expect(existsSync(join(folderOf(cluster), 'password'))).toBe(false)
  })

  test('runs beside another one', async () => {
    await withCluster({}, async (other) => {
      const ports = await Promise.all(
        [cluster, other].map(({ url }) => query(url('postgres'), `select current_setting('port') as port`)),
      )
      expect(ports).toEqual([[{ port: String(cluster.port) }], [{ port: String(other.port) }]])
      expect(other.port).not.toBe(cluster.port)
    })
  })
})

describe('a private cluster', () => {
  test('without TCP answers on its socket alone, durable and with settings as asked', async () => {
    const options: ClusterOptions = { tcp: false, durable: true, settings: { work_mem: '5MB' } }
    await withCluster(options, async (cluster) => {
      expect(cluster.host).toBe(cluster.socketDir)
      const sql = `
        select current_setting('listen_addresses') as addresses, current_setting('fsync') as fsync,
          current_setting('work_mem') as work_mem`
      expect(await query(cluster.url('postgres'), sql)).toEqual([{ addresses: '', fsync: 'on', work_mem: '5MB' }])
    })
  })

  test('leaves no process and no folder when it stops', async () => {
    const cluster = await startCluster()
    expect(serverOf(cluster)).toBeGreaterThan(1)
    await cluster.stop()
    await cluster.stop()
    expect(existsSync(folderOf(cluster))).toBe(false)
    await expect(query(cluster.url('postgres'), 'select 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  test('says what the server said when it does not start', async () => {
    await expect(startCluster({ settings: { shared_buffers: 'lots' } })).rejects.toMatchObject({
      code: 'cannot-connect',
      detail: expect.stringContaining('invalid value for parameter "shared_buffers": "lots"'),
    })
  })

  test('is given up when the signal is aborted', async () => {
    const controller = new AbortController()
    const starting = startCluster({ signal: controller.signal })
    setImmediate(() => controller.abort())
    await expect(starting).rejects.toMatchObject({ code: 'interrupted' })
  })
})

describe('the end of the process that owns a cluster', () => {
  test.each([
    ['its last line', ''],
    ['process.exit', 'process.exit(3)'],
    ['an uncaught exception', `throw new Error('a bug')`],
  ])('%s stops the cluster', async (_, then) => {
    const owner = await startOwner(then)
    await once(owner.process, 'exit')
    expect(existsSync(folderOf(owner.cluster))).toBe(false)
  })

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    '%s stops the cluster and still ends the process',
    async (name) => {
      const owner = await startOwner(waitForInput)
      owner.process.kill(name)
      expect(await once(owner.process, 'exit')).toEqual([null, name])
      expect(existsSync(folderOf(owner.cluster))).toBe(false)
    },
  )

  test('a program that handles SIGINT decides alone', async () => {
    const owner = await startOwner(`
      ${waitForInput}
      process.once('SIGINT', () => {
        process.stdout.write('still here')
        process.stdin.once('data', () => process.exit(130))
      })
    `)
    owner.process.kill('SIGINT')
    await once(owner.process.stdout ?? owner.process, 'data')
    expect(serverOf(owner.cluster)).toBeGreaterThan(1)
    owner.process.stdin?.write('go on')
    expect(await once(owner.process, 'exit')).toEqual([130, null])
    expect(existsSync(folderOf(owner.cluster))).toBe(false)
  })

  test('SIGKILL leaves a server that the next start sweeps up', async () => {
    const owner = await startOwner(waitForInput)
    owner.process.kill('SIGKILL')
    await once(owner.process, 'exit')
    expect(serverOf(owner.cluster)).toBeGreaterThan(1)
    await withCluster({}, async () => {
      expect(serverOf(owner.cluster)).toBeUndefined()
      expect(existsSync(folderOf(owner.cluster))).toBe(false)
    })
  })
})
