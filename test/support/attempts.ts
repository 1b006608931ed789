import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect } from 'vitest'

import { type CommandOptions, type CommandResult, command } from './command.ts'
import { type DatabasePair, type DatabaseSql, withDatabases } from './databases.ts'
import { dumpRows } from './queries.ts'

/** A pair of databases, a journal folder of their own, and the command line on them. */
export interface Attempts extends DatabasePair {
  readonly journal: string
  readonly env: Readonly<Record<string, string>>
  /** Runs `rowgraft` on the pair. `options.env` wins over the pair's. */
  readonly rowgraft: (argv: readonly string[], options?: CommandOptions) => Promise<CommandResult>
}

/** Runs `work` with a fresh pair of databases and an empty journal folder. */
export const withAttempts = <T>(sql: DatabaseSql, work: (attempts: Attempts) => Promise<T>): Promise<T> =>
  withDatabases(sql, async (pair) => {
    const journal = await mkdtemp(join(tmpdir(), 'rowgraft-journal-'))
    const env = { ROWGRAFT_LIVE: pair.live, ROWGRAFT_BACKUP: pair.backup, ROWGRAFT_JOURNAL: journal }
    try {
      return await work({
        ...pair,
        journal,
        env,
        rowgraft: (argv, options = {}) => command(argv, { ...options, env: { ...env, ...options.env } }),
      })
    } finally {
      await rm(journal, { recursive: true, force: true })
    }
  })

/** One pair for all tests of a `describe`: for tests that change nothing. */
export const shareAttempts = (sql: DatabaseSql): (() => Attempts) => {
  let shared: Attempts | undefined
  let release = (): void => undefined
  let done: Promise<void> = Promise.resolve()
  beforeAll(
    () =>
      new Promise<void>((resolve, reject) => {
        done = withAttempts(sql, async (attempts) => {
          shared = attempts
          resolve()
          await new Promise<void>((free) => {
            release = free
          })
        })
        done.catch(reject)
      }),
  )
  afterAll(async () => {
    release()
    await done
  })
  return () => {
    if (shared === undefined) throw new Error('the shared databases are not open')
    return shared
  }
}

/** What a refusal must say: every part of `says`, and a hint. */
export interface Refused {
  readonly exit: number
  readonly says: readonly string[]
  readonly hint?: string
}

/** Expects a refusal: its exit code, its words in the error, a hint, no stack. */
export const expectRefused = (result: CommandResult, { exit, says, hint = '' }: Refused): void => {
  const all = `${result.stdout}${result.stderr}`
  expect(result.exit, all).toBe(exit)
  const words = result.stderr.replace(/\s+/g, ' ')
  for (const part of says) expect(words).toContain(part)
  expect(words).toContain('Hint: ')
  expect(words.slice(words.indexOf('Hint: '))).toContain(hint)
  expect(all).not.toMatch(/^ +at .*\.(ts|js):\d+/m)
}

/** Runs a command that must be refused, and expects live to be as it was. */
export const refuse = async (
  attempts: Attempts,
  argv: readonly string[],
  refused: Refused,
  options: CommandOptions = {},
): Promise<void> => {
  const before = await dumpRows(attempts.live)
  expectRefused(await attempts.rowgraft(argv, options), refused)
  expect(await dumpRows(attempts.live), 'live is unchanged').toEqual(before)
}

/** The URL of the same database as another role, or with another part changed. */
export const changeUrl = (url: string, change: (url: URL) => void): string => {
  const changed = new URL(url)
  change(changed)
  return changed.href
}

/** The same database as another role, whose password is its name. */
export const asRole = (url: string, role: string): string =>
  changeUrl(url, (changed) => {
    changed.username = role
    changed.password = role
  })
