import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { ChildReport, ChildTask } from './restore-child.ts'

export interface Child {
  readonly process: ChildProcess
  /** How it ended; `report` is null unless it came to its end. */
  readonly ended: Promise<{
    readonly signal: string | null
    readonly code: number | null
    readonly report: ChildReport | null
    readonly stderr: string
  }>
}

/** Starts a restore in a process of its own. */
export const startRestore = (task: ChildTask): Child => {
  const script = join(import.meta.dirname, 'restore-child.ts')
  const child = spawn(process.execPath, [script, JSON.stringify(task)], { stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  const ended = once(child, 'close').then(([code, signal]: (number | string | null)[]) => ({
    code: typeof code === 'number' ? code : null,
    signal: typeof signal === 'string' ? signal : null,
    report: stdout === '' ? null : (JSON.parse(stdout) as ChildReport),
    stderr,
  }))
  return { process: child, ended }
}
