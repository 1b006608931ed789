/**
 * The state of backup rows from live's point of view: missing, same, changed, reused or restored. Digests first; only rows whose
 * digests differ are read again, column by column.
 *
 * In come keys of the backup, out goes a state per key.
 */
import { isMarked } from '../catalog/conventions/soft-delete.ts'
import type { SharedTable } from '../catalog/shared.ts'
import { isAllKey } from '../catalog/spelling.ts'
import type { Reader } from '../database/session/reader.ts'
import { type DigestMethod, rowDigest } from '../sql/column-digest.ts'
import { findKeys, readByKey } from './by-key.ts'
import { readChangedColumns } from './records/changed-columns.ts'
import { readCreation } from './records/habits.ts'
import { comparedColumns, isReused } from './records/records.ts'
import { withoutFollowing } from './restored-references.ts'
import type { Sides } from './sides.ts'

/** What live holds of a backup row. `isMarked`: the backup's row is itself marked as deleted (soft delete). */
export type RowState =
  | { readonly state: 'missing'; readonly isMarked?: boolean }
  | { readonly state: 'same' }
  | { readonly state: 'changed'; readonly columns: readonly string[] }
  | { readonly state: 'reused'; readonly columns: readonly string[]; readonly isMarked?: boolean }
  /** In live, but marked as deleted, which it is not in the backup. */
  | { readonly state: 'deleted'; readonly columns: readonly string[] }
  | { readonly state: 'restored'; readonly liveKey: string }

/** Live has the row. */
export const isPresent = (state: RowState | undefined): boolean => state?.state === 'same' || state?.state === 'changed'

/** Live lacks the row. */
export const isGone = (
  state: RowState | undefined,
): state is Extract<RowState, { readonly state: 'missing' | 'reused' }> =>
  state?.state === 'missing' || state?.state === 'reused'

/** Live lacks the row, or has it marked as deleted. */
export const isLost = (state: RowState | undefined): boolean => isGone(state) || state?.state === 'deleted'

/** Digest per key of the rows one side has; keys that it lacks are absent. */
const readDigests = async (
  reader: Reader,
  table: SharedTable,
  { keys, method }: { readonly keys: readonly string[]; readonly method: DigestMethod },
): Promise<ReadonlyMap<string, string>> => {
  if (isAllKey(table[reader.side], table.identity))
    return new Map([...(await readPresent(reader, table, keys))].map((key) => [key, '']))
  const found = new Map<string, string>()
  const digest = rowDigest('t', comparedColumns(table), method)
  for await (const rows of readByKey(reader, table, { keys, show: [digest] })) {
    for (const { key, values } of rows) found.set(key, values[0] ?? '')
  }
  return found
}

/** Of the rows given, those that one side has marked as deleted. */
export const readMarked = async (
  reader: Reader,
  table: SharedTable,
  keys: readonly string[],
): Promise<ReadonlySet<string>> =>
  table.softDelete === null
    ? new Set()
    : findKeys(reader, table, { keys, where: isMarked(table[reader.side], table.softDelete, 't') })

/** Of the keys given, those that one side holds. */
export const readPresent = (
  reader: Reader,
  table: SharedTable,
  keys: readonly string[],
): Promise<ReadonlySet<string>> => findKeys(reader, table, { keys })

// One object each: there may be millions of such rows.
const missing: RowState = { state: 'missing' }
const same: RowState = { state: 'same' }

/** The state of every key given; each must be in the backup. `digests` are the backup's, where the caller has read them. */
export const readStates = async (
  sides: Sides,
  table: SharedTable,
  keys: readonly string[],
): Promise<ReadonlyMap<string, RowState>> => {
  const states = new Map<string, RowState>()
  const restored = sides.restored.get(table.id)
  const restoredKeys = restored === undefined ? [] : keys.filter((key) => restored.has(key))
  if (restored !== undefined && restoredKeys.length > 0) {
    const there = await readPresent(
      sides.live,
      table,
      restoredKeys.map((key) => restored.get(key) ?? ''),
    )
    for (const key of restoredKeys) {
      const liveKey = restored.get(key) ?? ''
      if (there.has(liveKey)) states.set(key, { state: 'restored', liveKey })
    }
  }
  // A row that goes by its name is not live's row of the same key.
  const named = sides.catalog.named.get(table.id)
  for (const key of keys) if (named?.get(key)?.live === null) states.set(key, { state: 'missing' })
  const open = keys.filter((key) => !states.has(key))
  const live = await readDigests(sides.live, table, { keys: open, method: sides.digest })
  const present = open.filter((key) => live.has(key))
  for (const key of open) if (!live.has(key)) states.set(key, missing)
  const backup = await readDigests(sides.backup, table, { keys: present, method: sides.digest })
  const differing = present.filter((key) => live.get(key) !== backup.get(key))
  for (const key of present) states.set(key, same)
  for (const [key, state] of await classifyDiffering(sides, table, differing)) states.set(key, state)
  const gone = open.filter((key) => isGone(states.get(key)))
  for (const key of await readMarked(sides.backup, table, gone)) {
    const state = states.get(key)
    if (isGone(state)) states.set(key, { ...state, isMarked: true })
  }
  return states
}

/** Same, changed or reused, for keys that both sides have with different digests. */
export const classifyDiffering = async (
  sides: Sides,
  table: SharedTable,
  keys: readonly string[],
): Promise<ReadonlyMap<string, RowState>> => {
  const states = new Map<string, RowState>()
  if (keys.length === 0) return states
  const changed = await withoutFollowing(sides, table, await readChangedColumns(sides, table, keys))
  const creation = await readCreation(sides, table)
  for (const [key, columns] of changed) {
    if (columns.length === 0) states.set(key, { state: 'same' })
    else states.set(key, { state: isReused(table, creation, columns) ? 'reused' : 'changed', columns })
  }
  const { softDelete } = table
  const remarked = [...states].flatMap(([key, state]) =>
    softDelete !== null && state.state === 'changed' && state.columns.includes(softDelete) ? [key] : [],
  )
  const marked = await readMarked(sides.live, table, remarked)
  const markedBefore = await readMarked(sides.backup, table, [...marked])
  for (const key of marked) {
    if (!markedBefore.has(key)) states.set(key, { state: 'deleted', columns: changed.get(key) ?? [] })
  }
  return states
}
