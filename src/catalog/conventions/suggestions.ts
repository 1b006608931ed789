/** Names that look like one another on the two sides: told, never assumed. Pure. */
import { writeProperty, writeText } from '../../config/writing.ts'
import { displayName, displayTable } from '../../database/display.ts'
import type { Catalog, Column, Table } from '../catalog.ts'
import { columnOf } from '../catalog.ts'

const lacking = (table: Table, other: Table): readonly Column[] =>
  table.columns.filter(({ name, generated }) => generated === null && columnOf(other, name) === undefined)

/** A column of live that may be one of the backup under another name: the only one on either side of its type. */
export interface LikelyRename {
  readonly table: string
  readonly column: string
  /** What the backup calls it. */
  readonly from: string
}

/** Columns that look renamed. */
export const likelyRenames = (live: Table, backup: Table): readonly LikelyRename[] => {
  const [come, gone] = [lacking(live, backup), lacking(backup, live)]
  return come.flatMap(({ name: column, type }) => {
    const alike = gone.filter((other) => other.type === type)
    const rivals = come.filter((other) => other.type === type)
    const from = alike[0]?.name
    if (from === undefined || alike.length > 1 || rivals.length > 1) return []
    return [{ table: live.id, column, from }]
  })
}

/** Names and types of the columns; types of the table's own schema without it, since they move along. */
const shape = ({ schema, columns }: Table): string => {
  const own = `${displayName(schema)}.`
  return JSON.stringify(columns.map(({ name, type }) => `${name} ${type.replaceAll(own, '')}`).sort())
}

/** A schema of the backup that live may call otherwise. */
export interface LikelySchema {
  readonly from: string
  readonly to: string
  /** How many of its columns live has under the same table and column name. */
  readonly shared: number
  readonly columns: number
  /** What `schemas` of the config file has to say. */
  readonly entry: string
}

const columnsBySchema = ({ tables }: Catalog): ReadonlyMap<string, ReadonlySet<string>> =>
  new Map(
    [...Map.groupBy(tables, ({ schema }) => schema)].map(([schema, own]) => [
      schema,
      new Set(own.flatMap(({ name, columns }) => columns.map((column) => `${name}\0${column.name}`))),
    ]),
  )

/** Schemas of the backup more than half of whose columns stand in one other schema of live. */
export const likelySchemas = (live: Catalog, backup: Catalog): readonly LikelySchema[] => {
  const here = [...columnsBySchema(live)]
  return [...columnsBySchema(backup)].flatMap(([from, names]) => {
    const counted = here.map(([to, own]) => ({ to, shared: [...names].filter((name) => own.has(name)).length }))
    const [best, next] = counted.sort((a, b) => b.shared - a.shared)
    if (best === undefined || best.to === from || best.shared * 2 <= names.size || best.shared === next?.shared)
      return []
    return [{ from, ...best, columns: names.size, entry: `${writeProperty(from)}: ${writeText(best.to)}` }]
  })
}

/** A table that may have moved. */
export interface LikelyMove {
  /** Whether the table has another name, or its schema. */
  readonly of: 'tables' | 'schemas'
  /** What that key of the config file has to say. */
  readonly entry: string
  /** The whole line. */
  readonly line: string
  /** What live calls it. */
  readonly to: string
}

/** Tables of the backup that look like one that only live has, by the backup's id. */
export const likelyMoves = (live: Catalog, backup: Catalog): ReadonlyMap<string, LikelyMove> => {
  const inLive = new Set(live.tables.map(({ id }) => id))
  const inBackup = new Set(backup.tables.map(({ id }) => id))
  const come = live.tables.filter(({ id }) => !inBackup.has(id))
  const gone = backup.tables.filter(({ id }) => !inLive.has(id))
  const found = new Map<string, LikelyMove>()
  for (const table of gone) {
    const isAlike = (other: Table): boolean => shape(other) === shape(table)
    const candidates = come.filter(isAlike)
    const namesake = candidates.find(({ name }) => name === table.name)
    const [target, ...others] = namesake === undefined ? candidates : [namesake]
    if (target === undefined || others.length > 0 || (namesake === undefined && gone.filter(isAlike).length > 1))
      continue
    const of = namesake === undefined ? 'tables' : 'schemas'
    const entry =
      of === 'tables'
        ? `${writeText(table.id)}: ${writeText(target.id)}`
        : `${writeProperty(table.schema)}: ${writeText(target.schema)}`
    found.set(table.id, { of, entry, line: `${of}: { ${entry} }`, to: displayTable(target) })
  }
  return found
}
