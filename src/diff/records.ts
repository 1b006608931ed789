/** Which columns tell whether two rows of one key are the same record. Pure. */
import type { Uniqueness } from '../catalog/catalog.ts'
import { hasSurrogate, type SharedTable } from '../catalog/shared.ts'
import { isGiven } from '../catalog/source.ts'

const creationNames =
  /^(created|creation|inserted|added|joined|registered)(_?(at|on|date|time|timestamp))?$|^date_(created|joined|added)$/i
const creationTypes = /^(timestamp|date)/

/** Columns that are compared: a primary key that is not the identity is a surrogate, and is not. */
export const comparedColumns = (table: SharedTable): readonly string[] =>
  table.columns
    .map(({ name }) => name)
    .filter((name) => table.identity.includes(name) || !table.primaryKey.includes(name))

/** Columns that say when a record was made. */
export const creationColumns = (table: SharedTable): readonly string[] =>
  table.columns
    .filter(({ name, live }) => creationNames.test(name) && creationTypes.test(live.baseType))
    .map(({ name }) => name)

/** Same primary key, another record: its creation differs, or another unique key and more than half of the other columns do. */
export const isReused = (table: SharedTable, differing: readonly string[]): boolean => {
  if (table.ends !== null || hasSurrogate(table)) return false
  // A value that the user gives says nothing about the backup's row.
  const changed = differing.filter((name) => !isGiven(table.backup, name))
  if (creationColumns(table).some((name) => changed.includes(name))) return true
  const compared = comparedColumns(table).filter((name) => !table.identity.includes(name))
  const differs = (unique: Uniqueness): boolean => {
    const own = unique.columns.filter((name) => compared.includes(name))
    if (!own.some((name) => changed.includes(name))) return false
    const rest = compared.filter((name) => !own.includes(name))
    return rest.filter((name) => changed.includes(name)).length * 2 > rest.length
  }
  return table.live.uniques.some((unique) => unique.kind === 'unique' && differs(unique))
}

/** Columns without which a row that differs is changed, and nothing else: neither another record nor marked as deleted. */
export const tellingColumns = (table: SharedTable): readonly string[] => {
  const compared = comparedColumns(table)
  const uniques = table.live.uniques.filter(({ kind }) => kind === 'unique').flatMap(({ columns }) => columns)
  const marks = table.softDelete === null ? [] : [table.softDelete]
  const telling = new Set([...creationColumns(table), ...(table.ends === null ? uniques : []), ...marks])
  return compared.filter((name) => telling.has(name) && !table.identity.includes(name))
}
