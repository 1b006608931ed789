/**
 * Whether a live row that has other values than the backup's row of the same key is that record still, or another one that was given
 * its key: a folder whose files went with it may have been made anew, for somebody else, under the id that was free.
 *
 * Suspicious is a row of which most columns that tell records apart differ, or another unique key and half of the rest, or the column
 * that says when it was made; half alone where references to it were emptied. It is cleared by a unique key of its own or a time of
 * making that is the same, and by rows that still belong to it as in the backup, and could not have outlived it. Little is told by
 * columns that change in many rows, or have the same value in many, or are empty on either side, or are there to change (`updated_at`,
 * `photo_count`): they are asked where there is nothing else. Who wrote a row last is not: an edit is a write too.
 */
import { columnOf, type Uniqueness } from '../catalog/catalog.ts'
import { isInstant, isMeantToChange, isNumber } from '../catalog/column-words.ts'
import { hasSurrogate, type SharedTable } from '../catalog/shared.ts'
import { isGiven } from '../catalog/source.ts'
import { type RowPairs, readDifferences, readEmpty } from '../diff/changed-columns.ts'
import { type ColumnHabits, readCreation, readHabits } from '../diff/habits.ts'
import { type CreationColumns, comparedColumns } from '../diff/records.ts'
import type { Sides } from '../diff/sides.ts'
import { findKept, findRewritten, findUnhooked, type Weighing } from './kin.ts'

/** How much alike the two rows of a key are. */
export interface Likeness {
  /** Nothing speaks for another record, or enough against it. */
  readonly isClear: boolean
  /** Columns that differ: of those that tell records apart, if any of these do. */
  readonly columns: readonly string[]
  /** How many columns tell records apart. */
  readonly of: number
}

/** Some rows that live has with other values: the columns that differ, by packed key. */
export type Differing = ReadonlyMap<string, readonly string[]>

/** Rows recognised by what the user named, or by their ends, are who they are. */
const isKnownByKey = (sides: Sides, table: SharedTable): boolean =>
  table.ends !== null || hasSurrogate(table) || sides.catalog.declarations.identities[table.id] !== undefined

interface Weighed {
  readonly likeness: Likeness
  /** Just half of what tells records apart differs, and nothing clears it. */
  readonly isHalf: boolean
}

/** Rows of the backup, packed, with the live rows that are there for them, and the columns that are no sign of it. */
export interface Moved {
  readonly rows: ReadonlyMap<string, string>
  /** They follow the keys of other rows, or are what the live rows were found by. */
  readonly except: readonly string[]
}

/** Weighs live rows that stand in for the backup's under other keys, by their columns alone: those that differ in any. */
export const weighMoved = async (
  sides: Sides,
  table: SharedTable,
  { rows, except }: Moved,
): Promise<ReadonlyMap<string, Likeness>> => {
  if (rows.size === 0) return new Map()
  const columns = comparedColumns(table).filter((name) => !table.identity.includes(name) && !except.includes(name))
  const pairs = { keys: [...rows.keys()], live: [...rows.values()], columns }
  const differing = await readDifferences(sides, table, pairs)
  const weighed = await weighColumns(sides, table, { ...pairs, differing })
  return new Map([...weighed].map(([key, { likeness }]) => [key, likeness]))
}

/** Columns of a row that came back under another key that follow other keys. */
export const followingColumns = ({ catalog }: Sides, table: SharedTable): readonly string[] =>
  catalog.relations.flatMap(({ child, columns }) => (child === table.id ? columns : []))

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
  const keys = [...rows.keys()]
  const pairs = { keys, live: keys, columns: comparedColumns(table), differing: rows }
  const weighed = await weighColumns(sides, table, pairs)
  const likenesses = new Map([...weighed].map(([key, { likeness }]) => [key, likeness]))
  const suspects = new Map([...weighed].filter(([, { likeness, isHalf }]) => !likeness.isClear || isHalf))
  const rewritten = suspects.size === 0 ? new Set<string>() : await findRewritten(weighing, table)
  for (const [key, { likeness }] of suspects) {
    const isExplained = likeness.columns.every((name) => rewritten.has(name))
    if (isExplained) likenesses.set(key, { ...likeness, isClear: true })
    if (isExplained) suspects.delete(key)
  }
  if (suspects.size === 0) return likenesses
  const { kept } = await findKept(weighing, table, [...suspects.keys()])
  const unhooked = await findUnhooked(sides, table, [...suspects.keys()])
  for (const [key, { likeness, isHalf }] of suspects) {
    const isProven = kept.has(key) && !unhooked.has(key)
    const isSuspect = !likeness.isClear || (isHalf && unhooked.has(key))
    likenesses.set(key, { ...likeness, isClear: isProven || !isSuspect })
  }
  return likenesses
}

