/** How a staged row's values become live's: every reference follows the map of its parent, every key the table's own map. */
import { sql } from 'kysely'
import { columnOf } from '../../catalog/catalog.ts'
import type { Relation } from '../../catalog/relations.ts'
import { all, any, column, identifier, list, type Query, serverText } from '../../database/names.ts'
import { asReference, isReferred } from '../../sql/references.ts'
import { isStagedAsText } from '../../sql/rows.ts'
import { isMeant } from '../stage/conditional-rows.ts'
import {
  type Layout,
  newColumn,
  oldColumn,
  ordinalOf,
  ownMap,
  ownValue,
  parentOf,
  type StagedTable,
} from '../stage/staged.ts'

/** A mapped reference that a column is part of. */
export interface MappedReference {
  readonly relation: Relation
  /** Where the column stands in the relation. */
  readonly index: number
  /** The map knows the parent of the staged row. */
  readonly isMapped: Query
  /** What the map has for the column, as the parent's column has it. */
  readonly value: Query
}

/** How a staged row's values become live's: joins to the maps of its parents, and an expression per column. */
export interface FinalValues {
  readonly joins: Query
  /** The references by which a column is mapped. */
  readonly references: (name: string) => readonly MappedReference[]
  readonly liveValue: (name: string) => Query
  /** Rows in which two references disagree about a column they share; null where none is shared. */
  readonly disagreements: Query | null
}

/** Final values of `s`, the stage of a table. `withOwnMap`: keys from the table's own map, once it is filled. */
export const finalValues = (
  layout: Layout,
  staged: StagedTable,
  options: { readonly withOwnMap: boolean },
): FinalValues => {
  const relations = layout.mapped.filter(({ child }) => child === staged.table.id)
  const joins = [
    ...(options.withOwnMap ? [ownMap(staged)] : []),
    ...relations.map((relation, position) => {
      const parent = parentOf(layout, relation)
      const on = relation.columns.map((name, index) => {
        const old = oldColumn(parent, relation.parentColumns[index] ?? '')
        return isReferred({ relation, position: index }, column('s', name), sql`${identifier(`m${position}`)}.${old}`)
      })
      const meant = isMeant(layout, relation, 's')
      return sql`left join ${parent.map} as ${identifier(`m${position}`)} on ${all(meant === null ? on : [meant, ...on])}`
    }),
  ]
  const references = (name: string): readonly MappedReference[] =>
    relations.flatMap((relation, position) => {
      const index = relation.columns.indexOf(name)
      if (index < 0) return []
      const alias = `m${position}`
      const value = sql`${identifier(alias)}.${newColumn(parentOf(layout, relation), relation.parentColumns[index] ?? '')}`
      return [{ relation, index, isMapped: sql`${ordinalOf(alias)} is not null`, value }]
    })
  const taken = ({ relation, index, value }: MappedReference): Query =>
    asReference({ relation, position: index }, staged.table.live, value)
  const liveValue = (name: string): Query => {
    const raw = column('s', name)
    const cases = references(name).map((own) => sql`when ${own.isMapped} then ${taken(own)}`)
    const value = cases.length === 0 ? raw : sql`case ${list(cases, ' ')} else ${raw} end`
    return options.withOwnMap ? ownValue(staged, name, value) : value
  }
  const shared = staged.table.columns.map(({ name }) => references(name)).filter((found) => found.length > 1)
  const disagreements = any(
    shared.flatMap(([first, ...others]) =>
      first === undefined
        ? []
        : others.map((other) => sql`(${first.isMapped} and ${other.isMapped} and ${taken(first)} <> ${taken(other)})`),
    ),
  )
  return { joins: list(joins, ' '), references, liveValue, disagreements: shared.length === 0 ? null : disagreements }
}

/** A staged value as its column takes it: assignment casts check, they never cut. What was staged as text goes through input. */
export const assignedValue = ({ table }: StagedTable, name: string, value: Query): Query => {
  const found = columnOf(table.live, name)
  return found !== undefined && isStagedAsText(found) ? sql`(${value})::${serverText(found.type)}` : value
}
