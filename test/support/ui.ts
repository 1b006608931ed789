/** The terminal UI as people start it: the built program in a terminal of its own, on a pair of databases. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DatabasePair } from './databases.ts'
import { type Terminal, type TerminalOptions, withTerminal } from './terminal.ts'

/** What `rowgraft` runs. */
export const program = join(import.meta.dirname, '..', '..', 'dist', 'cli', 'bin.js')

export interface UiOptions extends Pick<TerminalOptions, 'columns' | 'rows' | 'env' | 'patience'> {
  readonly args?: readonly string[]
  /** Started by typing this in a shell with job control. */
  readonly shellCommand?: string
}

/** Runs `work` with the UI in a terminal; it is closed afterwards, and its journal goes away. */
export const withUi = async <Result>(
  { live, backup }: DatabasePair,
  { args = [], shellCommand, ...options }: UiOptions,
  work: (terminal: Terminal) => Promise<Result>,
): Promise<Result> => {
  const journal = await mkdtemp(join(tmpdir(), 'rowgraft-ui-'))
  const env = {
    ROWGRAFT_LIVE: live,
    ROWGRAFT_BACKUP: backup,
    ROWGRAFT_JOURNAL: journal,
    TZ: 'UTC',
    PS1: '$ ',
    ...options.env,
  }
  const direct = { command: process.execPath, args: [program, ...args] }
  const shell = { command: 'bash', args: ['--norc', '--noprofile', '-i'] }
  try {
    return await withTerminal(
      { ...options, ...(shellCommand === undefined ? direct : shell), env },
      async (terminal) => {
        if (shellCommand !== undefined) {
          await terminal.until(/^\$ *$/m)
          terminal.press(shellCommand, 'enter')
        }
        return await work(terminal)
      },
    )
  } finally {
    await rm(journal, { recursive: true, force: true })
  }
}
