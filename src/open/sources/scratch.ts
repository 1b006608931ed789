/**
 * A throw-away server for a backup that is a file.
 *
 * A dump is a program that somebody else wrote: its functions run while it is loaded and read. So scratch has no TCP, its socket is in
 * a folder that only this user can enter, and the role that loads and reads it owns its one database and may do nothing else.
 */
import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import { openSession } from '../../database/session/session.ts'
import { interrupted } from '../../errors.ts'
import { type Cluster, startCluster } from '../cluster/cluster.ts'

/** A running scratch server with one empty database. */
export interface Scratch {
  readonly socketDir: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
  /** The database as a URL, for the powerless role. */
  readonly url: string
  stop(): Promise<void>
}

const user = 'rowgraft_backup'
const database = 'backup'

const settings = {
  // Nobody waits for it to be tidied, and autovacuum would evaluate the dump's index expressions as the superuser's worker.
  autovacuum: 'off',
  maintenance_work_mem: '128MB',
  max_wal_size: '4GB',
}

const prepare = async (cluster: Cluster, password: string, signal: AbortSignal | undefined): Promise<void> => {
  const session = await openSession(cluster.url('postgres'), { signal, env: {} })
  try {
    await session.script(`
      create role ${user} login nosuperuser nocreatedb nocreaterole noreplication nobypassrls password '${password}';
      revoke connect on database postgres, template1 from public`)
    await session.script(`create database ${database} owner ${user} template template0`)
    await session.script(`revoke all on database ${database} from public`)
  } finally {
    await session.close()
  }
}

/** Starts a scratch server. It ends with `stop`, or with this process. */
export const startScratch = async (signal?: AbortSignal): Promise<Scratch> => {
  if (signal?.aborted) throw interrupted()
  const cluster = await startCluster({ tcp: false, settings, signal })
  try {
    const password = randomBytes(18).toString('base64url')
    await prepare(cluster, password, signal)
    const place = `host=${encodeURIComponent(cluster.socketDir)}&port=${cluster.port}`
    return {
      socketDir: cluster.socketDir,
      port: cluster.port,
      user,
      password,
      database,
      url: `postgresql://${user}:${password}@/${database}?${place}`,
      stop: () => cluster.stop(),
    }
  } catch (error) {
    await cluster.stop()
    throw error
  }
}

/** Makes schemas that tables stand in and the dump does not make (pg_dump -t). */
export const makeSchemas = async (scratch: Scratch, names: readonly string[], signal?: AbortSignal): Promise<void> => {
  if (names.length === 0) return
  const session = await openSession(scratch.url, { side: 'backup', signal, env: {} })
  try {
    for (const name of names) await session.execute(sql`create schema ${sql.id(name)}`)
  } finally {
    await session.close()
  }
}

/** Gives the planner its statistics, as the powerless role. */
export const analyzeScratch = async (scratch: Scratch, signal?: AbortSignal): Promise<void> => {
  const session = await openSession(scratch.url, { side: 'backup', signal, env: {} })
  try {
    await session.script('vacuum (analyze)')
  } finally {
    await session.close()
  }
}
