/**
 * How the tables of two sides differ: in come the sides and tables, out go counts per table and rows in batches.
 * The way is chosen in `buckets/scan.ts`: keys alone are merged in `keys/`, whole rows are found through digests of `buckets/`.
 */
import type { SharedTable } from '../catalog/shared.ts'
import { hasSpellings } from '../catalog/spelling.ts'
import type { Reader } from '../database/session/reader.ts'
import { measured, type StageProgress } from '../progress/progress.ts'
import type { Sides } from '../rows/sides.ts'
import { classifyDiffering, readPresent } from '../rows/states.ts'
import { batchSize } from '../sql/rows.ts'
import { scanTable } from './buckets/scan.ts'
import { compareCopies } from './copies.ts'
import { type DiffState, diffStates } from './diff-states.ts'

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

/** How far the comparison of a table is. */
export interface DiffStep extends StageProgress {
  readonly table: string
  /** Rows read so far on both sides together. */
  readonly rows: number
  /** Buckets done so far on both sides together; 0 where rows are compared key by key. */
  readonly buckets: number
}

/** Told while a table is compared. */
export type DiffProgress = (step: DiffStep) => void

export interface DiffOptions {
  /** States of interest; missing and extra rows alone are found by keys, without reading rows. Default: all. */
  readonly states?: readonly DiffState[] | undefined
  readonly onProgress?: DiffProgress | undefined
  /** Say which columns differ. Default: yes. */
  readonly withColumns?: boolean | undefined
  /** Rows per bucket, instead of a width that fits the table; Infinity for one bucket. */
  readonly bucketRows?: number | undefined
}

/** Rows of both sides as their statistics have it; null where these do not. */
const estimateRows = ({ live, backup }: SharedTable): number | null => {
  // -1: never analyzed.
  const isKnown = Math.min(live.estimatedRows, backup.estimatedRows) >= 0
  return isKnown ? live.estimatedRows + backup.estimatedRows : null
}

const stepsOf = (
  table: SharedTable,
  onProgress: DiffProgress | undefined,
): ((read: { readonly rows: number; readonly buckets: number }) => void) => {
  let [rows, buckets] = [0, 0]
  const total = estimateRows(table)
  const tell = measured((step) => onProgress?.({ ...step, table: table.id, rows, buckets }))
  return (read) => {
    rows += read.rows
    buckets += read.buckets
    tell({ stage: 'compare', table: table.id, done: rows, total })
  }
}

const byKeys: readonly DiffState[] = ['missing', 'extra']

const wantsOf = (states: readonly DiffState[]): 'keys' | 'everything' =>
  states.every((state) => byKeys.includes(state)) ? 'keys' : 'everything'

/**
 * Streams the differences of one table in batches: missing rows, extra rows, then those that differ. Both sides are read in the
 * snapshots of `sides`; memory is a few bytes per row that differs. The sessions are free whenever a batch is yielded.
 */
export async function* diffRows(
  sides: Sides,
  table: SharedTable,
  options: DiffOptions = {},
): AsyncGenerator<readonly RowDiff[]> {
  if (table.countsOnly) return
  const { states = diffStates, onProgress, bucketRows, withColumns = true } = options
  const restored = sides.restored.get(table.id) ?? new Map<string, string>()
  const restoredLive = await stillThere(sides, table, restored)
  const wants = wantsOf(states)
  const wanted = (rows: readonly RowDiff[]): readonly RowDiff[] => rows.filter(({ state }) => states.includes(state))
  for await (const found of scanTable(sides, table, { wants, bucketRows, onRead: stepsOf(table, onProgress) })) {
    for (const keys of found.missing.batches(batchSize)) {
      const spelled = await readSpelled(sides.live, table, keys)
      if (spelled.size > 0) yield wanted(await differingRows(sides, table, [...spelled]))
      const missing = keys.filter((key) => !spelled.has(key))
      const rows = missing.map((key): RowDiff => {
        const isRestored = restoredLive.has(restored.get(key) ?? '')
        return { state: isRestored ? 'restored' : 'missing', key, columns: [] }
      })
      yield wanted(rows)
    }
    for (const keys of found.extra.batches(batchSize)) {
      const spelled = await readSpelled(sides.backup, table, keys)
      const rows = keys.filter((key) => !restoredLive.has(key) && !spelled.has(key))
      yield wanted(rows.map((key): RowDiff => ({ state: 'extra', key, columns: [] })))
    }
    const isRestored = (key: string): boolean => restoredLive.has(restored.get(key) ?? '')
    // A reference that follows a restored row is no change: that takes a look at the columns.
    const mustLook = withColumns || sides.restored.size > 0
    for (const list of [found.differing, found.changed]) {
      for (const keys of list.batches(batchSize)) {
        const rows =
          list === found.differing || mustLook
            ? await differingRows(sides, table, keys)
            : keys.map((key): RowDiff => ({ state: 'changed', key, columns: [] }))
        yield wanted(rows.map((row) => (isRestored(row.key) ? { ...row, state: 'restored', columns: [] } : row)))
      }
    }
  }
}

const differingRows = async (
  sides: Sides,
  table: SharedTable,
  keys: readonly string[],
): Promise<readonly RowDiff[]> => {
  const classes = await classifyDiffering(sides, table, keys)
  return [...classes].flatMap(([key, state]): readonly RowDiff[] =>
    'columns' in state ? [{ state: state.state, key, columns: state.columns }] : [],
  )
}

/** Of the keys that one side alone has as they read, those that `other` has too, spelled in another way. */
const readSpelled = async (other: Reader, table: SharedTable, keys: readonly string[]): Promise<ReadonlySet<string>> =>
  hasSpellings(table) ? readPresent(other, table, keys) : new Set()

const stillThere = async (
  sides: Sides,
  table: SharedTable,
  restored: ReadonlyMap<string, string>,
): Promise<ReadonlySet<string>> =>
  restored.size === 0 ? new Set() : await readPresent(sides.live, table, [...new Set(restored.values())])

/** Counts one table. States that are not asked for are 0. Without an identity copies of rows are counted: missing or extra. */
export const diffTable = async (sides: Sides, table: SharedTable, options: DiffOptions = {}): Promise<TableDiff> => {
  const counts = { missing: 0, changed: 0, deleted: 0, extra: 0, reused: 0, restored: 0 }
  let read = 0
  const onProgress: DiffProgress = (step) => {
    read = step.rows
    options.onProgress?.(step)
  }
  if (table.countsOnly) {
    const onRead = stepsOf(table, onProgress)
    const { missing, extra } = await compareCopies(sides, table, { bucketRows: options.bucketRows, onRead })
    return { table: table.id, ...counts, missing: missing.length, extra: extra.length, rows: read }
  }
  const { states = diffStates } = options
  if (sides.restored.size > 0 || hasSpellings(table)) {
    for await (const batch of diffRows(sides, table, { ...options, onProgress, withColumns: false })) {
      for (const row of batch) counts[row.state]++
    }
    return { table: table.id, ...counts, rows: read }
  }
  // Every list is what it says: no key needs to be looked at, but of rows that may be other records.
  const scan = { wants: wantsOf(states), bucketRows: options.bucketRows, onRead: stepsOf(table, onProgress) }
  for await (const found of scanTable(sides, table, scan)) {
    for (const state of ['missing', 'extra', 'changed'] as const) {
      if (states.includes(state)) counts[state] += found[state].length
    }
    for (const keys of found.differing.batches(batchSize)) {
      for (const { state } of await differingRows(sides, table, keys)) if (states.includes(state)) counts[state]++
    }
  }
  return { table: table.id, ...counts, rows: read }
}
