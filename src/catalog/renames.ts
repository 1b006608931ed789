/** Tables, schemas and columns that the backup calls otherwise: its catalog, told in live's names. Pure. */
import { displayAlone, displayName, displayTable, type QualifiedName } from '../database/display.ts'
import { RowgraftError } from '../errors.ts'
import type { Catalog, Column, ForeignKey, Table, TypeNames, Uniqueness } from './catalog.ts'
import { columnOf } from './catalog.ts'
import { schemaOf, tableNamed, withoutSchema } from './table-name.ts'

/** The backup's names to live's, as a config file gives them. */
export interface Renames {
  readonly schemas?: Readonly<Record<string, string>>
  readonly tables?: Readonly<Record<string, string>>
  /** By table of live. */
  readonly columns?: Readonly<Record<string, Readonly<Record<string, string>>>>
}

const names = (tables: readonly Table[]): string => tables.map(({ id }) => id).join(', ')

const refuse = (
  code: 'unknown-table' | 'unknown-column',
  message: string,
  { key, detail }: { readonly key: keyof Renames; readonly detail?: string },
): RowgraftError =>
  new RowgraftError(code, message, {
    detail,
    hint: `Correct "${key}" in the config file: the backup's name to live's.`,
  })

/** A table has a column whose type is of the schema. */
const hasTypeOf = ({ columns }: Table, schema: string): boolean =>
  columns.some(({ type, baseType }) => [type, baseType].some((name) => schemaOf(name) === schema))

/** What each table of the backup is called in live, by its id. */
const renameTables = (backup: Catalog, live: Catalog, renames: Renames): ReadonlyMap<string, QualifiedName> => {
  const schemas = new Map(Object.entries(renames.schemas ?? {}))
  const renamed = new Map<string, QualifiedName>()
  for (const [from, to] of schemas) {
    if (live.tables.some((table) => table.schema === to || hasTypeOf(table, to))) continue
    throw refuse('unknown-table', `live has no schema "${to}", which "${from}" is said to be`, { key: 'schemas' })
  }
  for (const table of backup.tables) {
    const schema = schemas.get(table.schema)
    if (schema !== undefined) renamed.set(table.id, { schema, name: table.name })
  }
  for (const [from, to] of Object.entries(renames.tables ?? {})) {
    const target = tableNamed(live.tables, to)
    if (target === undefined) {
      throw refuse('unknown-table', `live has no table "${to}", which "${from}" is said to be`, { key: 'tables' })
    }
    const table = tableNamed(backup.tables, from)
    if (table !== undefined) renamed.set(table.id, { schema: target.schema, name: target.name })
    // A backup that was taken after the change has live's name already.
    else if (!backup.tables.some(({ id }) => id === target.id)) {
      throw refuse('unknown-table', `the backup has neither "${from}" nor "${to}"`, {
        key: 'tables',
        detail: names(backup.tables),
      })
    }
  }
  return renamed
}

/** What the columns of each table are called in live: by the id it has there, the backup's name to live's. */
const renameColumns = (
  backup: ReadonlyMap<string, Table>,
  live: Catalog,
  renames: Renames,
): ReadonlyMap<string, ReadonlyMap<string, string>> => {
  const renamed = new Map<string, ReadonlyMap<string, string>>()
  for (const [typed, columns] of Object.entries(renames.columns ?? {})) {
    const target = tableNamed(live.tables, typed)
    if (target === undefined) throw refuse('unknown-table', `live has no table "${typed}"`, { key: 'columns' })
    const table = backup.get(target.id)
    if (table === undefined) continue
    const own = new Map<string, string>()
    for (const [from, to] of Object.entries(columns)) {
      const [hasOld, hasNew] = [from, to].map((name) => columnOf(table, name) !== undefined)
      if (columnOf(target, to) === undefined) {
        throw refuse('unknown-column', `live's "${target.id}" has no column "${to}"`, { key: 'columns' })
      }
      if (!hasOld && !hasNew) {
        throw refuse('unknown-column', `the backup's "${table.id}" has neither "${from}" nor "${to}"`, {
          key: 'columns',
        })
      }
      if (hasOld) own.set(from, to)
    }
    const result = table.columns.map(({ name }) => own.get(name) ?? name)
    const twice = result.find((name, position) => result.indexOf(name) !== position)
    if (twice !== undefined) {
      throw refuse('unknown-column', `two columns of the backup's "${table.id}" would be "${twice}" of live`, {
        key: 'columns',
      })
    }
    if (own.size > 0) renamed.set(target.id, own)
  }
  return renamed
}

type Rename = (name: string) => string

