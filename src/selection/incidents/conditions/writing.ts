/** Conditions as a person would write them in SQL, and could run them. */
import { columnOf, type Table } from '../../../catalog/catalog.ts'
import type { SharedTable } from '../../../catalog/shared.ts'
import { displayAlone, displayName, type QualifiedName } from '../../../database/display.ts'
import { quote } from '../../../database/names.ts'

/** A table in a statement. */
export const writeTable = ({ schema, name }: QualifiedName): string =>
  schema === 'public' ? displayAlone(name) : `${displayName(schema)}.${displayName(name)}`

/** Types whose numbers stand bare. Not `real`: next to one, 0.2 is a `double precision`, and equal to no `real` but by chance. */
const bare = /^(smallint|integer|bigint|numeric|double precision)$/

/** A value of a column as a person would write it in SQL. */
export const writeValue = (table: Pick<Table, 'columns'>, name: string, value: string): string => {
  const type = columnOf(table, name)?.baseType ?? ''
  if (type === 'boolean') return value
  return bare.test(type) && /^-?[\d.]+$/.test(value) ? value : quote(value)
}

/** `a = 1 and b = 'x'`, as a person would write it. */
export const writeEqual = (
  { backup }: Pick<SharedTable, 'backup'>,
  names: readonly string[],
  values: readonly (string | null | undefined)[],
): string =>
  names
    .map((name, position) => {
      const value = values[position] ?? null
      return value === null
        ? `${displayAlone(name)} is null`
        : `${displayAlone(name)} = ${writeValue(backup, name, value)}`
    })
    .join(' and ')

/** `id in (3, 7)`, or `(a, b) in ((1, 2), (3, 4))`. */
export const writeAmong = (
  { backup }: Pick<SharedTable, 'backup'>,
  names: readonly string[],
  rows: readonly (readonly string[])[],
): string => {
  const write = (values: readonly string[]): string =>
    names.map((name, position) => writeValue(backup, name, values[position] ?? '')).join(', ')
  const tuple = (text: string): string => (names.length === 1 ? text : `(${text})`)
  return `${tuple(names.map(displayAlone).join(', '))} in (${rows.map((row) => tuple(write(row))).join(', ')})`
}
