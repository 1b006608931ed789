/**
 * A pair of databases per test, cloned from templates where several tests of a file want the same.
 *
 * A template is named after the SQL that made it, so that the same SQL makes it once per test run, in whichever worker comes first; the
 * others wait at an advisory lock. It is built under another name and renamed, so that a template that exists is complete.
 */
import { createHash, randomBytes } from 'node:crypto'
import type pg from 'pg'
import { inject } from 'vitest'

import { keepSessions, withClient } from './queries.ts'

/** SQL for both sides; or SQL for both, then the rows as of the backup in both, then what happened since, in live only. */
export type DatabaseSql =
  | string
  | { readonly schema: string; readonly backup?: string | undefined; readonly live?: string | undefined }

/** The URLs of a pair of databases, as a superuser. */
export interface DatabasePair {
  readonly live: string
  readonly backup: string
}

const clusterUrl = (): string => {
  const url: string | undefined = inject('clusterUrl')
  if (url === undefined) throw new Error('no cluster: run vitest with --config test/vitest.config.ts, as npm test does')
  return url
}

const urlOf = (database: string): string => {
  const url = new URL(clusterUrl())
  url.pathname = `/${database}`
  return url.href
}

const hash = (parts: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 20)

const templateLock = 7_209_461

const create = (admin: pg.Client, name: string, template: string): Promise<unknown> =>
  admin.query(`create database ${name} template ${template} strategy file_copy`)

/** Runs the parts one after the other, each as in a session of its own. */
const runParts = (database: string, parts: readonly string[]): Promise<void> =>
  withClient(urlOf(database), async (client) => {
    for (const part of parts) {
      await client.query(part)
      await client.query('discard all')
    }
  })

/** The name of a template in which the parts have run after those of its parent; the lock is held. */
const makeTemplate = async (
  admin: pg.Client,
  parts: readonly string[],
  parent: string = 'template1',
): Promise<string> => {
  const name = `template_${hash([parent, ...parts])}`
  const known = await admin.query('select from pg_database where datname = $1', [name])
  if (known.rowCount) return name
  await admin.query(`drop database if exists building with (force)`)
  await create(admin, 'building', parent)
  await runParts('building', parts)
  await admin.query(`alter database building rename to ${name}`)
  return name
}

interface Parts {
  readonly shared: readonly string[]
  readonly live: readonly string[]
}

const partsOf = (sql: DatabaseSql): Parts => {
  const { schema, backup, live } = typeof sql === 'string' ? { schema: sql } : sql
  const given = (parts: readonly (string | undefined)[]): readonly string[] =>
    parts.filter((part) => part !== undefined)
  return { shared: given([schema, backup]), live: given([live]) }
}

const makeTemplates = async (admin: pg.Client, { shared, live }: Parts): Promise<DatabasePair> => {
  await admin.query('select pg_advisory_lock($1)', [templateLock])
  try {
    const backup = await makeTemplate(admin, shared)
    return { backup, live: live.length === 0 ? backup : await makeTemplate(admin, live, backup) }
  } finally {
    await admin.query('select pg_advisory_unlock($1)', [templateLock])
  }
}

/** What the tests of this file have asked for so far. */
const asked = new Set<string>()

/** Creates a pair by running its SQL. */
const makePair = async (admin: pg.Client, names: DatabasePair, parts: Parts): Promise<void> => {
  await create(admin, names.backup, 'template1')
  await runParts(names.backup, parts.shared)
  await create(admin, names.live, names.backup)
  if (parts.live.length > 0) await runParts(names.live, parts.live)
}

/** Creates a pair: straight the first time, since most SQL is one test's alone; after that from templates. */
const createPair = async (admin: pg.Client, names: DatabasePair, parts: Parts): Promise<void> => {
  const key = JSON.stringify(parts)
  if (asked.has(key)) {
    const templates = await makeTemplates(admin, parts)
    await create(admin, names.live, templates.live)
    await create(admin, names.backup, templates.backup)
    return
  }
  asked.add(key)
  await makePair(admin, names, parts)
}

/** Makes one more live of a pair, and runs `work` with it. */
export type WithLive = <Result>(work: (databases: DatabasePair) => Promise<Result>) => Promise<Result>

/** Runs `work` with one backup, and as many lives as it asks for, each as the SQL says: for what leaves the backup as it is. */
export const withLives = async <Result>(
  sql: DatabaseSql,
  work: (withLive: WithLive) => Promise<Result>,
): Promise<Result> => {
  const suffix = randomBytes(5).toString('hex')
  const [backup, first] = [`backup_${suffix}`, `first_${suffix}`]
  let lives = 0
  return withClient(clusterUrl(), async (admin) => {
    const drop = (name: string): Promise<unknown> => admin.query(`drop database if exists ${name} with (force)`)
    const withLive: WithLive = async (inside) => {
      lives += 1
      const live = `live_${suffix}_${lives}`
      try {
        await create(admin, live, first)
        const urls = { live: urlOf(live), backup: urlOf(backup) }
        return await keepSessions([urls.live], () => inside(urls))
      } finally {
        await drop(live)
      }
    }
    try {
      await makePair(admin, { live: first, backup }, partsOf(sql))
      return await work(withLive)
    } finally {
      await drop(first)
      await drop(backup)
    }
  })
}

/** Runs `work` with a fresh pair of databases that holds what the SQL says; both are dropped afterwards. */
export const withDatabases = async <Result>(
  sql: DatabaseSql,
  work: (databases: DatabasePair) => Promise<Result>,
): Promise<Result> => {
  const suffix = randomBytes(5).toString('hex')
  const names = { live: `live_${suffix}`, backup: `backup_${suffix}` }
  return withClient(clusterUrl(), async (admin) => {
    try {
      await createPair(admin, names, partsOf(sql))
      const urls = { live: urlOf(names.live), backup: urlOf(names.backup) }
      return await keepSessions([urls.live, urls.backup], () => work(urls))
    } finally {
      await admin.query(`drop database if exists ${names.live} with (force)`)
      await admin.query(`drop database if exists ${names.backup} with (force)`)
    }
  })
}
