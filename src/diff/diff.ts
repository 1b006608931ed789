/** How the rows of two sides differ: counts per table, and the rows themselves in batches. */
import { sql } from 'kysely'
import { asText, fromTable, inBatches, joinOn, keySource, ordinal } from '../catalog/row.ts'
import type { SharedTable } from '../catalog/shared.ts'
import type { Reader } from '../database/session.ts'
import { mergeKeys } from './keys.ts'
import type { Sides } from './sides.ts'
import { classifyDiffering, readPresent } from './states.ts'

/** The states a diff tells apart; equal rows are not listed. */
export type DiffState = 'missing' | 'changed' | 'extra' | 'reused' | 'restored'

export const diffStates: readonly DiffState[] = ['missing', 'changed', 'extra', 'reused', 'restored']

export interface RowDiff {
  readonly state: DiffState
  /** Packed key; the live key for `extra`, else the backup's. */
  readonly key: string
  /** Columns that differ, for `changed` and `reused`. */
  readonly columns: readonly string[]
}

export type Counts = Readonly<Record<DiffState, number>>

export interface TableDiff extends Counts {
  readonly table: string
  /** Rows read so far on both sides together. */
  readonly rows: number
}

/** Told while a table is compared. */
export type DiffProgress = (progress: { readonly table: string; readonly rows: number }) => void

/**
 * Streams the differences of one table in batches, in key order. Both sides are read once, in the snapshots of `sides`; memory is
 * a few batches whatever the size of the table.
 */
export async function* diffRows(
  sides: Sides,
  table: SharedTable,
  onProgress?: DiffProgress,
): AsyncGenerator<readonly RowDiff[]> {
  const restored = sides.restored.get(table.id) ?? new Map<string, string>()
  const restoredLive = await stillThere(sides, table, restored)
  let rows = 0
  for await (const batch of mergeKeys(sides, table)) {
    rows += batch.read
    onProgress?.({ table: table.id, rows })
    const classes = await classifyDiffering(sides, table, batch.differing)
    const found: RowDiff[] = batch.missing.map((key) => ({
      state: restoredLive.has(restored.get(key) ?? '') ? 'restored' : 'missing',
      key,
      columns: [],
    }))
    for (const key of batch.extra) if (!restoredLive.has(key)) found.push({ state: 'extra', key, columns: [] })
    for (const [key, state] of classes) {
      if (restoredLive.has(restored.get(key) ?? '')) found.push({ state: 'restored', key, columns: [] })
      else if (state.state === 'changed' || state.state === 'reused') {
        found.push({ state: state.state, key, columns: state.columns })
      }
    }
    if (found.length > 0) yield found
  }
}

const stillThere = async (
  sides: Sides,
  table: SharedTable,
  restored: ReadonlyMap<string, string>,
): Promise<ReadonlySet<string>> =>
  restored.size === 0 ? new Set() : await readPresent(sides.live, table, [...new Set(restored.values())])

/** Counts one table. */
export const diffTable = async (sides: Sides, table: SharedTable, onProgress?: DiffProgress): Promise<TableDiff> => {
  const counts = { missing: 0, changed: 0, extra: 0, reused: 0, restored: 0 }
  let read = 0
  const progress: DiffProgress = (progress) => {
    read = progress.rows
    onProgress?.(progress)
  }
  for await (const batch of diffRows(sides, table, progress)) for (const row of batch) counts[row.state]++
  return { table: table.id, ...counts, rows: read }
}

/** The values of some rows of one side as text, by packed key; rows it lacks are absent. */
export const readValues = async (
  reader: Reader,
  table: SharedTable,
  keys: readonly string[],
): Promise<ReadonlyMap<string, Readonly<Record<string, string | null>>>> => {
  const side = reader.side === 'live' ? table.live : table.backup
  const names = side.columns.map(({ name }) => name)
  const values = new Map<string, Readonly<Record<string, string | null>>>()
  for (const batch of inBatches(keys, 1_000)) {
    const rows = await reader.rows(sql`
      select ${ordinal('k')}::text, ${asText('t', names)}
      from ${keySource(side, table.identity, batch)}
      join ${fromTable(side)} as t on ${joinOn(table.identity, 't', 'k')}`)
    for (const [ord, ...row] of rows) {
      const key = batch[Number(ord) - 1] ?? ''
      values.set(key, Object.fromEntries(names.map((name, position) => [name, row[position] ?? null])))
    }
  }
  return values
}
