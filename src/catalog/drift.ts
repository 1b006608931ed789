/** Where the tables of two catalogs are not the same: columns, types, keys that only one side has. Pure. */
import { displayTable } from '../database/display.ts'
import type { Column, Table, TypeNames } from './catalog.ts'
import { columnOf, isEdited, isGiven, isRenamed, primaryKeyOf, storedColumn, storedTable } from './catalog.ts'
import { type LikelyRename, likelyRenames } from './conventions/suggestions.ts'
import type { Hidden, SideName, TableRefusal } from './refusal/refusal.ts'
import { withoutSchema } from './table-name.ts'

/** A kind with its facts: `format/` words it. */
export type Drift =
  /** A column that only live has, and what becomes of it in rows that come back. */
  | { readonly kind: 'only in live'; readonly column: string; readonly becomes: 'default' | 'required' | 'null' }
  | { readonly kind: 'only in backup'; readonly column: string }
  | { readonly kind: 'type'; readonly column: string; readonly live: string; readonly backup: string }
  /** Labels the backup has and live does not. */
  | { readonly kind: 'enum labels'; readonly column: string; readonly labels: readonly string[] }
  /** What the backup calls a column, or the table, as the config file has it. */
  | { readonly kind: 'renamed'; readonly column: string; readonly stored: string }
  | { readonly kind: 'moved'; readonly stored: string }
  | ({ readonly kind: 'looks renamed' } & LikelyRename)

/** Types whose every value live's wider type takes unchanged, as text. */
const widening: readonly (readonly [from: RegExp, to: RegExp])[] = [
  [/^smallint$/, /^(integer|bigint|numeric)$/],
  [/^integer$/, /^(bigint|numeric)$/],
  [/^bigint$/, /^numeric$/],
  [/^(character varying|text|name|(.*\.)?citext)$/, /^(text|character varying)$/],
]

/** The types of a column of the backup as live calls them. */
const inLive = (backup: Column): TypeNames => backup.inLive ?? backup

/** A composite value is text by position: only the same attributes in the same order read it back. */
const sameAttributes = (backup: Column, live: Column): boolean =>
  JSON.stringify(inLive(backup).attributes) === JSON.stringify(live.attributes)

/** The same name; an extension may have been created in another schema. */
const sameName = (backup: Column, live: Column, names: (of: TypeNames) => string): boolean => {
  const [theirs, ours] = [names(inLive(backup)), names(live)]
  if (theirs === ours) return true
  const isOfExtension = backup.isOfExtension === true && live.isOfExtension === true
  return isOfExtension && withoutSchema(theirs) === withoutSchema(ours)
}

/** True for columns of one type, as it is declared. */
export const isSameType = (backup: Column, live: Column): boolean =>
  backup.isDomain || live.isDomain ? inLive(backup).type === live.type : sameName(backup, live, ({ type }) => type)

const fits = (backup: Column, live: Column): boolean =>
  sameName(backup, live, ({ baseType }) => baseType) ||
  (backup.typeKind === 'enum' && live.typeKind === 'enum') ||
  (backup.typeKind === 'enum' && /^(text|character varying)$/.test(live.baseType)) ||
  widening.some(([from, to]) => from.test(backup.baseType) && to.test(live.baseType))

/** A table on one side, and who looks at it. */
export interface SeenTable {
  readonly table: Table
  readonly name: SideName
  readonly user: string
}

/** Why rows of a table cannot all be seen on one side; null where they can. */
export const whyHidden = ({ table, name: side, user }: SeenTable): Hidden | null => {
  if (table.withoutRows === true) return { kind: 'without rows', side }
  if (table.hidesRows) return { kind: 'row security', side }
  const columns = table.canSelect ? [] : table.columns.filter(({ canSelect }) => !canSelect)
  if (columns.length === 0) return null
  return { kind: 'no select', side, table: table.id, columns: columns.map(({ name }) => name), user }
}

/** Why rows of a table cannot be looked up by their identity, or by what they refer to; null where they can. */
export const whyNotFound = (table: Table, identity: readonly string[]): Hidden | null => {
  for (const { name, typeGrant } of table.columns) {
    if (typeGrant !== null && identity.includes(name)) return { kind: 'no type', grant: typeGrant, column: name }
  }
  const references = table.foreignKeys.flatMap(({ columns }) => columns)
  const looksUp = ({ name }: Column): boolean => identity.includes(name) || references.includes(name)
  const found = table.columns.find((column) => column.hasOwnEquality && looksUp(column))
  if (found === undefined) return null
  const of = identity.includes(found.name) ? 'key' : 'reference'
  return { kind: 'own equality', of, column: found.name, type: found.type }
}

