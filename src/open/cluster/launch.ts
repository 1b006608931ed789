import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, closeSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

import { interrupted, RowgraftError } from '../../errors.ts'
import type { Account } from './account.ts'
import type { Binaries } from './binaries.ts'
import type { ClusterFolder } from './folder.ts'

/** The superuser of every private cluster. */
export const superuser = 'postgres'

/** What every step of a launch needs to know. */
export interface Launch {
  readonly binaries: Binaries
  readonly folder: ClusterFolder
  readonly account: Account | undefined
  readonly signal: AbortSignal | undefined
  /** Told of every process that is started, so that somebody can end it if we cannot. */
  readonly onSpawn: (child: ChildProcess) => void
}

const logTail = (folder: ClusterFolder): string => {
  try {
    return readFileSync(folder.log, 'utf8').trim().split('\n').slice(-15).join('\n')
  } catch {
    return ''
  }
}

/** Starts a program in a session of its own: Ctrl-C in the terminal is for us to handle, the server must not see it. */
const spawnDetached = (launch: Launch, program: string, args: readonly string[]): ChildProcess => {
  const log = openSync(launch.folder.log, 'a', 0o600)
  // No PG* variable of ours may reach the server, and initdb finds the time zone fastest when it is told.
  const env = { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }
  const options: SpawnOptions = { cwd: launch.folder.path, detached: true, env, stdio: ['ignore', log, log] }
  const child = spawn(program, args, { ...options, ...launch.account })
  closeSync(log)
  child.unref()
  launch.onSpawn(child)
  return child
}

const failed = (launch: Launch, program: string, cause?: unknown): RowgraftError =>
  new RowgraftError('cannot-connect', `the private PostgreSQL server did not start: "${program}" failed`, {
    detail: logTail(launch.folder) || (cause instanceof Error ? cause.message : undefined),
    hint: `See that there are some 100 MB free where "${launch.folder.path}" was, or set TMPDIR to another folder.`,
    cause,
  })

/** Creates the data folder: UTF-8, builtin C.UTF-8 order, password needed from everybody. */
export const initialise = async (launch: Launch, password: string): Promise<void> => {
  const { folder, account } = launch
  const passwordFile = join(folder.path, 'password')
  writeFileSync(passwordFile, password, { mode: 0o600 })
  if (account !== undefined) chownSync(passwordFile, account.uid, account.gid)
  const child = spawnDetached(launch, launch.binaries.initdb, [
    `--pgdata=${folder.data}`,
    `--username=${superuser}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--no-sync',
    '--no-instructions',
  ])
  const code = await exitOf(launch, child, 'initdb')
  if (code !== 0) throw failed(launch, 'initdb')
  rmSync(passwordFile)
}

const exitOf = async (launch: Launch, child: ChildProcess, program: string): Promise<unknown> => {
  child.ref()
  try {
    const [code] = await once(child, 'exit', launch.signal ? { signal: launch.signal } : {})
    return code
  } catch (error) {
    throw launch.signal?.aborted ? interrupted() : failed(launch, program, error)
  }
}

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** The eighth line of postmaster.pid is the server's state (pg_ctl waits for it the same way). */
const isReady = (folder: ClusterFolder): boolean => {
  try {
    return readFileSync(join(folder.data, 'postmaster.pid'), 'utf8').split('\n')[7]?.trim() === 'ready'
  } catch {
    return false
  }
}

/** A server that accepts connections. */
export interface LaunchedServer {
  readonly child: ChildProcess
  readonly port: number
}

/** Starts the server over an initialised data folder and waits until it accepts connections. */
export const launchServer = async (
  launch: Launch,
  options: { readonly tcp: boolean; readonly settings: Readonly<Record<string, string>> },
): Promise<LaunchedServer> => {
  // Somebody else may take the port between our look and the server's bind.
  for (let attempt = 1; ; attempt += 1) {
    const port = options.tcp ? await freePort() : 5432
    const settings = {
      listen_addresses: options.tcp ? '127.0.0.1' : '',
      port: String(port),
      unix_socket_directories: `"${launch.folder.socket}"`,
      unix_socket_permissions: '0700',
      ...options.settings,
    }
    const child = spawnDetached(launch, launch.binaries.postgres, [
      '-D',
      launch.folder.data,
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ])
    if (await becomesReady(launch, child)) return { child, port }
    const portTaken = logTail(launch.folder).includes('could not create any TCP/IP sockets')
    if (!portTaken || attempt === 5) throw failed(launch, 'postgres')
  }
}

/** False when the server ended instead. */
const becomesReady = async (launch: Launch, child: ChildProcess): Promise<boolean> => {
  let spawnError: unknown
  child.once('error', (error) => {
    spawnError = error
  })
  while (!isReady(launch.folder)) {
    if (spawnError !== undefined) throw failed(launch, 'postgres', spawnError)
    if (launch.signal?.aborted) throw interrupted()
    if (child.exitCode !== null || child.signalCode !== null) return false
    await delay(5)
  }
  return true
}
