/** A database as its catalog tells: tables, columns, keys, triggers, sequences. A value, made by `read/`, that goes wherever tables are spoken of. Pure. */

import type { QualifiedName } from '../database/display.ts'
import type { OtherRefusal } from './refusal/refusal.ts'

/** How a type's values behave; `array` tells of its element. */
export type TypeKind = 'base' | 'enum' | 'composite' | 'range' | 'array' | 'pseudo'

/** What the type of a column is called. */
export type TypeNames = Pick<Column, 'type' | 'baseType' | 'attributes'>

export interface Column {
  readonly name: string
  /** Type as declared, with its modifier or domain: `character varying(20)`, `public.email`. */
  readonly type: string
  /** Type below every domain, without a modifier: what values are cast to and staged as. */
  readonly baseType: string
  readonly typeKind: TypeKind
  /** How types are called in live, where the config file says that a schema of the backup is another one there. */
  readonly inLive?: TypeNames
  /** The base type, or what it is an array of, is an extension's: the same one in whichever schema. */
  readonly isOfExtension?: true
  /** True for a domain: its checks and modifier come on top of `baseType`. */
  readonly isDomain: boolean
  /** Labels in order, for an enum or an array of one. */
  readonly enumLabels: readonly string[] | null
  /** Attributes in order with their types, for a composite type or an array of one. */
  readonly attributes: readonly string[] | null
  readonly notNull: boolean
  /** Default expression as the server prints it. */
  readonly default: string | null
  readonly identity: 'always' | 'by default' | null
  readonly generated: 'stored' | 'virtual' | null
  readonly sequence: Sequence | null
  /** The privilege without which the role cannot name the column's type: `usage on schema sales`. */
  readonly typeGrant: string | null
  /** A collation under which unequal bytes may be equal. */
  readonly isNondeterministic: boolean
  /** Its `=` is an extension's: under an empty search_path there is none. */
  readonly hasOwnEquality: boolean
  readonly canSelect: boolean
  readonly canInsert: boolean
  readonly canUpdate: boolean
}

/** A sequence that a column takes its values from: identity, serial, or merely a default. */
export interface Sequence extends QualifiedName {
  readonly increment: string
  readonly minimum: string
  readonly maximum: string
  /** The role may look at it and take values from it. */
  readonly canUse: boolean
  readonly canUpdate: boolean
}

/** One expression of a unique index or exclusion constraint with the operator that finds two rows in conflict. */
export interface IndexElement {
  /** The column name, or null for an expression. */
  readonly column: string | null
  /** Expression over bare column names, as the server prints it. */
  readonly expression: string
  /** Qualified operator text for `operator(...)`: `pg_catalog.=`. */
  readonly operator: string
  readonly collation: QualifiedName | null
}

/** A unique index (also behind a primary key) or an exclusion constraint. */
export interface Uniqueness {
  readonly name: string
  readonly kind: 'primary' | 'unique' | 'exclusion'
  readonly elements: readonly IndexElement[]
  readonly predicate: string | null
  readonly nullsNotDistinct: boolean
  readonly isDeferrable: boolean
  readonly isValid: boolean
  /** Every column that elements and predicate read. */
  readonly columns: readonly string[]
  readonly definition: string
}

export type DeleteAction = 'cascade' | 'restrict' | 'no action' | 'set null' | 'set default'

export interface ForeignKey {
  readonly name: string
  /** Child columns, in the order of `parentColumns`. */
  readonly columns: readonly string[]
  /** Display name of the parent table. */
  readonly parent: string
  readonly parentColumns: readonly string[]
  readonly onDelete: DeleteAction
  /** Columns that SET NULL or SET DEFAULT empties; all of them where none is named. */
  readonly setColumns: readonly string[]
  readonly isMatchFull: boolean
  readonly isDeferrable: boolean
  readonly isEnforced: boolean
  /** Its last column is a period, and refers to whatever that overlaps (PERIOD). */
  readonly isPeriod: boolean
  readonly definition: string
}

export interface Trigger {
  readonly name: string
  readonly definition: string
  readonly events: readonly ('insert' | 'update' | 'delete' | 'truncate')[]
  /** It is called before each row is written, and may change what is. */
  readonly isBeforeRow: boolean
  /** `UPDATE OF` columns; empty means every column. */
  readonly ofColumns: readonly string[]
  /** When it fires by session role: origin, replica, always, or never. */
  readonly enabled: 'origin' | 'replica' | 'always' | 'disabled'
  readonly functionName: string
  /** Why it is thought to reach outside the database, or null. */
  readonly reachesOutside: string | null
}

export interface Table extends QualifiedName {
  /** Display name, `public.photo`; the id of the table everywhere. */
  readonly id: string
  readonly kind: 'ordinary' | 'partitioned'
  readonly isUnlogged: boolean
  /** Planner's estimate of rows; -1 where it was never analyzed. */
  readonly estimatedRows: number
  readonly columns: readonly Column[]
  readonly uniques: readonly Uniqueness[]
  readonly foreignKeys: readonly ForeignKey[]
  readonly triggers: readonly Trigger[]
  readonly checks: readonly string[]
  /** Names of rules on INSERT, UPDATE or DELETE. */
  readonly rules: readonly string[]
  readonly policies: readonly string[]
  /** The subscription that writes the table, where one does. */
  readonly subscription: string | null
  /** A publication of the table, which has no replica identity: what is published of it fails. */
  readonly unpublishable: { readonly name: string; readonly update: boolean; readonly delete: boolean } | null
  /** Row-level security applies to the role that reads. */
  readonly hidesRows: boolean
  /** The dump that it is from defines it without its rows, or without those of a partition. */
  readonly withoutRows?: true
  readonly canSelect: boolean
  readonly canInsert: boolean
  readonly canUpdate: boolean
  readonly canDelete: boolean
  /** Where its rows stand, and what is read for its columns, where that is not what the names say. */
  readonly source?: TableSource
}

/** A relation that cannot be restored into, and why. */
export interface OtherRelation {
  readonly id: string
  readonly kind: string
  readonly refusal: OtherRefusal
  /** The table of live that it may be. */
  readonly move?: { readonly to: string; readonly line: string }
}

export interface Catalog {
  readonly database: string
  readonly user: string
  readonly version: number
  /** The role may create temporary tables. */
  readonly canStage: boolean
  readonly tables: readonly Table[]
  readonly others: readonly OtherRelation[]
}

export const primaryKeyOf = (table: Table): Uniqueness | undefined =>
  table.uniques.find((unique) => unique.kind === 'primary')

export const columnOf = (table: Pick<Table, 'columns'>, name: string): Column | undefined =>
  table.columns.find((column) => column.name === name)

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

/** The table without what the user gave: the names alone. Columns that the backup does not have are left out. */
export const withoutEdits = ({ source, ...table }: Table): Table => {
  if (source === undefined) return table
  if (!isRenamed({ ...table, source })) return table
  const columns = Object.entries(source.columns).flatMap(([name, { column: own }]) =>
    own === null ? [] : [[name, { column: own }] as const],
  )
  return { ...table, source: { ...source, columns: Object.fromEntries(columns) } }
}
