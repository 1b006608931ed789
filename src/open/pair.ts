/** May these two databases be live and backup of each other? Probes, before anything else is done. */
import { randomInt } from 'node:crypto'
import { sql } from 'kysely'
import type { Catalog } from '../catalog/catalog.ts'
import { likelyMoves, likelySchemas } from '../catalog/conventions/suggestions.ts'
import type { DatabaseIdentity } from '../catalog/read/identity.ts'
import type { Reader } from '../database/session/reader.ts'
import { RowgraftError } from '../errors.ts'
import { packKey } from '../keys/key.ts'

const oldest = 140_000

/** Throws `server-too-old`, or `not-writable` for a live that is read-only or a standby. */
export const checkServer = async (reader: Reader): Promise<void> => {
  const name = reader.side === 'live' ? 'live' : 'the backup'
  if (reader.version < oldest) {
    throw new RowgraftError('server-too-old', `${name} is PostgreSQL ${Math.floor(reader.version / 10_000)}`, {
      hint: 'rowgraft works with PostgreSQL 14 and newer.',
    })
  }
  if (reader.side === 'backup') return
  const [row] = await reader.rows(sql`
    select pg_catalog.pg_is_in_recovery()::text, pg_catalog.current_setting('default_transaction_read_only')`)
  if (row?.[0] === 'true') {
    throw new RowgraftError('not-writable', 'live is a standby: it is in recovery', {
      hint: 'Give the primary with --live.',
    })
  }
  if (row?.[1] === 'on') {
    throw new RowgraftError('not-writable', 'live is read-only (default_transaction_read_only is on)', {
      hint: 'Connect with a role, or to a database, that may write.',
    })
  }
}

/** Throws `same-database`: a lock taken in live must not be visible in the backup. */
export const checkDistinct = async (live: Reader, backup: Reader): Promise<void> => {
  const key = [randomInt(1, 2 ** 31), randomInt(1, 2 ** 31)] as const
  await live.rows(sql`select pg_catalog.pg_advisory_xact_lock_shared(${key[0]}::int, ${key[1]}::int)::text`)
  const seen = await backup.rows(sql`
    select 1
    from pg_catalog.pg_locks l
    join pg_catalog.pg_database d on d.oid = l.database and d.datname = pg_catalog.current_database()
    where l.locktype = 'advisory' and l.classid = ${key[0]}::bigint::oid and l.objid = ${key[1]}::bigint::oid`)
  if (seen.length > 0) {
    throw new RowgraftError('same-database', 'live and backup are the same database', {
      hint: 'Give the database that holds the old rows with --backup.',
    })
  }
}

/** Throws `same-database` for a backup that replays live's own changes. */
export const checkNotStandby = async (
  backup: Reader,
  identities: { readonly live: DatabaseIdentity; readonly backup: DatabaseIdentity },
): Promise<void> => {
  const [row] = await backup.rows(sql`select pg_catalog.pg_is_in_recovery()::text`)
  if (row?.[0] !== 'true' || identities.live.system === '') return
  if (identities.live.system !== identities.backup.system) return
  throw new RowgraftError('same-database', 'the backup is a standby of live', {
    detail: 'It replays the deletion as well, if it has not done so already.',
    hint: 'Promote it first, or give another backup.',
  })
}

const columnsOf = (catalog: Catalog): ReadonlySet<string> =>
  new Set(catalog.tables.flatMap((table) => table.columns.map(({ name }) => `${table.id}\0${name}`)))

/** What the config file may have to say of the names; each line once. */
const hintForUnrelated = (live: Catalog, backup: Catalog): string => {
  const schemas = likelySchemas(live, backup).map(({ entry }) => entry)
  const moves = [...likelyMoves(live, backup).values()].filter(({ of }) => of === 'tables').map(({ entry }) => entry)
  const keys = [
    ...(schemas.length === 0 ? [] : [`schemas: { ${schemas.join(', ')} }`]),
    ...(moves.length === 0 ? [] : [`tables: { ${moves.join(', ')} }`]),
  ]
  if (keys.length === 0) return 'Check --live and --backup.'
  return `Check --live and --backup. If only names differ, say so in rowgraft.config.ts: export default { ${keys.join(', ')} }`
}

