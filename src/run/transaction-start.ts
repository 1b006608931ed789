/** How every write transaction begins: alone on this live, on the catalog the plan was made for. */
import { sql } from 'kysely'
import type { Catalog, Table } from '../catalog/catalog.ts'
import { fingerprint } from '../catalog/read/fingerprint.ts'
import { readCatalog } from '../catalog/read/read.ts'
import { list, type Query } from '../database/names.ts'
import type { Reader, Writer } from '../database/session/reader.ts'
import { RowgraftError } from '../errors.ts'
import type { Plan } from '../plan/plan.ts'
import { fromTable } from '../sql/rows.ts'

/** The advisory lock of the database that is written. */
export const lockKey = sql`pg_catalog.hashtextextended('rowgraft:' || pg_catalog.current_database(), 0)`

/** Takes the advisory lock of this database for the transaction. Throws `busy` naming who holds it. */
export const lockDatabase = async (reader: Reader): Promise<void> => {
  const [row] = await reader.rows(sql`select pg_catalog.pg_try_advisory_xact_lock(${lockKey})::text`)
  if (row?.[0] === 'true') return
  const [holder] = await reader.rows(sql`
    select a.pid::text, a.application_name, a.client_addr::text
    from pg_catalog.pg_locks l
    join pg_catalog.pg_stat_activity a on a.pid = l.pid
    join pg_catalog.pg_database d on d.oid = l.database and d.datname = pg_catalog.current_database()
    where l.locktype = 'advisory' and l.granted and l.pid <> pg_catalog.pg_backend_pid()
      and l.classid::bigint = (${lockKey} >> 32) & 4294967295 and l.objid::bigint = ${lockKey} & 4294967295`)
  const who =
    holder === undefined
      ? 'another session'
      : `backend ${holder[0]} (${holder[1]}${holder[2] ? ` from ${holder[2]}` : ''})`
  throw new RowgraftError('busy', 'another restore is running on this database', {
    detail: `${who} holds the lock.`,
    hint: 'Wait until it is done, then run the same command again.',
  })
}

/**
 * Makes the server check foreign keys and fire triggers, where a setting of the role or somebody else's SQL keeps it from that: both are
 * triggers to it (`session_replication_role = replica`).
 */
export const switchTriggersOn = async (writer: Writer): Promise<void> => {
  const [row] = await writer.rows(sql`select pg_catalog.current_setting('session_replication_role')`)
  if (row?.[0] === 'replica') await writer.execute(sql`set local session_replication_role = origin`)
}

/** LOCK TABLE asks for privileges on the whole table; reading nothing takes the same lock with those on some column. */
export const lockDefinitions = async (writer: Writer, tables: readonly Table[]): Promise<void> => {
  if (tables.length === 0) return
  const reads = tables.map((table) => sql`select 1 from ${fromTable(table)} where false`)
  await writer.execute(list(reads, ' union all '))
}

/** Keeps the definitions of the used tables as they are until the transaction ends, and compares them with the plan's. Needs an empty search_path. */
export const checkCatalog = async (writer: Writer, plan: Plan): Promise<Catalog> => {
  const before = await readCatalog(writer)
  const used = before.tables.filter(({ id }) => plan.fingerprints[id] !== undefined)
  await lockDefinitions(writer, used)
  const catalog = await readCatalog(writer)
  for (const [id, expected] of Object.entries(plan.fingerprints)) {
    const table = catalog.tables.find((candidate) => candidate.id === id)
    if (table !== undefined && fingerprint(table) === expected) continue
    throw new RowgraftError(
      'plan-stale',
      `table "${id}" ${table === undefined ? 'is gone' : 'was altered'} since the plan was made`,
      {
        hint: 'Make the plan again.',
      },
    )
  }
  return catalog
}

/**
 * Runs the statements that change live with the search_path its own triggers and checks expect; everything else runs with an empty
 * one, under which names inside values (`regclass`) read the same as in the plan.
 */
export const withLiveSearchPath = async <T>(
  writer: Writer,
  path: string | Query,
  work: () => Promise<T>,
): Promise<T> => {
  await writer.execute(sql`select pg_catalog.set_config('search_path', ${path}, true)`)
  const done = await work()
  await writer.execute(sql`select pg_catalog.set_config('search_path', '', true)`)
  return done
}
