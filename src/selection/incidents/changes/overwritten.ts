/**
 * Overwritten rows are incidents: in come the rows of a table that live has with other values, out go the UPDATEs that explain them.
 *
 *     rows that differ -> those of one transaction -> what each column was set to -> the condition that separates them -> incidents
 *
 * What single rows lost to normal work is no incident: it takes one transaction that wrote several rows alike, or one value in many rows
 * of transactions that came one after the other. An UPDATE that is written out hits, on the backup, what is said of it.
 */

import { columnOf } from '../../../catalog/catalog.ts'
import { isTime } from '../../../catalog/conventions/column-words.ts'
import type { SharedTable } from '../../../catalog/shared.ts'
import type { Sides } from '../../../rows/sides.ts'
import { type ChangedRows, type ReadProgress, readChangedRows } from './changed-rows.ts'
import { type Explained, explainUpdate } from './explain.ts'
import { readWrittenByTriggers } from './triggers.ts'
import { fewestRows, findUpdates, type Update, type UpdateSearch } from './updates.ts'

/** What UPDATEs did to one table. */
export interface Overwritten {
  readonly table: SharedTable
  readonly changed: ChangedRows
  readonly events: readonly OverwrittenEvent[]
  /** Rows that differ, and that no event explains. */
  readonly others: number
}

export interface OverwrittenEvent extends Explained {
  /** Columns that a trigger wrote into the same rows. */
  readonly touched: readonly string[]
  /** Those that wrote the rows that speak for it; none where nobody can tell. */
  readonly writers: readonly string[]
}

/** Transactions of a table that are looked at. */
const mostWriters = 8

/** Where so many transactions wrote several rows each, that is normal work, but for one that wrote far more than the others. */
const usualWriters = 10
const farMore = 10

/** One value in fewer rows, each of a transaction of its own, is normal work. */
const manyRows = 10

/** The transactions that may be events, those of most rows first. */
const standingOut = (changed: ChangedRows): readonly (readonly number[])[] => {
  const groups = [...changed.byWriter(Array.from({ length: changed.size }, (_, row) => row)).values()]
    .filter((rows) => rows.length >= fewestRows)
    .sort((a, b) => b.length - a.length)
  const median = groups[Math.floor(groups.length / 2)]?.length ?? 0
  const isFar = (rows: readonly number[]): boolean => groups.length <= usualWriters || rows.length >= farMore * median
  return groups.filter(isFar).slice(0, mostWriters)
}

/** Which columns of which rows are explained already. */
class Explanations {
  readonly #changed: ChangedRows
  readonly #found: { readonly columns: readonly string[]; readonly rows: Uint8Array }[] = []
  readonly #any: Uint8Array

  constructor(changed: ChangedRows) {
    this.#changed = changed
    this.#any = new Uint8Array(changed.size)
  }

  /** `told`: rows that are told with it, because triggers alone changed something in them, or somebody edited them since. */
  add({ update, rows }: Explained, told: readonly number[]): void {
    this.#found.push({ columns: update.assignments.map(({ column }) => column), rows: this.#changed.flag(rows) })
    for (const some of [rows, told]) for (const row of some) this.#any[row] = 1
  }

  readonly isExplained = (column: string, rows: readonly number[]): boolean =>
    this.#found.some((own) => own.columns.includes(column) && rows.every((row) => own.rows[row] === 1))

  /** Rows in which nothing is explained. */
  get others(): readonly number[] {
    const others: number[] = []
    for (const [row, flag] of this.#any.entries()) if (flag === 0) others.push(row)
    return others
  }
}

/** The UPDATE without what triggers wrote; null where nothing is left, or where all that rows have in common is when they were written. */
const withoutTouched = ({ changed }: UpdateSearch, update: Update, byTriggers: readonly string[]): Update | null => {
  const assignments = update.assignments.filter(({ column }) => !byTriggers.includes(column))
  const names = assignments.map(({ column }) => column)
  const rows = update.rows.filter((row) => changed.columnsOf(row).some((name) => names.includes(name)))
  const isUnexplained = (name: string): boolean => !names.includes(name) && !byTriggers.includes(name)
  const isOnlyTouch =
    names.every((name) => isTime(columnOf(changed.table.live, name))) &&
    rows.some((row) => changed.columnsOf(row).some(isUnexplained))
  return rows.length < fewestRows || isOnlyTouch ? null : { assignments, rows }
}

/** Transactions that came one after the other: hardly any other got a number in between. */
const isBurst = (writers: readonly string[]): boolean => {
  const numbers = writers.map(Number).sort((a, b) => a - b)
  return (numbers.at(-1) ?? 0) - (numbers[0] ?? 0) <= 2 * writers.length + 10
}

const writersOf = (changed: ChangedRows, rows: readonly number[]): readonly string[] =>
  [...changed.byWriter(rows).keys()].filter((writer) => writer !== '')

/** Finds the events of one table. */
export const findOverwritten = async (
  sides: Sides,
  table: SharedTable,
  progress: ReadProgress = {},
): Promise<Overwritten> => {
  const changed = await readChangedRows(sides, table, progress)
  const known = new Explanations(changed)
  const search: UpdateSearch = { sides, changed, isExplained: known.isExplained }
  const events: OverwrittenEvent[] = []
  const writtenByTriggers =
    changed.size < fewestRows
      ? []
      : await readWrittenByTriggers(
          sides,
          table,
          table.columns.map(({ name }) => name),
        )
  const explain = async (rows: readonly number[], isEvent: (explained: Explained) => boolean): Promise<void> => {
    for await (const found of findUpdates(search, rows)) {
      const update = withoutTouched(search, found, writtenByTriggers)
      const explained = update === null ? null : await explainUpdate(search, update)
      if (explained === null || !isEvent(explained)) continue
      const names = [...explained.update.assignments.map(({ column }) => column), ...writtenByTriggers]
      const isWhole = (row: number): boolean => changed.columnsOf(row).every((name) => names.includes(name))
      known.add(explained, [...found.rows.filter(isWhole), ...explained.edited])
      const own = new Set(changed.bySet(found.rows).flatMap(({ columns }) => columns))
      events.push({
        ...explained,
        touched: writtenByTriggers.filter((name) => own.has(name)),
        writers: writersOf(changed, explained.update.rows),
      })
    }
  }
  for (const rows of standingOut(changed)) await explain(rows, () => true)
  const single = [...changed.byWriter(known.others).values()].flatMap((rows) => (rows.length < fewestRows ? rows : []))
  await explain(single, ({ update, condition }) => {
    const writers = writersOf(changed, update.rows)
    return update.rows.length >= manyRows && condition?.isExact === true && isBurst(writers)
  })
  return { table, changed, events, others: known.others.length }
}
