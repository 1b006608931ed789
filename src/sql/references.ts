/** In SQL: which rows refer by a relation, and how the two ends of one are compared. */
import { sql } from 'kysely'
import type { Table } from '../catalog/catalog.ts'
import { columnOf } from '../catalog/catalog.ts'
import type { Comparison, Relation } from '../catalog/relations.ts'
import { displayName } from '../database/display.ts'
import { all, column, identifier, list, type Query, serverText } from '../database/names.ts'
import { type AliasedRow, isSet, typeOf } from './rows.ts'

const compare = (how: Comparison, child: Query, parent: Query): Query => {
  const same = sql`${child}::text = ${parent}::text`
  switch (how) {
    case 'value':
      return sql`${child} = ${parent}`
    case 'text':
      return same
    case 'integer text':
      return sql`(${same} and ${parent} = case when ${child}::text ~ '^-?[0-9]{1,18}$' then ${child}::text::bigint end)`
    case 'uuid text':
      return sql`(${same}
        and ${parent} = case when ${child}::text ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then ${child}::text::uuid end)`
  }
}

/** One of the columns of a relation, by its position among them. */
interface RelationColumn {
  readonly relation: Relation
  readonly position: number
}

/** The child's column equals a value of the parent's type. */
export const isReferred = ({ relation, position }: RelationColumn, child: Query, parent: Query): Query =>
  compare(relation.compared[position] ?? 'value', child, parent)

/** `c.fk1 = p.k1 and c.fk2 = p.k2` */
export const joinRelation = (relation: Relation, child: string, parent: string): Query =>
  all(
    relation.columns.map((name, position) =>
      isReferred({ relation, position }, column(child, name), column(parent, relation.parentColumns[position] ?? '')),
    ),
  )

/** A value of the parent's as the child's column takes it. */
export const asReference = ({ relation, position }: RelationColumn, child: Table, value: Query): Query =>
  relation.compared[position] === 'value'
    ? value
    : sql`(${value}::text)::${typeOf(child, relation.columns[position] ?? '')}`

/**
 * True where a condition of the user's holds for a row, or for that row with other values in some columns. Bare names mean
 * columns of the row alone. The parameter lets the protocol take no second statement; the newline ends a comment.
 */
export const holds = (
  condition: string,
  { table, alias }: AliasedRow,
  values: ReadonlyMap<string, Query> = new Map(),
): Query => {
  const columns = table.columns
    .filter(({ canSelect }) => canSelect)
    .map(({ name }) => sql`${values.get(name) ?? column(alias, name)} as ${identifier(name)}`)
  return sql`(select (${serverText(condition)}
    ) and ${'one statement'}::text is not null from (select ${list(columns)}) as ${identifier(table.name)})`
}

const isValue = ({ table, alias }: AliasedRow, name: string, value: string | null): Query => {
  if (value === null) return sql`false`
  return columnOf(table, name)?.typeKind === 'enum'
    ? sql`${column(alias, name)}::text = ${value}`
    : sql`${column(alias, name)} = ${value}::${typeOf(table, name)}`
}

/** True for a row of the child's table on one side that refers to some parent by the relation. */
export const refers = (relation: Relation, side: 'live' | 'backup', row: AliasedRow): Query => {
  const { condition, columns } = relation
  if (condition === null) return isSet(row.alias, columns)
  const isMeant = condition.by === 'sql' ? holds(condition.sql, row) : isValue(row, condition.column, condition[side])
  return all([isSet(row.alias, columns), isMeant])
}

/** `photo`, or `shop.photo` outside of the schema public. */
export const shortName = ({ schema, name }: Pick<Table, 'schema' | 'name'>): string =>
  schema === 'public' ? displayName(name) : `${displayName(schema)}.${displayName(name)}`
