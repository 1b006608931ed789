/**
 * Tables of the backup that are read under live's names, or with values that the user gave. Such a table looks like live's everywhere
 * else: only the rendering of `from` knows where its rows really stand.
 */
import { sql } from 'kysely'
import { column, identifier, list, literal, type QualifiedName, type Query } from '../database/names.ts'
import type { Table } from './catalog.ts'

/** What is read for one column. */
export interface ColumnSource {
  /** The column of the backup; null where the backup has none. */
  readonly column: string | null
  /** What every row holds instead: text of the server's, or null for NULL. */
  readonly value?: string | null
  /** What enum labels become. */
  readonly labels?: Readonly<Record<string, string>>
}

/** Where the rows of a table stand in the backup, and what is read for each column. */
export interface TableSource extends QualifiedName {
  readonly columns: Readonly<Record<string, ColumnSource>>
  /** The config file makes other values of what is read. */
  readonly isTransformed?: true
}

/** The name a table has in its own database. */
export const storedTable = ({ source, schema, name }: Table): QualifiedName =>
  source === undefined ? { schema, name } : { schema: source.schema, name: source.name }

/** The name a column has in its own database. */
export const storedColumn = ({ source }: Table, name: string): string => source?.columns[name]?.column ?? name

/** True where every row holds a value that the user gave. */
export const isGiven = ({ source }: Table, name: string): boolean => source?.columns[name]?.value !== undefined

/** True where the values of a column are not the backup's own. */
export const isEdited = (table: Table, name: string): boolean =>
  isGiven(table, name) || table.source?.columns[name]?.labels !== undefined

/** True where the table or one of its columns has another name in the backup. */
export const isRenamed = ({ source, schema, name }: Table): boolean =>
  source !== undefined &&
  (source.schema !== schema ||
    source.name !== name ||
    Object.entries(source.columns).some(([own, { column: other }]) => other !== null && other !== own))

const read = ({ column: name, value, labels }: ColumnSource): Query => {
  if (value !== undefined) return value === null ? sql`null::text` : sql`${literal(value)}::text`
  const own = column('o', name ?? '')
  if (labels === undefined) return own
  const cases = Object.entries(labels).map(([from, to]) => sql`when ${literal(from)} then ${literal(to)}`)
  return sql`case ${own}::text ${list(cases, ' ')} else ${own}::text end`
}

const only = (source: QualifiedName, isPartitioned: boolean): Query =>
  isPartitioned ? sql.id(source.schema, source.name) : sql`only ${sql.id(source.schema, source.name)}`

/** The rows of a table that is read as another one, as a row source without an alias. `sample` follows the table. */
export const readAs = (source: TableSource, kind: Table['kind'], sample: Query): Query => {
  const columns = Object.entries(source.columns).map(([name, one]) => sql`${read(one)} as ${identifier(name)}`)
  return sql`(select ${list([sql`o.tableoid`, ...columns])} from ${only(source, kind === 'partitioned')} as o ${sample})`
}

/** The table without what the user gave: the names alone. Columns that the backup does not have are left out. */
export const withoutEdits = ({ source, ...table }: Table): Table => {
  if (source === undefined) return table
  if (!isRenamed({ ...table, source })) return table
  const columns = Object.entries(source.columns).flatMap(([name, { column: own }]) =>
    own === null ? [] : [[name, { column: own }] as const],
  )
  return { ...table, source: { ...source, columns: Object.fromEntries(columns) } }
}
