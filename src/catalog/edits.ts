/** Values that the user gives instead of the backup's: the backup's catalog, told as if it held them. Pure. */
import { displayAlone, displayName } from '../database/display.ts'
import { RowgraftError } from '../errors.ts'
import type { Catalog, Column, Table } from './catalog.ts'
import { type ColumnSource, columnOf, primaryKeyOf, type TableSource } from './catalog.ts'
import { type SharedCatalog, shareAgain, withSoftDeletes } from './shared.ts'
import { tableNamed } from './table-name.ts'

/** `--set`: what every restored row of a table gets in a column. */
export interface SetValue {
  /** As psql takes it; its id once a plan holds it. */
  readonly table: string
  readonly column: string
  /** The server's text; null is NULL. */
  readonly value: string | null
}

/** `--map-enum`: what a label becomes. */
export interface MappedLabel {
  readonly table: string
  readonly column: string
  readonly from: string
  readonly to: string
}

export interface Edits {
  readonly set: readonly SetValue[]
  readonly mapEnum: readonly MappedLabel[]
  /** Ids of tables that the config file transforms. */
  readonly transformed?: readonly string[]
}

interface Target {
  readonly table: Table
  readonly column: Column
}

const refuse = (
  flag: string,
  { table, column }: { readonly table: string; readonly column: string },
  { why, hint }: { readonly why: string; readonly hint: string },
): Error => new RowgraftError('usage', `${flag} ${table}.${displayName(column)}: ${why}`, { hint })

/** The column of live that is meant. Throws `unknown-table`, `unknown-column`, or `usage` for one that nobody may write. */
const findTarget = (
  catalog: SharedCatalog,
  flag: string,
  named: { readonly table: string; readonly column: string },
): Target => {
  const table = tableNamed(catalog.live.tables, named.table)
  if (table === undefined) {
    throw new RowgraftError('unknown-table', `${flag}: live has no table "${named.table}"`, {
      hint: 'Run "rowgraft tables" to see the tables.',
    })
  }
  const column = columnOf(table, named.column)
  if (column === undefined) {
    throw new RowgraftError('unknown-column', `${flag}: live's "${table.id}" has no column "${named.column}"`, {
      hint: `Its columns are ${table.columns.map(({ name }) => displayAlone(name)).join(', ')}.`,
    })
  }
  const hint = 'Name another column.'
  if (column.generated !== null) throw refuse(flag, named, { why: 'it is computed by the server', hint })
  if (column.identity === 'always') throw refuse(flag, named, { why: 'it is GENERATED ALWAYS AS IDENTITY', hint })
  const keys = [...(primaryKeyOf(table)?.columns ?? []), ...(catalog.tables.get(table.id)?.identity ?? [])]
  if (keys.includes(named.column)) {
    throw refuse(flag, named, { why: 'it is part of the key by which rows are recognised', hint })
  }
  return { table, column }
}

/** The same edits with the ids of their tables, each about one column. */
export const resolveEdits = (catalog: SharedCatalog, { set, mapEnum, transformed = [] }: Edits): Edits => {
  const resolved = {
    transformed,
    set: set.map((one) => ({ ...one, table: findTarget(catalog, '--set', one).table.id })),
    mapEnum: mapEnum.map((one) => ({ ...one, table: findTarget(catalog, '--map-enum', one).table.id })),
  }
  const seen = new Set<string>()
  const check = (flag: string, one: { readonly table: string; readonly column: string }, part: string): void => {
    const key = JSON.stringify([one.table, one.column, part])
    if (seen.has(key)) throw refuse(flag, one, { why: 'it is given twice', hint: 'Say it once.' })
    seen.add(key)
  }
  for (const one of resolved.set) check('--set', one, '')
  for (const one of resolved.mapEnum) {
    check('--map-enum', one, one.from)
    if (resolved.set.some(({ table, column }) => table === one.table && column === one.column)) {
      throw refuse('--map-enum', one, { why: 'it is set altogether by --set', hint: 'Give one of the two.' })
    }
  }
  return resolved
}

const ownSource = ({ schema, name, columns }: Table): TableSource => ({
  schema,
  name,
  columns: Object.fromEntries(columns.map((column) => [column.name, { column: column.name }])),
})

/** A column of text that stands for one of live. */
const textColumn = (column: Column, parts: Pick<Column, 'notNull' | 'enumLabels'>): Column => ({
  ...column,
  type: 'text',
  baseType: 'text',
  typeKind: 'base',
  isDomain: false,
  attributes: null,
  default: null,
  identity: null,
  generated: null,
  sequence: null,
  isNondeterministic: false,
  hasOwnEquality: false,
  canSelect: true,
  ...parts,
})

