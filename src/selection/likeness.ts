/**
 * Whether a live row that has other values than the backup's row of the same key is that record still, or another one that was given
 * its key: a folder whose files went with it may have been made anew, for somebody else, under the id that was free.
 *
 * Suspicious is a row of which most columns that tell records apart differ, or another unique key and half of the rest, or the column
 * that says when it was made; half alone where references to it were emptied. It is cleared by a unique key of its own or a time of
 * making that is the same, and by rows that still belong to it as in the backup, and could not have outlived it. What changes in many
 * rows, or is there to change (`updated_at`, `photo_count`), tells nothing. Who wrote a row last is not asked: an edit is a write too.
 */
import { sql } from 'kysely'
import { columnOf, type Uniqueness } from '../catalog/catalog.ts'
import { fromTable, inBatches, joinOn, keySource, ordinal } from '../catalog/row.ts'
import { hasSurrogate, type SharedTable } from '../catalog/shared.ts'
import { isGiven } from '../catalog/source.ts'
import { column, list } from '../database/names.ts'
import { readCreation, readHabits } from '../diff/habits.ts'
import { comparedColumns } from '../diff/records.ts'
import type { Sides } from '../diff/sides.ts'
import { findKept, findUnhooked, type Weighing } from './kin.ts'

/** How much alike the two rows of a key are. */
export interface Likeness {
  /** Nothing speaks for another record, or enough against it. */
  readonly isClear: boolean
  /** Columns that differ, of those that tell records apart. */
  readonly columns: readonly string[]
  /** How many columns tell records apart. */
  readonly of: number
}

/** Some rows that live has with other values: the columns that differ, by packed key. */
export type Differing = ReadonlyMap<string, readonly string[]>

const times = /^(date|timestamp)/
const numbers = /^(smallint|integer|bigint|numeric)$/
const changingTimes = /updat|modif|chang|edit|touch|sync|seen|login|activ|access|visit|refresh|^last|_last/i
const changingNumbers =
  /count|version|revision|total|balance|score|views|hits|likes|^num_|_num$|position|rank|sort|^(lft|rgt|rght|level)$/i

/** True for a column that by its name and type is there to change. */
const isMeantToChange = (table: SharedTable, name: string): boolean => {
  const type = columnOf(table.live, name)?.baseType ?? ''
  return (times.test(type) && changingTimes.test(name)) || (numbers.test(type) && changingNumbers.test(name))
}

/** Rows recognised by what the user named, or by their ends, are who they are. */
const isKnownByKey = (sides: Sides, table: SharedTable): boolean =>
  table.ends !== null || hasSurrogate(table) || sides.catalog.declarations.identities[table.id] !== undefined

interface Weighed {
  readonly likeness: Likeness
  /** Just half of what tells records apart differs, and nothing clears it. */
  readonly isHalf: boolean
}

/** Weighs live rows that stand in for the backup's under other keys, by their columns alone. */
export const weighMoved = async (
  sides: Sides,
  table: SharedTable,
  rows: Differing,
): Promise<ReadonlyMap<string, Likeness>> =>
  rows.size === 0
    ? new Map()
    : new Map([...(await weighColumns(sides, table, rows))].map(([key, { likeness }]) => [key, likeness]))

/** Weighs rows that live has with other values under the same keys. */
export const weighLikeness = async (
  weighing: Weighing,
  table: SharedTable,
  rows: Differing,
): Promise<ReadonlyMap<string, Likeness>> => {
  const { sides } = weighing
  if (rows.size === 0) return new Map()
  if (isKnownByKey(sides, table))
    return new Map([...rows].map(([key, columns]) => [key, { isClear: true, columns, of: columns.length }]))
  const weighed = await weighColumns(sides, table, rows)
  const likenesses = new Map([...weighed].map(([key, { likeness }]) => [key, likeness]))
  const suspects = [...weighed].filter(([, { likeness, isHalf }]) => !likeness.isClear || isHalf)
  if (suspects.length === 0) return likenesses
  const keys = suspects.map(([key]) => key)
  const kept = await findKept(weighing, table, keys)
  const unhooked = await findUnhooked(sides, table, keys)
  for (const [key, { likeness, isHalf }] of suspects) {
    const isProven = kept.has(key) && !unhooked.has(key)
    const isSuspect = !likeness.isClear || (isHalf && unhooked.has(key))
    likenesses.set(key, { ...likeness, isClear: isProven || !isSuspect })
  }
  return likenesses
}

