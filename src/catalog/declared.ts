/**
 * What is known about the tables beside their constraints: from the config file, and from the conventions of frameworks. Names are
 * looked up and everything is checked by the time it is here; plain data, and part of every plan that relies on it.
 */
import { displayAlone } from '../database/display.ts'
import { quote } from '../database/names.ts'
import type { DeleteAction } from './catalog.ts'
import type { TableRefusal } from './refusal/refusal.ts'

/** Which rows of the child refer. */
export type Condition =
  /** SQL over bare column names. */
  | { readonly by: 'sql'; readonly sql: string }
  /** Those with this value in a column, as each side prints it; null where live has no such value. */
  | { readonly by: 'value'; readonly column: string; readonly backup: string; readonly live: string | null }

/** A relation that no constraint declares. */
export interface DeclaredKey {
  /** `photo_id -> photo (declared)` */
  readonly name: string
  /** Id of the referencing table. */
  readonly child: string
  readonly columns: readonly string[]
  /** Id of the referenced table. */
  readonly parent: string
  readonly parentColumns: readonly string[]
  readonly onDelete: DeleteAction
  readonly condition: Condition | null
}

export interface Declarations {
  readonly relations: readonly DeclaredKey[]
  /** Columns by which rows are recognised, by table id. */
  readonly identities: Readonly<Record<string, readonly string[]>>
  /** Ids of junction tables that no key makes one. */
  readonly junctions: readonly string[]
  /** Tables that are out, by id, with why. */
  readonly refusals: Readonly<Record<string, TableRefusal>>
}

export const noDeclarations: Declarations = { relations: [], identities: {}, junctions: [], refusals: {} }

/** True where nothing is declared. */
export const isUndeclared = ({ relations, identities, junctions, refusals }: Declarations): boolean =>
  relations.length + junctions.length + Object.keys(identities).length + Object.keys(refusals).length === 0

/** What is declared about some tables: about relations, where either end is among them. */
export const declaredAbout = (declarations: Declarations, tables: ReadonlySet<string>): Declarations => ({
  relations: declarations.relations.filter(({ child, parent }) => tables.has(child) || tables.has(parent)),
  identities: Object.fromEntries(Object.entries(declarations.identities).filter(([id]) => tables.has(id))),
  junctions: declarations.junctions.filter((id) => tables.has(id)),
  refusals: {},
})

/** The condition as it could be written after `where`. */
export const describeCondition = (condition: Condition): string =>
  condition.by === 'sql' ? condition.sql : `${displayAlone(condition.column)} = ${quote(condition.backup)}`
