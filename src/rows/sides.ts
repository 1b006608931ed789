/**
 * Both sides as planning sees them: a snapshot each, what they share, and what earlier runs restored.
 *
 * In come the sides into every stage that reads; what is remembered of a snapshot is kept with them.
 */
import { sql } from 'kysely'
import type { SharedCatalog, SharedTable } from '../catalog/shared.ts'
import type { Reader } from '../database/session/reader.ts'
import type { OpenFork } from '../database/snapshot.ts'
import { KeyIndexes } from '../keys/key-index.ts'
import type { OnStage } from '../progress/progress.ts'
import { type DigestMethod, hashProbe, type RowHashing } from '../sql/column-digest.ts'
import { oidOf } from '../sql/tree.ts'
import type { Transforms } from '../transform/transform.ts'
import { ParentMemory } from './parent-memory.ts'
import type { ColumnHabits } from './records/records.ts'

/** Backup key -> live key of rows that earlier runs brought back under another key, per table; keys are packed. */
export type RestoredKeys = ReadonlyMap<string, ReadonlyMap<string, string>>

export interface Sides {
  readonly live: Reader
  readonly backup: Reader
  readonly catalog: SharedCatalog
  /** The digest of images both servers agree on. */
  readonly digest: DigestMethod
  /** How rows are hashed where only the two sides are compared with each other. */
  readonly hashing: RowHashing
  /** Both servers store text as UTF-8. */
  readonly isUtf8: boolean
  readonly restored: RestoredKeys
  /** Numbers for the keys met, for as long as the snapshots last. */
  readonly keys: KeyIndexes
  /** The parents of backup rows, where they are kept: for as long as the snapshots last. */
  readonly parents: ParentMemory
  /** Which tables of live tell the age of a row (`xmin`), by id, as far as anybody has asked. */
  readonly aged: Map<string, Promise<boolean>>
  /** How columns behave, by table id, as far as anybody has asked: for as long as the snapshots last. */
  readonly habits: Map<string, Promise<ColumnHabits>>
  /** Evaluates SQL of the user's on the backup with the search_path of a fresh connection. */
  readonly withUserSearchPath: <T>(work: () => Promise<T>) => Promise<T>
  /** What the config file makes of the backup's rows, while planning. */
  readonly transforms?: Transforms
  /** More connections to the same snapshots; null where there are none to be had. */
  readonly forks: { readonly live: OpenFork; readonly backup: OpenFork } | null
  /** Processes beside its own that a server may use for one statement. */
  readonly workers: number
  /** Told how far what reads is. */
  readonly onStage: OnStage
}

/** Asks both servers to hash a few values: where they disagree (version, platform, encoding) less of their own hashing is used. */
const agreeOnHashing = async (live: Reader, backup: Reader): Promise<RowHashing> => {
  const probe = hashProbe({ hashesInstants: Math.min(live.version, backup.version) >= 180_000 })
  const [[here = []], [there = []]] = await Promise.all([live.rows(probe), backup.rows(probe)])
  const [texts, values, instants] = here.map((hashes, place) => hashes !== null && hashes === there[place])
  const isTyped = texts === true && values === true
  return { method: texts === true ? 'hash' : 'sha256', isTyped, hashesInstants: isTyped && instants === true }
}

/** Rows that are recognised by their names, as far as live has them under other keys: live's stand in for them. */
export const namedKeys = ({ named }: SharedCatalog): RestoredKeys =>
  new Map(
    [...named].map(([table, rows]) => [
      table,
      new Map([...rows].flatMap(([key, { live }]) => (live === null || live === key ? [] : [[key, live] as const]))),
    ]),
  )

/** Encodings that can spell what servers are probed with; the hash of a text is that of its bytes. */
const wholeEncodings = new Set(['UTF8', 'SQL_ASCII'])

const portable: RowHashing = { method: 'sha256', isTyped: false, hashesInstants: false }

/** Puts two snapshots together. */
export const openSides = async (
  sides: Pick<Sides, 'live' | 'backup' | 'catalog' | 'restored'> &
    Partial<Pick<Sides, 'forks' | 'withUserSearchPath' | 'onStage'>>,
): Promise<Sides> => {
  const { live, backup } = sides
  const names = [live.encoding, backup.encoding]
  const isUtf8 = names.every((name) => name === 'UTF8')
  const hashing = names.every((name) => wholeEncodings.has(name)) ? await agreeOnHashing(live, backup) : portable
  return {
    forks: null,
    workers: 0,
    withUserSearchPath: (work) => work(),
    onStage: () => undefined,
    ...sides,
    keys: new KeyIndexes(),
    parents: new ParentMemory(),
    aged: new Map(),
    habits: new Map(),
    restored: new Map([...sides.restored, ...namedKeys(sides.catalog)]),
    digest: hashing.method,
    hashing,
    isUtf8,
  }
}

/** The same snapshots over connections of their own; close them. */
export const forkSides = async (
  sides: Sides,
  workers: number,
): Promise<{ readonly sides: Sides; readonly close: () => Promise<void> }> => {
  if (sides.forks === null) throw new Error('the snapshots cannot be shared')
  const live = await sides.forks.live()
  try {
    const backup = await sides.forks.backup()
    return {
      sides: { ...sides, live: live.reader, backup: backup.reader, parents: new ParentMemory(), workers },
      close: async () => {
        await live.close()
        await backup.close()
      },
    }
  } catch (error) {
    await live.close()
    throw error
  }
}

/** A table of the shared catalog that is known to be there. */
export const tableOf = (catalog: SharedCatalog, id: string): SharedTable => {
  const table = catalog.tables.get(id)
  if (table === undefined) throw new Error(`table ${id} is not shared`)
  return table
}

/** The first transaction that the snapshot does not see to its end. */
export const readUnseenFrom = async (live: Reader): Promise<string> => {
  const [row] = await live.rows(sql`select pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())::text`)
  return row?.[0] ?? '0'
}

const readIsAged = async ({ live }: Sides, table: SharedTable): Promise<boolean> => {
  const rows = await live.rows(sql`
    select 1 from pg_catalog.pg_attribute
    where attrelid = ${oidOf(table)} and attname = 'xmin'`)
  return rows.length > 0
}

/** Live tells of the table which transaction wrote a row last: not every PostgreSQL-compatible server does. Asked once. */
export const isAged = async (sides: Sides, table: SharedTable): Promise<boolean> => {
  // A privilege by column does not cover the server's own columns.
  if (!table.live.canSelect) return false
  const known = sides.aged.get(table.id) ?? readIsAged(sides, table)
  sides.aged.set(table.id, known)
  return known
}
