/** After the COMMIT: the report on disk, beside the run's journal, and the commands of the config file that are told where it is. */
import { spawn } from 'node:child_process'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { publishKeyList } from '../journal/key-list-file.ts'
import type { Report } from '../run.ts'

export interface CommittedInput {
  readonly commands: readonly string[]
  /** Journal folder. */
  readonly folder: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly undoes: string | null
}

/** The last part of what a command prints is kept, in characters. */
const most = 4_000

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

type Ran = Report['hooks'][number]

/** Runs one command in a shell to its end. Never rejects. */
const runCommand = (command: string, env: CommittedInput['env']): Promise<Ran> =>
  new Promise((resolve) => {
    let output = ''
    const keep = (chunk: Buffer): void => {
      output = (output + chunk.toString('utf8')).slice(-most)
    }
    const child = spawn(command, { shell: true, env: { ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.once('error', (error) => resolve({ command, failed: true, status: messageOf(error), output }))
    child.once('close', (code, signal) => {
      resolve({ command, failed: code !== 0, status: signal === null ? `exit ${code}` : `ended by ${signal}`, output })
    })
  })

const writeFile = async (path: string, text: string): Promise<void> => {
  const file = await open(path, 'wx', 0o600)
  try {
    await file.writeFile(text)
  } finally {
    await file.close()
  }
}

/** Names the list of changed keys, and resolves to the report with its path; where that cannot be, without. */
const nameKeys = async (report: Report, folder: string): Promise<Report> => {
  if (report.changedKeys.length === 0) return report
  try {
    const keysFile = await publishKeyList(join(folder, report.run))
    return { ...report, left: { ...report.left, keysFiles: [keysFile] } }
  } catch {
    return report
  }
}

/**
 * Writes keys and report of a committed run and runs the commands, one after the other. Never rejects: the run is in live, whatever
 * becomes of these; what failed is in the report that comes back.
 */
export const afterCommit = async (committed: Report, input: CommittedInput): Promise<Report> => {
  const report = await nameKeys(committed, input.folder)
  const path = join(input.folder, report.run, 'report.json')
  try {
    await writeFile(path, `${JSON.stringify(report)}\n`)
  } catch (error) {
    const status = `not run: the report could not be written to ${path}: ${messageOf(error)}`
    return { ...report, hooks: input.commands.map((command) => ({ command, failed: true, status, output: '' })) }
  }
  const env = {
    ...input.env,
    ROWGRAFT_REPORT: path,
    ROWGRAFT_RUN: report.run,
    ...(input.undoes === null ? {} : { ROWGRAFT_UNDOES: input.undoes }),
  }
  const hooks: Ran[] = []
  for (const command of input.commands) hooks.push(await runCommand(command, env))
  return { ...report, hooks }
}