const withColumn = (table: Table, column: Column, source: ColumnSource): Table => {
  const isThere = columnOf(table, column.name) !== undefined
  const base = table.source ?? ownSource(table)
  return {
    ...table,
    columns: isThere
      ? table.columns.map((own) => (own.name === column.name ? column : own))
      : [...table.columns, column],
    source: { ...base, columns: { ...base.columns, [column.name]: source } },
  }
}

const setColumn = (table: Table, column: Column, value: string | null): Table => {
  const own =
    table.source === undefined ? columnOf(table, column.name)?.name : table.source.columns[column.name]?.column
  const given = textColumn(column, { notNull: value !== null, enumLabels: null })
  return withColumn(table, given, { column: own ?? null, value })
}

const mapLabel = (table: Table, target: Column, { from, to }: MappedLabel): Table => {
  const named = { table: table.id, column: target.name }
  const own = columnOf(table, target.name)
  const labels = target.enumLabels
  if (target.typeKind !== 'enum' || labels === null) {
    throw refuse('--map-enum', named, {
      why: `it is ${target.type} in live, not an enum`,
      hint: 'Use --set, or a transform in the config file.',
    })
  }
  if (own === undefined) throw refuse('--map-enum', named, { why: 'the backup does not have it', hint: 'Use --set.' })
  if (!labels.includes(to)) {
    throw refuse('--map-enum', named, {
      why: `live's type has no label "${to}"`,
      hint: `Its labels are ${labels.join(', ')}.`,
    })
  }
  const known = table.source?.columns[target.name]
  const before = own.enumLabels?.includes(from) === true || known?.labels !== undefined
  if (own.enumLabels !== null && !before) {
    throw refuse('--map-enum', named, {
      why: `the backup's type has no label "${from}"`,
      hint: `Its labels are ${own.enumLabels.join(', ')}.`,
    })
  }
  const enumLabels = own.enumLabels?.map((label) => (label === from ? to : label)) ?? null
  const source = { column: known?.column ?? target.name, labels: { ...known?.labels, [from]: to } }
  return withColumn(table, textColumn(target, { notNull: own.notNull, enumLabels }), source)
}

const isEmpty = ({ set, mapEnum, transformed = [] }: Edits): boolean =>
  set.length + mapEnum.length + transformed.length === 0

/** A table that is transformed: columns that only live has and does not fill by itself are there to be filled. */
const offerColumns = (table: Table, live: Table): Table => {
  const open = live.columns.filter(
    ({ name, generated, identity, default: expression }) =>
      columnOf(table, name) === undefined && generated === null && identity === null && expression === null,
  )
  const offered = open.reduce((made, column) => setColumn(made, column, null), table)
  return { ...offered, source: { ...(offered.source ?? ownSource(offered)), isTransformed: true } }
}

/** The backup's catalog as if its rows held what the user gives. The edits name tables by their ids. Throws `usage`. */
export const editBackup = (backup: Catalog, live: Catalog, edits: Edits): Catalog => {
  if (isEmpty(edits)) return backup
  const { set, mapEnum, transformed = [] } = edits
  const edit = (table: Table): Table => {
    const column = (name: string): Column => {
      const found = live.tables.find(({ id }) => id === table.id)?.columns.find((one) => one.name === name)
      if (found === undefined) throw new Error(`live has no ${table.id}.${name}`)
      return found
    }
    const own = set.filter((one) => one.table === table.id)
    const labels = mapEnum.filter((one) => one.table === table.id)
    const target = live.tables.find(({ id }) => id === table.id)
    const offered = target !== undefined && transformed.includes(table.id) ? offerColumns(table, target) : table
    const given = own.reduce((made, one) => setColumn(made, column(one.column), one.value), offered)
    return labels.reduce((made, one) => mapLabel(made, column(one.column), one), given)
  }
  return { ...backup, tables: backup.tables.map(edit) }
}

/** Both sides as if the backup's rows held what the user gives. */
export const editCatalog = (catalog: SharedCatalog, edits: Edits): SharedCatalog => {
  if (isEmpty(edits)) return catalog
  const marks = [...catalog.tables.values()].flatMap(({ id, softDelete }) =>
    softDelete === null ? [] : [[id, softDelete] as const],
  )
  return withSoftDeletes(shareAgain(catalog, editBackup(catalog.backup, catalog.live, edits)), new Map(marks))
}
