/** What the columns of two rows of one key say about whether they are the same record. */
import { columnOf, isGiven, type Uniqueness } from '../../catalog/catalog.ts'
import { isInstant, isMeantToChange, isNumber } from '../../catalog/conventions/column-words.ts'
import type { SharedTable } from '../../catalog/shared.ts'
import type { Sides } from '../sides.ts'
import { type RowPairs, readEmpty } from './changed-columns.ts'
import { manyValues, readCreation, readHabits } from './habits.ts'
import type { ColumnHabits, CreationColumns } from './records.ts'

/** How much alike the two rows of a key are. */
export interface Likeness {
  /** Nothing speaks for another record, or enough against it. */
  readonly isClear: boolean
  /** Columns that differ, of those that tell records apart. */
  readonly columns: readonly string[]
  /** What there is to say about it: all that differ, but for those that are there to change, unless there are no others. */
  readonly changed: readonly string[]
  /** How many columns tell records apart. */
  readonly of: number
}

/** Some rows that live has with other values: the columns that differ, by packed key. */
export type Differing = ReadonlyMap<string, readonly string[]>

/** What the columns of one row say. */
export interface Weighed {
  readonly likeness: Likeness
  /** Just half of what tells records apart differs, and nothing clears it. */
  readonly isHalf: boolean
  /** The same if it says nothing that these columns are equal. */
  readonly distrusting: (columns: readonly string[]) => Likeness
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

const mayBeEmpty = ({ live, backup }: SharedTable, name: string): boolean =>
  [live, backup].some((side) => columnOf(side, name)?.notNull !== true)

/** What the columns alone say. */
export const weighColumns = async (
  sides: Sides,
  table: SharedTable,
  {
    keys,
    live,
    columns: compared,
    differing,
    explained,
  }: RowPairs & { readonly differing: Differing; readonly explained: Differing },
): Promise<ReadonlyMap<string, Weighed>> => {
  if (differing.size === 0) return new Map()
  const columns = await readColumns(sides, table, compared)
  const places = [...keys.keys()].filter((place) => differing.has(keys[place] ?? ''))
  const empty = await readEmpty(sides, table, {
    keys: places.map((place) => keys[place] ?? ''),
    live: places.map((place) => live[place] ?? ''),
    columns: [...columns.told, ...columns.changing].filter((name) => mayBeEmpty(table, name)),
  })
  return new Map(
    [...differing].map(([key, names]) => {
      const row = { differing: names, empty: new Set([...(empty.get(key) ?? []), ...(explained.get(key) ?? [])]) }
      const weigh = (distrusted: readonly string[]): Likeness => weighRow(columns, row, distrusted).likeness
      return [key, { ...weighRow(columns, row, []), distrusting: weigh }]
    }),
  )
}

interface DifferingRow {
  readonly differing: readonly string[]
  /** Columns that hold nothing on one side at least, or say nothing for another reason. */
  readonly empty: ReadonlySet<string>
}

/** `distrusted`: columns that say nothing where they are equal. */
const weighRow = (
  { table, creation, habits, told, changing }: Columns,
  { differing, empty }: DifferingRow,
  distrusted: readonly string[],
): Pick<Weighed, 'likeness' | 'isHalf'> => {
  const compared = new Set([...told, ...changing].filter((name) => !distrusted.includes(name)))
  const isEqual = (name: string): boolean => compared.has(name) && !differing.includes(name) && !empty.has(name)
  const isMade = (name: string): boolean =>
    [creation.shown, creation.named, habits.likelyCreation].some((names) => names.includes(name))
  // A place in a list goes with the key: whoever is given that stands there too.
  const isPlace = (name: string): boolean => habits.creation.includes(name) && !habits.instants.includes(name)
  const isTold = (name: string): boolean =>
    !habits.restless.includes(name) && !habits.common.has(name) && !(isPlace(name) && isEqual(name))
  const set = told.filter((name) => !empty.has(name) && (differing.includes(name) || isEqual(name)))
  const choices = [
    set.filter((name) => isTold(name) || (isMade(name) && differing.includes(name))),
    set,
    // A reference that was emptied says that its parent went, and nothing of the row.
    told.filter((name) => differing.includes(name) && !(empty.has(name) && isReference(table, name))),
  ]
  /** Of so many rows, one has the same in all of these by chance. */
  const chanceOf = (names: readonly string[]): number =>
    names.reduce((rows, name) => rows * Math.max(1, habits.values.get(name) ?? 1), 1)
  const chosen = choices.find(({ length }) => length > 0) ?? []
  // What many rows have says little; that all of it is equal, much: as much as one column more.
  const shared = set.filter((name) => habits.common.has(name) && isEqual(name) && !chosen.includes(name))
  const telling = [...chosen, ...(chanceOf(shared) >= manyValues ? shared.slice(0, 1) : [])]
  const columns = telling.filter((name) => differing.includes(name))
  const uniques = table.live.uniques
  const isChance = columns.length > 0 && chanceOf(set.filter(isEqual)) < manyValues ** columns.length
  // Half of two is one value that was put right.
  const isMuch = columns.length * 2 > telling.length || (columns.length > 1 && columns.length * 2 === telling.length)
  const instants = [...habits.instants, ...creation.named.filter((name) => isInstant(columnOf(table.live, name)))]
  const isCleared = instants.some(isEqual) || uniques.some((unique) => isOwnKey(table, unique, isEqual))
  // Values that the user gives say nothing; what is there to change was to be expected.
  const isBlank = telling.length === 0 && differing.some((name) => isGiven(table.backup, name))
  const isSuspect =
    isBlank ||
    isChance ||
    isMuch ||
    columns.some(isMade) ||
    uniques.some((unique) => isOtherKey(unique, telling, columns))
  const changed = told.filter((name) => differing.includes(name))
  const others = differing.filter((name) => !isGiven(table.backup, name))
  return {
    likeness: {
      isClear: isCleared || !isSuspect,
      columns,
      of: telling.length,
      changed: changed.length > 0 ? changed : others,
    },
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
