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
  /** A shell with job control, in which it is started by typing. */
  readonly isInShell?: boolean
}

/** Runs `work` with the UI in a terminal; it is closed afterwards, and its journal goes away. */
export const withUi = async <Result>(
  { live, backup }: DatabasePair,
  { args = [], isInShell = false, ...options }: UiOptions,
  work: (terminal: Terminal) => Promise<Result>,
): Promise<Result> => {
  const journal = await mkdtemp(join(tmpdir(), 'rowgraft-ui-'))
  const env = { ROWGRAFT_LIVE: live, ROWGRAFT_BACKUP: backup, ROWGRAFT_JOURNAL: journal, TZ: 'UTC', ...options.env }
  const direct = { command: process.execPath, args: [program, ...args] }
  const shell = { command: 'bash', args: ['--norc', '--noprofile', '-i'] }
  try {
    return await withTerminal(
      { ...options, ...(isInShell ? shell : direct), env: isInShell ? { ...env, PS1: '$ ', HISTFILE: '' } : env },
      async (terminal) => {
        if (isInShell) {
          await terminal.until(/^\$ *$/m)
          terminal.press(`'${process.execPath}' '${program}'`, 'enter')
        }
        return await work(terminal)
      },
    )
  } finally {
    await rm(journal, { recursive: true, force: true })
  }
}
