/** psql, as a role that owns nothing. */
import { execFile, execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { withClient } from './queries.ts'

/** False where there is no psql: tests that need it are skipped, and say so. */
export const hasPsql = ((): boolean => {
  try {
    execFileSync('psql', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})()

export interface PsqlResult {
  readonly exit: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a file of SQL. */
export const psql = (url: string, file: string, ...args: readonly string[]): Promise<PsqlResult> =>
  new Promise((resolve) => {
    execFile(
      'psql',
      ['-X', '-v', 'ON_ERROR_STOP=1', '-d', url, ...args, '-f', file],
      { env: { PATH: process.env.PATH, LC_ALL: 'C' } },
      (error, stdout, stderr) => resolve({ exit: error === null ? 0 : Number(error.code ?? 1), stdout, stderr }),
    )
  })

const grants = (role: string): string => `
  do $$
  declare s name; t regclass;
  begin
    for s in select nspname from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema' loop
      execute format('grant usage on schema %I to ${role}', s);
      execute format('grant select, insert, update on all tables in schema %I to ${role}', s);
      execute format('grant usage, select on all sequences in schema %I to ${role}', s);
    end loop;
  end $$`

/** Runs `work` with a URL of the database for a plain role, which may read and write its tables and use its sequences. */
export const withPlainRole = async <T>(url: string, work: (url: string) => Promise<T>): Promise<T> => {
  const role = `plain_${randomBytes(5).toString('hex')}`
  await withClient(url, (client) => client.query(`create role ${role} login password '${role}'; ${grants(role)}`))
  try {
    const own = new URL(url)
    own.username = role
    own.password = role
    return await work(own.href)
  } finally {
    await withClient(url, (client) => client.query(`drop owned by ${role}; drop role ${role}`))
  }
}
