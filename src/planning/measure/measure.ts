/**
 * What a plan pins about the rows it names: a digest of the backup's images, guards on live rows, sizes, and values that get lost.
 *
 * In come the steps, out go numbers and digests.
 */
import { sql } from 'kysely'
import type { SharedTable } from '../../catalog/shared.ts'
import { column, list, type Query } from '../../database/names.ts'
import type { Reader } from '../../database/session/reader.ts'
import { RowgraftError } from '../../errors.ts'
import { displayKey } from '../../keys/key.ts'
import { type KeyColumn, keyBatches } from '../../keys/key-columns.ts'
import { tellBatches } from '../../progress/progress.ts'
import { readShown } from '../../rows/by-key.ts'
import { type Sides, tableOf } from '../../rows/sides.ts'
import { type PlacedMethod, placedDigest, rowImage } from '../../sql/column-digest.ts'
import { imageColumns, keptDigest, pinsNothing } from '../../sql/images.ts'
import { batchSize, inBatches, keyedRows, ordinal } from '../../sql/rows.ts'

export interface Measured {
  /** 64 bits over all images, each seeded with its ordinal; as a decimal text. */
  readonly digest: string
  readonly bytes: number
}

/** Combines 64-bit digests given as decimal texts. */
export const combineDigests = (digests: readonly string[]): string =>
  String(
    BigInt.asIntN(
      64,
      digests.reduce((sum, digest) => sum ^ BigInt(digest), 0n),
    ),
  )

/** Keys under which too many rows were found. */
interface KeyedRows {
  readonly keys: readonly string[]
  /** The FROM that found them. */
  readonly found: Query
}

/** A broken index lets rows in under one key: whichever was meant, nobody can tell. */
const refuseDoubled = async (backup: Reader, { id }: SharedTable, { keys, found }: KeyedRows): Promise<never> => {
  const rows = await backup.rows(sql`select ${ordinal('k')}::text ${found}`)
  const counts = Map.groupBy(rows, ([position]) => Number(position))
  const doubled = [...counts].flatMap(([position, own]) => (own.length > 1 ? [keys[position - 1] ?? ''] : []))
  throw new RowgraftError('not-restorable', `the backup has several rows of "${id}" under one key`, {
    detail: doubled
      .slice(0, 10)
      .map((key) => `${id} ${displayKey(key)}`)
      .join('\n'),
    hint: 'The index on its key is broken there (pg_amcheck tells which are). Leave these rows out, or delete all but the right ones first.',
  })
}

/** The digest of backup rows in the order given; ordinals start at 1, so it is the digest of the stage these rows make. */
const measureRows = async (
  backup: Reader,
  table: SharedTable,
  { batches, method }: { readonly batches: Iterable<readonly string[]>; readonly method: PlacedMethod },
): Promise<Measured> => {
  const columns = imageColumns(table)
  const digests: string[] = []
  let bytes = 0
  let offset = 0
  for (const batch of batches) {
    if (pinsNothing(table)) {
      bytes += batch.reduce((sum, key) => sum + key.length + 2, 0)
      continue
    }
    const seed = sql`(${ordinal('k')} + ${String(offset)}::bigint)`
    const found = sql`
      from ${keyedRows(table.backup, table.identity, batch)}`
    const [row] = await backup.rows(sql`
      select pg_catalog.count(*)::text,
             coalesce(bit_xor(${placedDigest({ alias: 't', table, columns }, method, seed)}), 0)::text,
             coalesce(sum(pg_catalog.octet_length(${rowImage('t', columns)})), 0)::text
      ${found}`)
    if (Number(row?.[0]) > batch.length) await refuseDoubled(backup, table, { keys: batch, found })
    digests.push(row?.[1] ?? '0')
    bytes += Number(row?.[2] ?? 0)
    offset += batch.length
  }
  return { digest: combineDigests(digests), bytes }
}

/** Rows that a step writes, by backup key. */
export interface WrittenKeys {
  readonly table: string
  readonly action: string
  readonly keys: readonly KeyColumn[]
  readonly rows: number
}

function* batchesOf(written: readonly WrittenKeys[]): Generator<readonly string[]> {
  for (const { keys } of written) yield* keyBatches(keys, batchSize)
}

/** The digest of everything that steps write, in the order in which it is staged: inserted rows of a table, then updated ones. */
export const measureImages = async (
  { backup, catalog, onStage }: Pick<Sides, 'backup' | 'catalog' | 'onStage'>,
  written: readonly WrittenKeys[],
  method: PlacedMethod,
): Promise<Measured> => {
  const digests: string[] = []
  let bytes = 0
  for (const [id, own] of Map.groupBy(written, ({ table }) => table)) {
    const ordered = [
      ...own.filter(({ action }) => action === 'insert'),
      ...own.filter(({ action }) => action === 'update'),
    ]
    const at = { stage: 'measure', table: id, total: ordered.reduce((sum, { rows }) => sum + rows, 0) } as const
    const batches = tellBatches(onStage, at, batchesOf(ordered))
    const measured = await measureRows(backup, tableOf(catalog, id), { batches, method })
    digests.push(measured.digest)
    bytes += measured.bytes
  }
  return { digest: combineDigests(digests), bytes }
}

/** A digest per live row, lasting over server upgrades; empty for a row that is gone. */
export const readGuards = async (
  live: Reader,
  table: SharedTable,
  keys: readonly string[],
): Promise<readonly string[]> => {
  const found = await readShown(live, table, { keys, show: [keptDigest('t', table.live, table.identity)] })
  return keys.map((key) => found.get(key)?.[0] ?? '')
}

/** How many values the columns that only the backup has hold in the rows given. */
export const countLost = async (
  sides: Sides,
  table: SharedTable,
  keys: Iterable<string>,
): Promise<readonly { readonly column: string; readonly values: number }[]> => {
  const names = table.drift.filter((drift) => drift.kind === 'only in backup').map((drift) => drift.column)
  if (names.length === 0) return []
  const totals = names.map(() => 0)
  for (const batch of tellBatches(sides.onStage, { stage: 'measure', table: table.id }, inBatches(keys))) {
    const [row] = await sides.backup.rows(sql`
      select ${list(names.map((name) => sql`pg_catalog.count(${column('t', name)})::text`))}
      from ${keyedRows(table.backup, table.identity, batch)}`)
    for (const position of names.keys()) totals[position] = (totals[position] ?? 0) + Number(row?.[position] ?? 0)
  }
  return names.map((name, position) => ({ column: name, values: totals[position] ?? 0 }))
}
