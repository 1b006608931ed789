/**
 * A pair of databases per test, cloned from templates.
 *
 * A template is named after the SQL that made it, so that the same SQL runs once per test run, in whichever worker comes first; the
 * others wait at an advisory lock. It is built under another name and renamed, so that a template that exists is complete.
 */
import { createHash, randomBytes } from 'node:crypto'
import type pg from 'pg'
import { inject } from 'vitest'

import { withClient } from './queries.ts'

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

/** The name of a database in which all parts have run, in their order. */
const makeTemplate = async (admin: pg.Client, parts: readonly string[]): Promise<string> => {
  const last = parts.at(-1)
  if (last === undefined) return 'template1'
  const name = `template_${hash(parts)}`
  const known = await admin.query('select from pg_database where datname = $1', [name])
  if (known.rowCount) return name
  const parent = await makeTemplate(admin, parts.slice(0, -1))
  await admin.query(`drop database if exists building with (force)`)
  await admin.query(`create database building template ${parent} strategy file_copy`)
  await withClient(urlOf('building'), (client) => client.query(last))
  await admin.query(`alter database building rename to ${name}`)
  return name
}

const makeTemplates = async (admin: pg.Client, sql: DatabaseSql): Promise<DatabasePair> => {
  const { schema, backup, live } = typeof sql === 'string' ? { schema: sql } : sql
  const shared = [schema, backup].filter((part) => part !== undefined)
  await admin.query('select pg_advisory_lock($1)', [templateLock])
  try {
    const backupTemplate = await makeTemplate(admin, shared)
    return {
      backup: backupTemplate,
      live: live === undefined ? backupTemplate : await makeTemplate(admin, [...shared, live]),
    }
  } finally {
    await admin.query('select pg_advisory_unlock($1)', [templateLock])
  }
}

/** Runs `work` with a fresh pair of databases that holds what the SQL says; both are dropped afterwards. */
export const withDatabases = async <Result>(
  sql: DatabaseSql,
  work: (databases: DatabasePair) => Promise<Result>,
): Promise<Result> => {
  const suffix = randomBytes(5).toString('hex')
  const names = { live: `live_${suffix}`, backup: `backup_${suffix}` }
  return withClient(clusterUrl(), async (admin) => {
    const templates = await makeTemplates(admin, sql)
    try {
      await admin.query(`create database ${names.live} template ${templates.live} strategy file_copy`)
      await admin.query(`create database ${names.backup} template ${templates.backup} strategy file_copy`)
      return await work({ live: urlOf(names.live), backup: urlOf(names.backup) })
    } finally {
      await admin.query(`drop database if exists ${names.live} with (force)`)
      await admin.query(`drop database if exists ${names.backup} with (force)`)
    }
  })
}
