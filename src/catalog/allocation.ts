/** Keys of a table, and how new ones are made. Pure. */
import { type Column, columnOf, primaryKeyOf, type Sequence, type Table } from './catalog.ts'
import type { Relation } from './relations.ts'

/** How a new key comes about when the original one is taken. */
export interface Allocation {
  readonly column: string
  readonly how: 'sequence' | 'default' | 'uuid' | 'max'
  readonly sequence: Sequence | null
}

/** The primary key's columns in the order of its index, so that a composite key reads as its constraint does. */
export const primaryKeyColumns = (table: Table): readonly string[] =>
  primaryKeyOf(table)?.elements.flatMap(({ column }) => (column === null ? [] : [column])) ?? []

const isInteger = (column: Column): boolean => /^(smallint|integer|bigint)$/.test(column.baseType)

/** How keys of a table are allocated; null where they are made of foreign keys or are natural. */
export const allocationOf = (table: Table, relations: readonly Relation[]): Allocation | null => {
  const foreign = new Set([
    ...table.foreignKeys.flatMap(({ columns }) => columns),
    ...relations.filter(({ child }) => child === table.id).flatMap(({ columns }) => columns),
  ])
  const own = primaryKeyColumns(table).filter((name) => !foreign.has(name))
  const generated = own.filter((name) => columnOf(table, name)?.sequence)
  const name = generated.length === 1 ? generated[0] : own.length === 1 ? own[0] : undefined
  const column = name === undefined ? undefined : columnOf(table, name)
  if (column === undefined) return null
  if (column.sequence !== null) return { column: column.name, how: 'sequence', sequence: column.sequence }
  if (column.baseType === 'uuid') return { column: column.name, how: 'uuid', sequence: null }
  if (column.default?.includes('(')) return { column: column.name, how: 'default', sequence: null }
  // A part of a key that nothing generates means something: only a whole key is made as the next integer.
  return own.length === primaryKeyColumns(table).length && isInteger(column)
    ? { column: column.name, how: 'max', sequence: null }
    : null
}
