/** Values that are equal to the server, and yet read differently. */
import { isSameNames } from '../keys/key.ts'
import { type Column, columnOf, type Table } from './catalog.ts'
import type { Relation } from './relations.ts'
import type { SharedTable } from './shared.ts'

/** Types whose values are equal only if they read the same. */
const exact =
  /^(smallint|integer|bigint|oid|boolean|uuid|date|time|timestamp|bytea|name|text|character varying|inet|macaddr8?)( with(out)? time zone)?$/

/** True for a column whose values are equal to the server only if they read the same. */
export const isExact = (column: Column | undefined): boolean =>
  column !== undefined && !column.isNondeterministic && (column.typeKind === 'enum' || exact.test(column.baseType))

/**
 * True where the server may hold two keys to be equal that read differently: 1.0 and 1.00, `24:00:00` and `1 day`, text under a
 * collation that ignores case. A comparison of texts takes such a pair for one missing and one extra row.
 */
export const hasSpellings = ({ identity, live, backup }: SharedTable): boolean =>
  identity.some((name) => [live, backup].some((side) => !isExact(columnOf(side, name))))

/**
 * Where the columns of a reference stand in the key of the referencing table, in the order of the parent's key; null where its values
 * must be read. A reference that is part of a key tells its parent's key by itself, if the backup holds it to be valid.
 */
export const findReferenceInKey = (
  table: SharedTable,
  relation: Pick<Relation, 'columns' | 'parentColumns' | 'parent'>,
  parent: SharedTable,
): readonly number[] | null => {
  const isValid = table.backup.foreignKeys.some(
    (key) =>
      key.parent === relation.parent &&
      key.isEnforced &&
      !key.definition.endsWith('NOT VALID') &&
      isSameNames(key.columns, relation.columns) &&
      isSameNames(key.parentColumns, relation.parentColumns),
  )
  if (!isValid || parent.identity.length !== relation.columns.length) return null
  const places = parent.identity.map((name) => {
    const own = relation.columns[relation.parentColumns.indexOf(name)] ?? ''
    const [here, there] = [columnOf(table.backup, own), columnOf(parent.backup, name)]
    const isSame = isExact(here) && isExact(there) && here?.baseType === there?.baseType
    return isSame ? table.identity.indexOf(own) : -1
  })
  return places.includes(-1) ? null : places
}

/** True for a table that stores nothing but its key, as links do: whoever finds a row by its key has seen all of it. */
export const isAllKey = (table: Table, identity: readonly string[]): boolean =>
  table.columns.every((column) => column.generated !== null || (identity.includes(column.name) && isExact(column)))

const rounding = /^(numeric|timestamp|time|interval)\b/

/** True for a column that keeps so many digits, and rounds the rest of a value without a word. */
export const isRounding = (column: Pick<Column, 'baseType' | 'type'> | undefined): boolean =>
  column !== undefined && rounding.test(column.baseType) && column.type !== column.baseType