/** What the columns alone say. */
const weighColumns = async (
  sides: Sides,
  table: SharedTable,
  rows: Differing,
): Promise<ReadonlyMap<string, Weighed>> => {
  const { restless } = await readHabits(sides, table)
  const { named, shown } = await readCreation(sides, table)
  const told = comparedColumns(table).filter(
    (name) =>
      !table.identity.includes(name) &&
      name !== table.softDelete &&
      !isGiven(table.backup, name) &&
      !restless.includes(name) &&
      !(isMeantToChange(table, name) && !shown.includes(name)),
  )
  const empty = await readEmpty(sides, table, [...rows.keys()], told)
  const weighed = new Map<string, Weighed>()
  for (const [key, differing] of rows) {
    const isEqual = (name: string): boolean => !differing.includes(name) && !empty.get(key)?.has(name)
    const telling = told.filter((name) => differing.includes(name) || isEqual(name))
    const columns = telling.filter((name) => differing.includes(name))
    const isMade = (name: string): boolean => shown.includes(name) || named.includes(name)
    const isCleared = shown.some(isEqual) || table.live.uniques.some((unique) => isOwnKey(table, unique, isEqual))
    const isSuspect =
      columns.length * 2 > telling.length ||
      columns.some(isMade) ||
      table.live.uniques.some((unique) => isOtherKey(unique, telling, columns))
    const likeness = { isClear: isCleared || !isSuspect, columns, of: telling.length }
    const isHalf = !isCleared && columns.length > 0 && columns.length * 2 === telling.length
    weighed.set(key, { likeness, isHalf })
  }
  return weighed
}

/** A unique key that is the record's own (an address, a code), and the same on both sides; numbers alone may be a place in a list. */
const isOwnKey = (table: SharedTable, unique: Uniqueness, isEqual: (name: string) => boolean): boolean =>
  unique.kind === 'unique' &&
  unique.predicate === null &&
  unique.columns.every((name) => !table.identity.includes(name) && isEqual(name)) &&
  unique.columns.some((name) => !numbers.test(columnOf(table.live, name)?.baseType ?? '') && !isReference(table, name))

const isReference = ({ live }: SharedTable, name: string): boolean =>
  live.foreignKeys.some(({ columns }) => columns.includes(name))

/** A unique key that differs, with at least half of the other columns. */
const isOtherKey = (unique: Uniqueness, telling: readonly string[], columns: readonly string[]): boolean => {
  const isOfIt = (name: string): boolean => unique.columns.includes(name)
  const rest = telling.filter((name) => !isOfIt(name))
  const changed = columns.filter((name) => !isOfIt(name))
  return unique.kind === 'unique' && columns.some(isOfIt) && changed.length * 2 >= rest.length
}

/** The columns that are empty in the backup, by row. */
const readEmpty = async (
  sides: Sides,
  table: SharedTable,
  keys: readonly string[],
  columns: readonly string[],
): Promise<ReadonlyMap<string, ReadonlySet<string>>> => {
  const empty = new Map<string, ReadonlySet<string>>()
  for (const batch of columns.length === 0 ? [] : inBatches(keys)) {
    const rows = await sides.backup.rows(sql`
      select ${ordinal('k')}::text, ${list(columns.map((name) => sql`(${column('t', name)} is null)::text`))}
      from ${keySource(table.backup, table.identity, batch)}
      join ${fromTable(table.backup)} as t on ${joinOn(table.identity, 't', 'k')}`)
    for (const [ord, ...flags] of rows) {
      empty.set(batch[Number(ord) - 1] ?? '', new Set(columns.filter((_, place) => flags[place] === 'true')))
    }
  }
  return empty
}