/** Throws `unrelated-databases` when the two share less than half of the smaller one's columns. `notLoaded`: what a dump could not give. */
export const checkRelated = (live: Catalog, backup: Catalog, notLoaded: readonly string[] = []): void => {
  const [here, there] = [columnsOf(live), columnsOf(backup)]
  const smaller = Math.min(here.size, there.size)
  const shared = [...here].filter((name) => there.has(name)).length
  if (smaller > 0 && shared * 2 >= smaller) return
  const moved = likelySchemas(live, backup).map(
    ({ from, to, shared: found, columns }) =>
      `Live's schema "${to}" has ${found} of the ${columns} columns of the backup's "${from}".`,
  )
  throw new RowgraftError('unrelated-databases', 'live and backup do not look like the same application', {
    detail:
      smaller === 0
        ? [`${here.size === 0 ? 'Live' : 'The backup'} has no tables that this role can see.`, ...notLoaded].join('\n')
        : [`They share ${shared} of ${smaller} columns.`, ...moved].join('\n'),
    hint: hintForUnrelated(live, backup),
  })
}

/** Lists of migrations that frameworks keep, with the columns that name one. */
const migrationLists: readonly { readonly name: string; readonly columns: readonly string[] }[] = [
  { name: 'django_migrations', columns: ['app', 'name'] },
  { name: 'schema_migrations', columns: ['version'] },
]

const readMigrations = async (reader: Reader, catalog: Catalog): Promise<ReadonlySet<string>> => {
  const found = new Set<string>()
  for (const { name, columns } of migrationLists) {
    const table = catalog.tables.find((candidate) => candidate.name === name)
    const isUsable =
      table?.canSelect &&
      !table.hidesRows &&
      columns.every((column) => table.columns.some((candidate) => candidate.name === column))
    if (!isUsable) continue
    const parts = sql.join(columns.map((column) => sql`${sql.id(column)}::text`))
    const rows = await reader.rows(sql`select ${parts} from ${sql.id(table.schema, table.name)}`)
    for (const row of rows) found.add(packKey([name, ...row]))
  }
  return found
}

const readSequences = async (reader: Reader): Promise<ReadonlyMap<string, bigint>> => {
  const rows = await reader.rows(sql`
    select schemaname || '.' || sequencename, (last_value * pg_catalog.sign(increment_by::numeric))::text
    from pg_catalog.pg_sequences
    where last_value is not null`)
  return new Map(rows.map(([name, value]) => [name ?? '', BigInt(value ?? '0')]))
}

/** Throws `sides-swapped` on evidence that the backup is the newer one: sequences ahead, or migrations live does not have. */
export const checkOlder = async (
  live: { readonly reader: Reader; readonly catalog: Catalog },
  backup: { readonly reader: Reader; readonly catalog: Catalog },
): Promise<void> => {
  const [here, there] = [await readSequences(live.reader), await readSequences(backup.reader)]
  const shared = [...here].filter(([name]) => there.has(name))
  const ahead = shared.filter(([name, value]) => (there.get(name) ?? 0n) > value).length
  const behind = shared.filter(([name, value]) => (there.get(name) ?? 0n) < value).length
  const [applied, inBackup] = [
    await readMigrations(live.reader, live.catalog),
    await readMigrations(backup.reader, backup.catalog),
  ]
  const onlyThere = [...inBackup].filter((name) => !applied.has(name)).length
  const onlyHere = [...applied].filter((name) => !inBackup.has(name)).length
  const evidence = [
    ahead > 1 && behind === 0 && ahead * 2 > shared.length
      ? `${ahead} of ${shared.length} sequences are ahead of live's`
      : null,
    onlyThere > 0 && onlyHere === 0 ? `${onlyThere} migrations are applied that live does not have` : null,
  ].filter((line) => line !== null)
  if (evidence.length === 0) return
  throw new RowgraftError('sides-swapped', 'the backup looks newer than live', {
    detail: evidence.join('\n'),
    hint: 'Check --live and --backup: are they swapped? If this is right, add --backup-is-newer.',
  })
}
