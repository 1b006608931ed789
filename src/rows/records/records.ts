/**
 * Which columns tell whether two rows of one key are the same record. Pure.
 *
 * Whether a changed row is that record still is weighed in `likeness.ts`, from what the other files of this folder find out.
 */
import type { Uniqueness } from '../../catalog/catalog.ts'
import { isGiven } from '../../catalog/catalog.ts'
import { isTime } from '../../catalog/conventions/column-words.ts'
import { hasSurrogate, type SharedTable } from '../../catalog/shared.ts'

const creationNames =
  /^(created|creation|inserted|added|joined|registered)(_?(at|on|date|time|timestamp))?$|^date_(created|joined|added)$/i

/** Columns that are compared: a primary key that is not the identity is a surrogate, and is not. */
export const comparedColumns = (table: SharedTable): readonly string[] =>
  table.columns
    .map(({ name }) => name)
    .filter((name) => table.identity.includes(name) || !table.primaryKey.includes(name))

/** Columns that say when a record was made. */
export interface CreationColumns {
  /** By their names and types. */
  readonly named: readonly string[]
  /** As the rows themselves show: their values rise with the key, and do not change. */
  readonly shown: readonly string[]
  /** Columns that change in many rows, as far as the rows were asked. */
  readonly restless: readonly string[]
}

/** Columns that by their names and types say when a record was made. */
export const namedCreationColumns = (table: SharedTable): readonly string[] =>
  table.columns.filter(({ name, live }) => creationNames.test(name) && isTime(live)).map(({ name }) => name)

/** Same primary key, another record: its creation differs, or another unique key and more than half of the other columns do. */
export const isReused = (table: SharedTable, creation: CreationColumns, differing: readonly string[]): boolean => {
  if (table.ends !== null || hasSurrogate(table)) return false
  // A value that the user gives says nothing about the backup's row.
  const changed = differing.filter((name) => !isGiven(table.backup, name))
  if (creation.named.some((name) => changed.includes(name))) return true
  const compared = comparedColumns(table).filter((name) => !table.identity.includes(name))
  // One value put right does not make another record of a row, whatever the column has shown itself to be.
  const isShown = creation.shown.some((name) => changed.includes(name))
  const others = compared.filter((name) => !creation.shown.includes(name) && !creation.restless.includes(name))
  if (isShown && others.filter((name) => changed.includes(name)).length * 2 >= others.length) return true
  const differs = (unique: Uniqueness): boolean => {
    const own = unique.columns.filter((name) => compared.includes(name))
    if (!own.some((name) => changed.includes(name))) return false
    const rest = compared.filter((name) => !own.includes(name))
    return rest.filter((name) => changed.includes(name)).length * 2 > rest.length
  }
  return table.live.uniques.some((unique) => unique.kind === 'unique' && differs(unique))
}

/** Columns without which a row that differs is changed, and nothing else: neither another record nor marked as deleted. */
export const tellingColumns = (table: SharedTable, { named, shown }: CreationColumns): readonly string[] => {
  const compared = comparedColumns(table)
  const uniques = table.live.uniques.filter(({ kind }) => kind === 'unique').flatMap(({ columns }) => columns)
  const marks = table.softDelete === null ? [] : [table.softDelete]
  const telling = new Set([...named, ...shown, ...(table.ends === null ? uniques : []), ...marks])
  return compared.filter((name) => telling.has(name) && !table.identity.includes(name))
}

export interface ColumnHabits {
  /** Columns whose values rise with the key and do not change: they say when a record was made. */
  readonly creation: readonly string[]
  /** Of those, the ones that hold times: a record made anew under the same key has another one. A place in a list it might share. */
  readonly instants: readonly string[]
  /** Times that may say when a record was made, in a table of so few rows that it cannot be told: that one differs counts, that it is equal does not. */
  readonly likelyCreation: readonly string[]
  /** Columns that often change in rows that stay the same record. */
  readonly restless: readonly string[]
  /** Columns of which many rows have the same value. */
  readonly common: ReadonlySet<string>
  /** Two rows have the same value in a column as often as if it held so many, each as frequent as the others. */
  readonly values: ReadonlyMap<string, number>
  /** Columns that have other values in most rows. */
  readonly rewritten: readonly string[]
  /** The sampled rows that differ, packed, with the columns. */
  readonly changed: ReadonlyMap<string, readonly string[]>
}