/** True where all rows and columns of a table can be read. */
export const isReadable = (table: Table): boolean => whyHidden({ table, name: 'live', user: '' }) === null

/** Names that the config file maps, and names that look as if it should. */
const renames = (live: Table, backup: Table): readonly Drift[] => {
  const columns = backup.columns.filter(({ name }) => storedColumn(backup, name) !== name)
  const stored = displayTable(storedTable(backup))
  const isMoved = isRenamed(backup) && stored !== backup.id
  return [
    ...(isMoved ? [{ kind: 'moved', stored } as const] : []),
    ...columns.map(({ name }): Drift => ({ kind: 'renamed', column: name, stored: storedColumn(backup, name) })),
    ...likelyRenames(live, backup).map((found): Drift => ({ kind: 'looks renamed', ...found })),
  ]
}

/** A transform makes its own text of everything but keys and references. */
const mayConvert = (live: Table, backup: Table, name: string): boolean =>
  backup.source?.isTransformed === true &&
  !primaryKeyOf(live)?.columns.includes(name) &&
  !live.foreignKeys.some(({ columns }) => columns.includes(name))

interface Compared {
  readonly drift: readonly Drift[]
  /** The first reason why no row can be restored. */
  readonly refusal: TableRefusal | null
  /** The column that has to be given a value, where that is the reason. */
  readonly required: string | null
}

/** Compares the columns. */
export const compareTables = (live: Table, backup: Table, hidden: Hidden | null): Compared => {
  const compared = live.columns.map((column) => compareColumn(live, backup, column))
  const refusals = [...compared.flatMap(({ refusal }) => refusal ?? []), ...refuseTable(live, hidden)]
  const first = compared.find(({ refusal }) => refusal !== null)
  return {
    drift: [
      ...compared.flatMap(({ drift }) => drift),
      ...backup.columns.flatMap((column) => compareExtra(live, column)),
      ...renames(live, backup),
    ],
    refusal: refusals[0] ?? null,
    required: first?.required ?? null,
  }
}

const asItIs: Compared = { drift: [], refusal: null, required: null }

/** A column that only live has. */
const compareMissing = ({ name, generated, notNull, ...column }: Column): Compared => {
  if (generated !== null) return asItIs
  const isFilled = column.default !== null || column.identity !== null
  const becomes = isFilled ? 'default' : notNull ? 'required' : 'null'
  const isRequired = notNull && !isFilled
  return {
    drift: [{ kind: 'only in live', column: name, becomes }],
    refusal: isRequired ? { kind: 'required column', column: name } : null,
    required: isRequired ? name : null,
  }
}

/** A column that only the backup has. */
const compareExtra = (live: Table, { name, generated }: Column): readonly Drift[] =>
  generated !== null || columnOf(live, name) !== undefined ? [] : [{ kind: 'only in backup', column: name }]

/** A column of live, with the backup's of the same name. */
const compareColumn = (live: Table, backup: Table, column: Column): Compared => {
  const { name } = column
  const other = columnOf(backup, name)
  if (other === undefined) return compareMissing(column)
  if (isGiven(backup, name)) return asItIs
  const isOwn = !isEdited(backup, name) && !mayConvert(live, backup, name)
  const drift: Drift[] = []
  if (isOwn && !isSameType(other, column)) {
    drift.push({ kind: 'type', column: name, live: column.type, backup: other.type })
  }
  const labels = other.enumLabels?.filter((label) => !column.enumLabels?.includes(label)) ?? []
  if (column.enumLabels !== null && labels.length > 0) {
    drift.push({ kind: 'enum labels', column: name, labels })
  }
  const isWritten = isOwn && column.generated === null
  return { drift, refusal: isWritten ? whyUnfit(column, other) : null, required: null }
}

/** Why live's column does not take the backup's values; null where it does. */
const whyUnfit = (live: Column, backup: Column): TableRefusal | null => {
  const column = live.name
  if (!fits(backup, live)) return { kind: 'other type', column, live: live.type, backup: backup.type }
  if (sameAttributes(backup, live)) return null
  return { kind: 'other attributes', column, live: live.attributes ?? [], backup: backup.attributes ?? [] }
}

/** Why no row of a table of live can be written, whatever its columns. */
const refuseTable = (live: Table, hidden: Hidden | null): readonly TableRefusal[] => [
  ...(hidden === null ? [] : [hidden]),
  ...(live.subscription === null ? [] : [{ kind: 'subscription', subscription: live.subscription } as const]),
  ...(live.rules.length > 0 ? [{ kind: 'rule' } as const] : []),
]
