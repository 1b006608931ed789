/** What a database is known by, so that a plan or a journal is never used on another one. */
import { sql } from 'kysely'
import type { Reader } from '../../database/session/reader.ts'

export interface DatabaseIdentity {
  readonly database: string
  /** System identifier of the cluster, or empty where the server does not tell. */
  readonly system: string
  /** The database's oid. */
  readonly oid: string
  /** sha256 of the file it was materialised from; then that alone counts. */
  readonly source: string | null
}

/** Reads the identity of the database a session is in. */
export const readIdentity = async (reader: Reader, source: string | null): Promise<DatabaseIdentity> => {
  const [row] = await reader.rows(sql`
    select pg_catalog.current_database()::text, d.oid::text,
           pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'execute')::text
    from pg_catalog.pg_database d
    where d.datname = pg_catalog.current_database()`)
  const [database = null, oid = null, mayAsk = null] = row ?? []
  const system =
    mayAsk === 'true'
      ? (await reader.rows(sql`select system_identifier::text from pg_catalog.pg_control_system()`))[0]?.[0]
      : ''
  return { database: database ?? '', system: system ?? '', oid: oid ?? '', source }
}

/** True where both are the same database, or the same file. */
export const isSameDatabase = (a: DatabaseIdentity, b: DatabaseIdentity): boolean =>
  a.source !== null || b.source !== null
    ? a.source === b.source
    : a.database === b.database && a.system === b.system && a.oid === b.oid
