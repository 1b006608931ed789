/** Columns by whose values rows may be told apart: a table's own, those of the rows it refers to, and of the rows that these refer to. */
import { sql } from 'kysely'
import type { Column, Table } from '../../../catalog/catalog.ts'
import { columnOf } from '../../../catalog/catalog.ts'
import { isTime } from '../../../catalog/conventions/column-words.ts'
import { isKeyOf, type Relation } from '../../../catalog/relations.ts'
import type { SharedTable } from '../../../catalog/shared.ts'
import { column, list, type Query } from '../../../database/names.ts'
import { namedCreationColumns } from '../../../rows/records/records.ts'
import type { Sides } from '../../../rows/sides.ts'
import { joinRelation } from '../../../sql/references.ts'
import { fromTable } from '../../../sql/rows.ts'

/** A column of the table, or of a row above its rows. */
export interface Feature {
  /** References from the table up to the row that has the column; none where it is the table's own. */
  readonly path: readonly Relation[]
  /** The backup's table that has the column. */
  readonly table: Table
  readonly name: string
  /** The reference that it is, all of it; of the table's own columns alone. */
  readonly relation: Relation | null
  /** A number that rises as rows are made, or a time. */
  readonly rises: 'key' | 'time' | null
}

const comparable =
  /^(smallint|integer|bigint|numeric|real|double precision|boolean|text|character varying|character|name|uuid|date|inet|cidr|(.*\.)?"?citext"?)$|^(timestamp|time)\b/

const isComparable = ({ typeKind, baseType, canSelect }: Column): boolean =>
  canSelect && (typeKind === 'enum' || (typeKind === 'base' && comparable.test(baseType)))

const integer = /^(smallint|integer|bigint)$/

const mostOwn = 48
const mostFeatures = 64

const ownFeatures = (sides: Sides, table: SharedTable): readonly Feature[] => {
  const named = table.columns.filter(({ name, backup }) => name !== table.softDelete && isComparable(backup))
  const relations = sides.catalog.relations.filter(
    ({ child, columns, condition, compared }) =>
      child === table.id && columns.length === 1 && condition === null && compared.every((how) => how === 'value'),
  )
  const [only, ...rest] = table.primaryKey
  const key = table.allocation?.column ?? (rest.length === 0 ? only : undefined)
  const times = new Set([
    ...namedCreationColumns(table),
    ...named.filter((own) => isTime(own.backup)).map((t) => t.name),
  ])
  const risesOf = ({ name, baseType }: Column): Feature['rises'] =>
    name === key && integer.test(baseType) ? 'key' : times.has(name) ? 'time' : null
  return named.slice(0, mostOwn).map(({ name, backup }) => ({
    path: [],
    table: table.backup,
    name,
    relation: relations.find(({ columns }) => columns[0] === name) ?? null,
    rises: risesOf(backup),
  }))
}

/** References that lead to one row each, of a table that is looked at. */
const stepsFrom = (
  sides: Sides,
  table: SharedTable,
): readonly { readonly step: Relation; readonly parent: SharedTable }[] =>
  sides.catalog.relations.flatMap((step) => {
    const parent = sides.catalog.tables.get(step.parent)
    const isMeant = step.child === table.id && step.condition === null && step.compared.every((how) => how === 'value')
    if (!isMeant || parent === undefined || parent.hidden !== null) return []
    return isKeyOf(parent.backup, step.parentColumns) ? [{ step, parent }] : []
  })

const featuresAbove = (sides: Sides, table: SharedTable, path: readonly Relation[]): readonly Feature[] =>
  stepsFrom(sides, table).flatMap(({ step, parent }) => {
    const own = parent.columns
      .filter(({ name, backup }) => isComparable(backup) && !step.parentColumns.includes(name))
      .map(({ name }): Feature => ({ path: [...path, step], table: parent.backup, name, relation: null, rises: null }))
    return path.length === 0 ? [...own, ...featuresAbove(sides, parent, [step])] : own
  })

/** The nearest first, and not too many of them. */
export const featuresOf = (sides: Sides, table: SharedTable): readonly Feature[] =>
  [
    ...ownFeatures(sides, table),
    ...featuresAbove(sides, table, []).toSorted((a, b) => a.path.length - b.path.length),
  ].slice(0, mostFeatures)

const pathId = (path: readonly Relation[]): string => path.map(({ id }) => id).join('\0')

/** The rows above `t` that features are read from: what is joined, and the value of each feature. */
export const joinFeatures = (
  sides: Sides,
  features: readonly Feature[],
): { readonly joins: Query; readonly values: readonly Query[] } => {
  const aliases = new Map([['', 't']])
  const joins: Query[] = []
  const aliasOf = (path: readonly Relation[]): string => {
    const known = aliases.get(pathId(path))
    const step = path.at(-1)
    if (known !== undefined || step === undefined) return known ?? 't'
    const below = aliasOf(path.slice(0, -1))
    const alias = `above${aliases.size}`
    aliases.set(pathId(path), alias)
    const parent = sides.catalog.tables.get(step.parent)
    if (parent === undefined) throw new Error(`table ${step.parent} is not shared`)
    joins.push(sql`left join ${fromTable(parent.backup)} as ${sql.id(alias)} on ${joinRelation(step, below, alias)}`)
    return alias
  }
  const values = features.map(({ path, name }) => column(aliasOf(path), name))
  return { joins: list(joins, ' '), values }
}

/** The type of its values. */
export const typeOfFeature = ({ table, name }: Feature): string => columnOf(table, name)?.baseType ?? ''
