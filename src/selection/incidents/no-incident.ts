/** What is missing and is no incident: bookkeeping of frameworks, deliberate deletions, and tables whose absence proves nothing. */
import { sql } from 'kysely'
import type { TableRefusal } from '../../catalog/refusal/refusal.ts'
import type { SharedTable } from '../../catalog/shared.ts'
import { list, type Query } from '../../database/names.ts'
import type { Reader } from '../../database/session/reader.ts'
import { labelColumn } from '../../rows/labels.ts'
import type { Sides } from '../../rows/sides.ts'
import { fromTable } from '../../sql/rows.ts'
import { mayHoldRows } from '../all-missing.ts'
import type { FoundCondition } from './conditions/conditions.ts'
import type { Loss } from './missing.ts'

/** Missing rows that are no incident, or a table about which nothing can be said, and why. */
export type LeftOutRows = WhyNone & {
  /** What `--incident` takes, where the rows can be had all the same. */
  readonly id: string | null
  readonly table: string
  /** Missing rows; null where they cannot be counted. */
  readonly rows: number | null
}

/** A deletion that looks deliberate. */
export type Deliberate =
  /** A partition is gone as a whole. */
  | { readonly kind: 'partition'; readonly partition: string }
  /** Everything up to some time or key is gone, or marked as deleted. */
  | { readonly kind: 'retention'; readonly condition: string; readonly isMarked: boolean }

type WhyNone =
  | Deliberate
  | { readonly kind: 'bookkeeping' | 'never' | 'marked before' | 'not looked at' }
  /** The backup holds less of it than the database did. */
  | { readonly kind: 'partial backup'; readonly because: 'unlogged' | 'empty' | 'absent' }
  | { readonly kind: 'not restorable'; readonly refusal: TableRefusal }

/** Rows from which on "everything before it is gone" is evidence, and no accident. */
const fewestByTime = 10
const fewestByKey = 20

/** Why a condition looks like a deliberate deletion; null where it does not. Tables whose rows have names are not pruned by key. */
export const findDeliberate = (table: SharedTable, condition: FoundCondition, loss: Loss): Deliberate | null => {
  const { kind, hits, of, isOnly, isLowest } = condition
  if (hits !== of) return null
  if (kind === 'partition') return { kind, partition: /'(.*)'/.exec(condition.sql)?.[1] ?? '' }
  if (!isOnly || !isLowest) return null
  const isOld = kind === 'time range' && hits >= fewestByTime
  const isPruned = kind === 'key range' && hits >= fewestByKey && labelColumn(table) === null
  if (!isOld && !isPruned) return null
  return { kind: 'retention', condition: condition.sql, isMarked: loss === 'marked' }
}

/** A table that was left aside. */
export const leaveUnseen = (table: string): LeftOutRows => ({
  kind: 'not looked at',
  id: null,
  table,
  rows: null,
})

/** Tables that cannot be restored: whether rows of theirs are missing is not asked. */
export const findRefused = async (sides: Sides): Promise<readonly LeftOutRows[]> => {
  const found: LeftOutRows[] = []
  for (const table of sides.catalog.tables.values()) {
    if (table.refusal === null || !(await mayHoldRows(sides, table))) continue
    found.push({ kind: 'not restorable', id: null, table: table.id, rows: null, refusal: table.refusal })
  }
  return found
}

const findEmpty = async (reader: Reader, tables: readonly SharedTable[]): Promise<ReadonlySet<string>> => {
  if (tables.length === 0) return new Set()
  const checks = tables.map((table, place): Query => {
    const side = table[reader.side]
    return sql`select ${sql.lit(place)}::text where not exists (select from ${fromTable(side)} as t)`
  })
  const rows = await reader.rows(list(checks, ' union all '))
  return new Set(rows.map(([place]) => tables[Number(place)]?.id ?? ''))
}

/** Tables of a backup that holds less than the database did. */
export const findPartial = async (sides: Sides, tables: readonly SharedTable[]): Promise<readonly LeftOutRows[]> => {
  const inBackup = await findEmpty(sides.backup, tables)
  const inLive = await findEmpty(
    sides.live,
    tables.filter(({ id }) => inBackup.has(id)),
  )
  const toEntry = (table: string, because: 'unlogged' | 'empty' | 'absent'): LeftOutRows => ({
    kind: 'partial backup',
    id: null,
    table,
    rows: null,
    because,
  })
  return [
    ...tables.flatMap(({ id, backup }) => {
      if (backup.isUnlogged) return [toEntry(id, 'unlogged')]
      return inBackup.has(id) && !inLive.has(id) ? [toEntry(id, 'empty')] : []
    }),
    ...sides.catalog.live.tables
      .filter(({ id }) => !sides.catalog.tables.has(id))
      .map(({ id }) => toEntry(id, 'absent')),
  ]
}
