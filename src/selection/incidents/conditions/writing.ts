/** Conditions as a person would write them in SQL, and could run them. */
import { columnOf } from '../../../catalog/catalog.ts'
import type { SharedTable } from '../../../catalog/shared.ts'
import { displayName } from '../../../database/display.ts'

/** Words that are no column names without quotes (https://www.postgresql.org/docs/current/sql-keywords-appendix.html). */
const reserved = new Set(
  `all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate collation column
   concurrently constraint create cross current_catalog current_date current_role current_schema current_time
   current_timestamp current_user default deferrable desc distinct do else end except false fetch for foreign freeze from
   full grant group having ilike in initially inner intersect into is isnull join lateral leading left like limit localtime
   localtimestamp natural not notnull null offset on only or order outer overlaps placing primary references returning right
   select session_user similar some symmetric system_user table tablesample then to trailing true union unique user using
   variadic verbose when where window with`.split(/\s+/),
)

/** A column's name, in quotes where it needs them. */
export const writeName = (name: string): string => (reserved.has(name) ? `"${name}"` : displayName(name))

const bare = /^(smallint|integer|bigint|numeric|real|double precision)$/

/** A value as a person would write it in SQL. */
export const writeValue = (table: SharedTable, name: string, value: string): string => {
  const type = columnOf(table.backup, name)?.baseType ?? ''
  if (type === 'boolean') return value
  return bare.test(type) && /^-?[\d.]+$/.test(value) ? value : `'${value.replaceAll("'", "''")}'`
}

/** `a = 1 and b = 'x'`, as a person would write it. */
export const writeEqual = (
  table: SharedTable,
  names: readonly string[],
  values: readonly (string | null | undefined)[],
): string =>
  names
    .map((name, position) => {
      const value = values[position] ?? null
      return value === null ? `${writeName(name)} is null` : `${writeName(name)} = ${writeValue(table, name, value)}`
    })
    .join(' and ')
