/**
 * A private PostgreSQL server: for the demo, the tests, and backups that are files.
 *
 * It lives in one temporary folder, listens on the loopback address at a random port (or on a Unix socket alone), asks for a random
 * password, and ends with the process that started it; after a SIGKILL the next start of any cluster sweeps it up.
 *
 * In come settings, out goes the address of a server that runs.
 */
import type { ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'

import { interrupted } from '../../errors.ts'
import { serverAccount } from './account.ts'
import { findBinaries } from './binaries.ts'
import { type ClusterFolder, makeFolder, removeFolder } from './folder.ts'
import { initialise, type Launch, launchServer, superuser } from './launch.ts'
import { onProcessEnd } from './lifetime.ts'
import { stopPostmasterSync } from './processes.ts'
import { sweep } from './sweep.ts'

/** A running private server. */
export interface Cluster {
  /** 127.0.0.1, or the socket folder where the server has no TCP. */
  readonly host: string
  readonly port: number
  readonly socketDir: string
  /** A superuser. */
  readonly user: string
  readonly password: string
  /** As in `18.4`. */
  readonly version: string
  /** The connection URL of one of its databases, password included. */
  url(database: string): string
  /** Ends the server at once, and everything it held. May be called again. */
  stop(): Promise<void>
}

export interface ClusterOptions {
  /** Server parameters beside our own. */
  readonly settings?: Readonly<Record<string, string>>
  /** Keep what is committed through a crash of the machine. Default: no fsync, since nothing outlives us anyway. */
  readonly durable?: boolean
  /** Whether to listen on 127.0.0.1 beside the socket. Default: yes. */
  readonly tcp?: boolean
  /** The folder to make its own in. Default: the one for temporary files. */
  readonly base?: string | undefined
  /** Gives up the start. A server that has started is ended by `stop`. */
  readonly signal?: AbortSignal | undefined
}

const fleeting = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null

/** Ends what runs in the folder, synchronously: initdb with its children, or the server. */
const destroySync = (folder: ClusterFolder, child: ChildProcess | undefined): void => {
  stopPostmasterSync(folder.data)
  if (child?.pid !== undefined && !hasEnded(child)) {
    try {
      process.kill(-child.pid, 'SIGKILL')
    } catch {
      // It ended by itself, and took its process group with it.
    }
  }
  removeFolder(folder)
}

const end = async (child: ChildProcess): Promise<void> => {
  if (hasEnded(child)) return
  child.ref()
  const exited = once(child, 'exit')
  child.kill('SIGQUIT')
  const impatience = setTimeout(() => child.kill('SIGKILL'), 10_000)
  await exited
  clearTimeout(impatience)
}

const makeUrl = (cluster: Omit<Cluster, 'url' | 'stop'>, database: string): string => {
  const start = `postgresql://${cluster.user}:${cluster.password}@`
  const path = `/${encodeURIComponent(database)}`
  return cluster.host === cluster.socketDir
    ? `${start}${path}?host=${encodeURIComponent(cluster.host)}&port=${cluster.port}`
    : `${start}${cluster.host}:${cluster.port}${path}`
}

/**
 * Starts a private server in about a second.
 *
 * @throws RowgraftError `cannot-connect` when there are no programs for this system or the server does not start; `interrupted`
 */
export const startCluster = async (options: ClusterOptions = {}): Promise<Cluster> => {
  if (options.signal?.aborted) throw interrupted()
  sweep(options.base)
  const account = serverAccount()
  const binaries = await findBinaries({ account })
  const folder = makeFolder(account, options.base)
  let child: ChildProcess | undefined
  const destroy = (): void => destroySync(folder, child)
  const callOff = onProcessEnd(destroy)
  const onSpawn = (spawned: ChildProcess): void => {
    child = spawned
  }
  const launch: Launch = { binaries, folder, account, signal: options.signal, onSpawn }
  const password = randomBytes(18).toString('base64url')
  const tcp = options.tcp ?? true
  try {
    await initialise(launch, password)
    const settings = { ...(options.durable ? {} : fleeting), ...options.settings }
    const server = await launchServer(launch, { tcp, settings })
    const stop = async (): Promise<void> => {
      await end(server.child)
      removeFolder(folder)
      callOff()
    }
    let stopped: Promise<void> | undefined
    const coordinates = {
      host: tcp ? '127.0.0.1' : folder.socket,
      port: server.port,
      socketDir: folder.socket,
      user: superuser,
      password,
      version: binaries.version,
    }
    return {
      ...coordinates,
      url: (database) => makeUrl(coordinates, database),
      stop: () => {
        stopped ??= stop()
        return stopped
      },
    }
  } catch (error) {
    destroy()
    callOff()
    throw error
  }
}

/** Runs `work` with a private server that ends with it. */
export const withCluster = async <Result>(
  options: ClusterOptions,
  work: (cluster: Cluster) => Promise<Result>,
): Promise<Result> => {
  const cluster = await startCluster(options)
  try {
    return await work(cluster)
  } finally {
    await cluster.stop()
  }
}
