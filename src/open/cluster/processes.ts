import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'

/** One process, told apart from a later one that was given the same pid. */
export interface ProcessIdentity {
  readonly pid: number
  /** When it started, in the operating system's own words. */
  readonly started: string
  /** The pid namespace the pid is valid in; empty where there are none. */
  readonly namespace: string
}

const linux = process.platform === 'linux'

const read = (from: () => string): string | undefined => {
  try {
    return from().trim() || undefined
  } catch {
    return undefined
  }
}

const ps = (column: string, pid: number): string | undefined =>
  read(() => execFileSync('ps', ['-ww', '-o', `${column}=`, '-p', String(pid)], { encoding: 'utf8', stdio: 'pipe' }))

/** /proc/<pid>/stat from its third field on; the second is the name, in parentheses, and may hold spaces (proc(5)). */
const statFields = (pid: number): readonly string[] =>
  (read(() => readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? '').split(') ').at(-1)?.split(' ') ?? []

/** Undefined for a process that has ended, whether or not its parent has asked for its exit status. */
const started = (pid: number): string | undefined => {
  if (!linux) return ps('lstart', pid)
  const fields = statFields(pid)
  return fields[0] === 'Z' ? undefined : fields[19]
}

const namespace = (): string => (linux ? (read(() => readlinkSync('/proc/self/ns/pid')) ?? '') : '')

/** The identity of this process. */
export const ownIdentity = (): ProcessIdentity => ({
  pid: process.pid,
  started: started(process.pid) ?? '',
  namespace: namespace(),
})

/** True unless it is certain that the process has ended: one of another pid namespace counts as running. */
export const isRunning = (identity: ProcessIdentity): boolean =>
  identity.namespace !== namespace() || started(identity.pid) === identity.started

/** The pid of the postmaster that serves this data folder, or undefined; a pid that was handed out again is never returned. */
export const postmasterOf = (data: string): number | undefined => {
  const pid = Number(read(() => readFileSync(join(data, 'postmaster.pid'), 'utf8'))?.split('\n')[0])
  if (!Number.isInteger(pid) || pid <= 1) return undefined
  const commandLine = linux
    ? read(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' '))
    : ps('args', pid)
  return commandLine?.includes(` -D ${data} `) ? pid : undefined
}

const nothing = new Int32Array(new SharedArrayBuffer(4))

/** Waits without the event loop, for `ms`. */
export const pauseSync = (ms: number): void => {
  Atomics.wait(nothing, 0, 0, ms)
}

/** Stops the server of this data folder and waits for it, without the event loop: usable while the process exits. At most 6 s. */
export const stopPostmasterSync = (data: string): void => {
  const pid = postmasterOf(data)
  if (pid === undefined) return
  process.kill(pid, 'SIGQUIT')
  // The postmaster removes the file when its last child is gone. Our own child would stay a zombie here: a pid proves nothing.
  for (let waited = 0; waited < 6000 && existsSync(join(data, 'postmaster.pid')); waited += 5) {
    if (postmasterOf(data) === undefined) return
    pauseSync(5)
  }
  if (postmasterOf(data) === pid) process.kill(pid, 'SIGKILL')
}