const renameUnique = (unique: Uniqueness, rename: Rename): Uniqueness => ({
  ...unique,
  columns: unique.columns.map(rename),
  elements: unique.elements.map((element) =>
    element.column === null
      ? element
      : { ...element, column: rename(element.column), expression: displayName(rename(element.column)) },
  ),
})

const renameKey = (
  key: ForeignKey,
  rename: Rename,
  parent: { readonly id: string; readonly rename: Rename },
): ForeignKey => ({
  ...key,
  parent: parent.id,
  columns: key.columns.map(rename),
  setColumns: key.setColumns.map(rename),
  parentColumns: key.parentColumns.map(parent.rename),
})

type Schemas = ReadonlyMap<string, string>

const renameType = (type: string, schemas: Schemas): string => {
  const to = schemas.get(schemaOf(type) ?? '')
  return to === undefined ? type : `${displayAlone(to)}.${withoutSchema(type)}`
}

/** An attribute's name and its type: `pair app.pair`. The type is what comes last. */
const renameAttribute = (attribute: string, schemas: Schemas): string => {
  const [, name, type] =
    /^(.*) ((?:"(?:[^"]|"")*"|[^".\s]+)\.(?:"(?:[^"]|"")*"|[^"\s(]+)(?:\(.*\))?(?:\[\])*)$/s.exec(attribute) ?? []
  return name === undefined || type === undefined ? attribute : `${name} ${renameType(type, schemas)}`
}

/** A column whose types are told in live's names, where schemas have another one there. */
const withTypesInLive = (column: Column, schemas: Schemas): Column => {
  const inLive: TypeNames = {
    type: renameType(column.type, schemas),
    baseType: renameType(column.baseType, schemas),
    attributes: column.attributes?.map((attribute) => renameAttribute(attribute, schemas)) ?? null,
  }
  const isSame =
    JSON.stringify(inLive) ===
    JSON.stringify({ type: column.type, baseType: column.baseType, attributes: column.attributes })
  return isSame ? column : { ...column, inLive }
}

/** The backup's catalog with its types in live's names. */
const renameTypes = (backup: Catalog, { schemas = {} }: Renames): Catalog => {
  const renamed = new Map(Object.entries(schemas))
  if (renamed.size === 0) return backup
  return {
    ...backup,
    tables: backup.tables.map((table) => ({
      ...table,
      columns: table.columns.map((column) => withTypesInLive(column, renamed)),
    })),
  }
}

/** The backup's catalog in live's names. Throws `unknown-table` or `unknown-column` for names that are nowhere. */
export const renameBackup = (asItIs: Catalog, live: Catalog, renames: Renames): Catalog => {
  const backup = renameTypes(asItIs, renames)
  const moved = renameTables(backup, live, renames)
  const nameOf = (table: Table): QualifiedName => moved.get(table.id) ?? table
  const byName = new Map<string, Table>()
  for (const table of backup.tables) {
    const id = displayTable(nameOf(table))
    const other = byName.get(id)
    if (other !== undefined) {
      const both = `the backup's "${other.id}" and "${table.id}" would both be "${id}" of live`
      throw refuse('unknown-table', both, { key: renames.tables === undefined ? 'schemas' : 'tables' })
    }
    byName.set(id, table)
  }
  const columns = renameColumns(byName, live, renames)
  if (moved.size + columns.size === 0) return backup
  const renamer =
    (id: string): Rename =>
    (name) =>
      columns.get(id)?.get(name) ?? name
  const newId = new Map(backup.tables.map((table) => [table.id, displayTable(nameOf(table))]))
  const tables = backup.tables.map((table): Table => {
    const { schema, name } = nameOf(table)
    const id = displayTable({ schema, name })
    const rename = renamer(id)
    const isSame = id === table.id && !columns.has(id)
    return {
      ...table,
      id,
      schema,
      name,
      columns: table.columns.map((column): Column => ({ ...column, name: rename(column.name) })),
      uniques: table.uniques.map((unique) => renameUnique(unique, rename)),
      foreignKeys: table.foreignKeys.map((key) => {
        const parent = newId.get(key.parent) ?? key.parent
        return renameKey(key, rename, { id: parent, rename: renamer(parent) })
      }),
      ...(isSame ? {} : { source: sourceOf(table, rename) }),
    }
  })
  return { ...backup, tables }
}

const sourceOf = ({ schema, name, columns }: Table, rename: Rename): NonNullable<Table['source']> => ({
  schema,
  name,
  columns: Object.fromEntries(columns.map((column) => [rename(column.name), { column: column.name }])),
})
