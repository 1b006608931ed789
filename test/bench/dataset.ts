/** The tables of the benchmark: a backup, and a live that lost, changed and gained a few rows since. */

import { openSession } from '../../src/database/session/session.ts'
import type { Cluster } from '../../src/open/cluster/cluster.ts'

const columns = `
  owner_id integer not null, title text not null, slug varchar(80) not null, taken_at timestamptz, width integer, height integer,
  rating numeric(4, 2), is_public boolean not null, meta jsonb, created_at timestamptz not null`

const values = `
  i % 200000 + 1, 'Photo number ' || i || ' ' || left(md5(i::text), 12), 'photo-' || i,
  timestamptz '2015-01-01' + i * interval '61 s', 800 + i % 3000, 600 + i % 2000,
  case when i % 3 = 0 then i % 500 / 100.0 end, i % 7 <> 0,
  case when i % 2 = 0 then jsonb_build_object('camera', 'X' || i % 40, 'iso', i % 6400) end,
  timestamptz '2015-01-01' + i * interval '61 s'`

/** A table of the benchmark. */
export interface BenchTable {
  readonly name: string
  readonly key: string
  readonly keyColumns: string
  readonly keyValues: string
  /** Its rows, as a share of those asked for. */
  readonly share: number
  /** Of how many rows one changes. */
  readonly changes: number
}

export const benchTables: readonly BenchTable[] = [
  { name: 'photo', key: 'id', keyColumns: 'id bigint', keyValues: 'i', share: 1, changes: 10_000 },
  {
    name: 'photo_uuid',
    key: 'id',
    keyColumns: 'id uuid',
    keyValues: 'md5(i::text)::uuid',
    share: 0.4,
    changes: 10_000,
  },
  {
    name: 'photo_text',
    key: 'id',
    keyColumns: 'id text',
    keyValues: `'key-' || md5(i::text)`,
    share: 0.4,
    changes: 10_000,
  },
  {
    name: 'page',
    key: 'album_id, photo_id',
    keyColumns: 'album_id integer, photo_id integer',
    keyValues: 'i / 40, i',
    share: 0.4,
    changes: 10_000,
  },
  { name: 'photo_edited', key: 'id', keyColumns: 'id bigint', keyValues: 'i', share: 0.4, changes: 10 },
]

export const rowsOf = (table: BenchTable, rows: number): number => Math.round(rows * table.share)

const createSql = (table: BenchTable, rows: number): string => `
  create table ${table.name} (${table.keyColumns}, ${columns}, primary key (${table.key}));
  insert into ${table.name} select ${table.keyValues}, ${values} from generate_series(1, ${rowsOf(table, rows)}) as i;`

/** One row in 5,000 is deleted, one in 2,500 is new, and some are changed; far apart from each other. */
const damageSql = (table: BenchTable, rows: number): string => {
  const count = rowsOf(table, rows)
  const number = `substr(slug, 7)::integer`
  return `
    delete from ${table.name} where ${number} % 5000 = 7;
    update ${table.name} set title = title || '!' where ${number} % ${table.changes} = ${table.changes === 10 ? 3 : 33};
    insert into ${table.name} select ${table.keyValues}, ${values}
    from generate_series(${count + 1}, ${count + Math.round(count / 2_500)}) as i;`
}

/** Runs a script in one database. */
export const runSql = async (cluster: Cluster, database: string, text: string): Promise<void> => {
  const session = await openSession(cluster.url(database))
  try {
    await session.script(text)
  } finally {
    await session.close()
  }
}

/** Creates databases `backup` and `live`. */
export const makeDataset = async (cluster: Cluster, rows: number, say: (text: string) => void): Promise<void> => {
  await runSql(cluster, 'postgres', 'create database backup')
  for (const table of benchTables) {
    say(`filling ${table.name}`)
    await runSql(cluster, 'backup', createSql(table, rows))
  }
  await runSql(cluster, 'backup', 'vacuum (freeze, analyze)')
  say('copying the database')
  await runSql(cluster, 'postgres', 'create database live template backup strategy file_copy')
  for (const table of benchTables) {
    say(`damaging ${table.name}`)
    await runSql(cluster, 'live', damageSql(table, rows))
  }
  await runSql(cluster, 'live', 'vacuum (analyze)')
  await runSql(cluster, 'live', 'checkpoint')
}

/** One row in five is lost. */
export const loseMore = async (cluster: Cluster): Promise<void> => {
  await runSql(cluster, 'live', 'delete from photo where id % 5 = 0')
  await runSql(cluster, 'live', 'vacuum (analyze) photo')
}