/** What is known about a table's columns. */
interface Columns {
  readonly table: SharedTable
  readonly creation: CreationColumns
  readonly habits: ColumnHabits
  /** That may tell records apart. */
  readonly told: readonly string[]
  /** The others, as far as they belong to the record: they are there to change. */
  readonly changing: readonly string[]
}

const readColumns = async (sides: Sides, table: SharedTable, compared: readonly string[]): Promise<Columns> => {
  const habits = await readHabits(sides, table)
  const creation = await readCreation(sides, table)
  const own = compared.filter(
    (name) => !table.identity.includes(name) && name !== table.softDelete && !isGiven(table.backup, name),
  )
  const isChanging = (name: string): boolean => {
    const found = columnOf(table.live, name)
    return found !== undefined && isMeantToChange(found) && !creation.shown.includes(name)
  }
  const told = own.filter((name) => !isChanging(name))
  return { table, creation, habits, told, changing: own.filter(isChanging) }
}

/** What the columns alone say. */
const weighColumns = async (
  sides: Sides,
  table: SharedTable,
  { keys, live, columns: compared, differing }: RowPairs & { readonly differing: Differing },
): Promise<ReadonlyMap<string, Weighed>> => {
  if (differing.size === 0) return new Map()
  const columns = await readColumns(sides, table, compared)
  const places = [...keys.keys()].filter((place) => differing.has(keys[place] ?? ''))
  const empty = await readEmpty(sides, table, {
    keys: places.map((place) => keys[place] ?? ''),
    live: places.map((place) => live[place] ?? ''),
    columns: [...columns.told, ...columns.changing],
  })
  return new Map([...differing].map(([key, names]) => [key, weighRow(columns, names, empty.get(key) ?? new Set())]))
}

/** `empty`: columns that hold nothing on one side at least. */
const weighRow = (
  { table, creation, habits, told, changing }: Columns,
  differing: readonly string[],
  empty: ReadonlySet<string>,
): Weighed => {
  const compared = new Set([...told, ...changing])
  const isEqual = (name: string): boolean => compared.has(name) && !differing.includes(name) && !empty.has(name)
  const isMade = (name: string): boolean => creation.shown.includes(name) || creation.named.includes(name)
  // A place in a list goes with the key: whoever is given that stands there too.
  const isPlace = (name: string): boolean => habits.creation.includes(name) && !habits.instants.includes(name)
  const isTold = (name: string): boolean =>
    !habits.restless.includes(name) && !habits.common.includes(name) && !(isPlace(name) && isEqual(name))
  const set = told.filter((name) => !empty.has(name))
  const choices = [
    set.filter((name) => isTold(name) || (isMade(name) && differing.includes(name))),
    set,
    told.filter((name) => differing.includes(name)),
    changing.filter((name) => differing.includes(name) || isEqual(name)),
  ]
  const telling = choices.find(({ length }) => length > 0) ?? []
  const columns = telling.filter((name) => differing.includes(name))
  const uniques = table.live.uniques
  const instants = [...habits.instants, ...creation.named.filter((name) => isInstant(columnOf(table.live, name)))]
  const isCleared = instants.some(isEqual) || uniques.some((unique) => isOwnKey(table, unique, isEqual))
  const isSuspect =
    columns.length * 2 > telling.length ||
    columns.some(isMade) ||
    uniques.some((unique) => isOtherKey(unique, telling, columns))
  const others = told.filter((name) => differing.includes(name))
  const named = [columns, others, differing].find(({ length }) => length > 0) ?? []
  return {
    likeness: { isClear: isCleared || !isSuspect, columns: named, of: telling.length },
    isHalf: !isCleared && columns.length > 0 && columns.length * 2 === telling.length,
  }
}

/** A unique key that is the record's own (an address, a code), and the same on both sides; numbers alone may be a place in a list. */
const isOwnKey = (table: SharedTable, unique: Uniqueness, isEqual: (name: string) => boolean): boolean =>
  unique.kind === 'unique' &&
  unique.predicate === null &&
  unique.columns.every((name) => !table.identity.includes(name) && isEqual(name)) &&
  unique.columns.some((name) => !isNumber(columnOf(table.live, name)) && !isReference(table, name))

const isReference = ({ live }: SharedTable, name: string): boolean =>
  live.foreignKeys.some(({ columns }) => columns.includes(name))

/** A unique key that differs, with at least half of the other columns. */
const isOtherKey = (unique: Uniqueness, telling: readonly string[], columns: readonly string[]): boolean => {
  const isOfIt = (name: string): boolean => unique.columns.includes(name)
  const rest = telling.filter((name) => !isOfIt(name))
  const changed = columns.filter((name) => !isOfIt(name))
  return unique.kind === 'unique' && columns.some(isOfIt) && changed.length * 2 >= rest.length
}
