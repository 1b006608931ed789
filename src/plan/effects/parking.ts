/**
 * Rows that are in each other's way: a unique value goes from one updated row to another, or to an inserted one. A unique index is
 * checked row by row, so one of them first has to be moved aside, to a value that collides with nothing. Pure.
 */

import { columnOf } from '../../catalog/catalog.ts'
import type { Relation } from '../../catalog/relations.ts'
import type { UniqueOf } from '../../sql/uniques.ts'

/** The column by which a row is moved aside, and what it holds until it gets its own value. */
export interface Parking {
  readonly column: string
  readonly how: 'null' | 'number' | 'day' | 'text' | 'uuid'
}

const isNumber = /^(smallint|integer|bigint|numeric)$/

/**
 * How rows of which these columns are written can be moved aside; null where they cannot. Never by a column that is a key, refers to a
 * row or is referred to. A deferrable constraint needs nothing of the kind: it waits until every row is in place.
 */
export const findParking = (
  { table, unique }: UniqueOf,
  columns: readonly string[],
  relations: Iterable<Relation>,
): Parking | null => {
  if (unique.kind === 'primary') return null
  const fixed = new Set([...table.identity, ...table.primaryKey])
  for (const { columns: own } of table.live.foreignKeys) for (const name of own) fixed.add(name)
  for (const relation of relations) {
    if (relation.child === table.id) for (const name of relation.columns) fixed.add(name)
    if (relation.parent === table.id) for (const name of relation.parentColumns) fixed.add(name)
  }
  for (const { column: name } of unique.elements) {
    const column = name === null || fixed.has(name) || !columns.includes(name) ? undefined : columnOf(table.live, name)
    if (column === undefined || column.generated !== null || column.identity === 'always') continue
    if (!column.notNull && !unique.nullsNotDistinct) return { column: column.name, how: 'null' }
    if (column.isDomain || unique.kind === 'exclusion') continue
    if (isNumber.test(column.baseType)) return { column: column.name, how: 'number' }
    if (/^(date$|timestamp)/.test(column.baseType)) return { column: column.name, how: 'day' }
    if (/^(text|character varying)$/.test(column.type)) return { column: column.name, how: 'text' }
    if (column.baseType === 'uuid') return { column: column.name, how: 'uuid' }
  }
  return null
}
