/** Conditions on the rows of one table: what one column must hold, or two. As SQL to run, and as a person would write it. Pure. */
import { sql } from 'kysely'
import type { Relation } from '../../../catalog/relations.ts'
import type { SharedTable } from '../../../catalog/shared.ts'
import { displayAlone } from '../../../database/display.ts'
import { all, any, arrayText, column, list, type Query, quote } from '../../../database/names.ts'
import { type Key, packNames } from '../../../keys/key.ts'
import { type Sides, tableOf } from '../../../rows/sides.ts'
import { fromTable, typeOf } from '../../../sql/rows.ts'
import type { Feature } from './features.ts'
import { writeAmong, writeEqual, writeTable, writeValue } from './writing.ts'

/** What a column must hold, in the server's text. */
export type Test =
  /** This value, or none. */
  | { readonly is: 'value'; readonly value: string | null }
  | { readonly is: 'among'; readonly values: readonly string[] }
  /** Any value but these. */
  | { readonly is: 'other'; readonly values: readonly string[] }
  /** From the first to the last; null where there is no end. */
  | { readonly is: 'range'; readonly first: string | null; readonly last: string | null }

export interface Term {
  readonly feature: Feature
  readonly test: Test
}

export interface RowCondition {
  readonly kind:
    | 'partition'
    | 'all'
    | 'parent'
    | 'value'
    | 'values'
    | 'key range'
    | 'time range'
    | 'range'
    | 'both'
    | 'keys'
  /** For people, and for `--where`: `photographer_id = 41`. */
  readonly sql: string
  /** The same on the alias `t`, with its values as parameters. */
  readonly where: Query
  /** The reference that has the same value in all rows, and that value. */
  readonly parent: { readonly relation: Relation; readonly values: readonly string[] } | null
  /** A range that begins with the first row and does not reach the last one. */
  readonly isLowest: boolean
}

const plain = { parent: null, isLowest: false } as const

export const everyRow: RowCondition = { ...plain, kind: 'all', sql: 'true', where: sql`true` }

export const inPartition = (name: string): RowCondition => ({
  ...plain,
  kind: 'partition',
  sql: `tableoid = ${quote(name)}::regclass`,
  where: sql`t.tableoid = ${name}::pg_catalog.regclass`,
})

/** Rows by their keys, and nothing that these have in common. */
export const keysAlone = (table: SharedTable, keys: readonly Key[]): RowCondition => ({
  ...plain,
  kind: 'keys',
  sql: writeAmong(table, table.identity, keys),
  where: any(
    keys.map((key) =>
      all(
        table.identity.map(
          (name, place) => sql`${column('t', name)} = ${key[place] ?? ''}::${typeOf(table.backup, name)}`,
        ),
      ),
    ),
  ),
})

const writeTest = ({ table, name }: Feature, test: Test): string => {
  const own = displayAlone(name)
  const write = (value: string): string => writeValue(table, name, value)
  const writeAll = (values: readonly string[]): string => values.map(write).join(', ')
  switch (test.is) {
    case 'value':
      return writeEqual({ backup: table }, [name], [test.value])
    case 'among':
      return `${own} in (${writeAll(test.values)})`
    case 'other': {
      const [only] = test.values
      if (only === undefined) return `${own} is not null`
      return test.values.length === 1 ? `${own} <> ${write(only)}` : `${own} not in (${writeAll(test.values)})`
    }
    case 'range':
      if (test.first === null) return `${own} <= ${write(test.last ?? '')}`
      if (test.last === null) return `${own} >= ${write(test.first)}`
      return `${own} between ${write(test.first)} and ${write(test.last)}`
  }
}

const holdsTest = ({ table, name }: Feature, test: Test, alias: string): Query => {
  const own = column(alias, name)
  const type = typeOf(table, name)
  switch (test.is) {
    case 'value':
      return test.value === null ? sql`${own} is null` : sql`${own} = ${test.value}::${type}`
    case 'among':
      return sql`${own} = any (${arrayText(test.values)}::${type}[])`
    case 'other':
      return test.values.length === 0
        ? sql`${own} is not null`
        : sql`${own} <> all (${arrayText(test.values)}::${type}[])`
    case 'range': {
      const bounds = [
        ...(test.first === null ? [] : [sql`${own} >= ${test.first}::${type}`]),
        ...(test.last === null ? [] : [sql`${own} <= ${test.last}::${type}`]),
      ]
      return all(bounds)
    }
  }
}

/** Terms by the row that they are about: those of one row above hold for the same one. */
const byRow = (terms: readonly Term[]): readonly (readonly Term[])[] => [
  ...Map.groupBy(terms, ({ feature }) => packNames(feature.path.map(({ id }) => id))).values(),
]

const pathOf = ([first]: readonly Term[]): readonly Relation[] => first?.feature.path ?? []

/** `gallery_id in (select id from gallery where owner = 'x')` */
const writeTerms = (sides: Sides, terms: readonly Term[]): string =>
  pathOf(terms).reduceRight(
    (inner, { columns, parentColumns, parent }) => {
      const tuple = (names: readonly string[]): string => names.map(displayAlone).join(', ')
      const own = columns.length === 1 ? tuple(columns) : `(${tuple(columns)})`
      return `${own} in (select ${tuple(parentColumns)} from ${writeTable(tableOf(sides.catalog, parent))} where ${inner})`
    },
    terms.map(({ feature, test }) => writeTest(feature, test)).join(' and '),
  )

const holdTerms = (sides: Sides, terms: readonly Term[]): Query => {
  const path = pathOf(terms)
  const aliasAt = (place: number): string => (place < 0 ? 't' : `above${place}`)
  return path.reduceRight(
    (inner, { columns, parentColumns, parent }, place) => {
      const [below, above] = [aliasAt(place - 1), aliasAt(place)]
      const from = fromTable(tableOf(sides.catalog, parent).backup)
      return sql`(${list(columns.map((name) => column(below, name)))}) in (
        select ${list(parentColumns.map((name) => column(above, name)))} from ${from} as ${sql.id(above)} where ${inner})`
    },
    all(terms.map(({ feature, test }) => holdsTest(feature, test, aliasAt(path.length - 1)))),
  )
}

const kindOf = (terms: readonly Term[], parent: RowCondition['parent']): RowCondition['kind'] => {
  const [only, second] = terms
  if (parent !== null) return 'parent'
  if (only === undefined) return 'all'
  if (second !== undefined) return 'both'
  if (only.test.is === 'value') return 'value'
  if (only.test.is !== 'range') return 'values'
  const { rises } = only.feature
  return rises === null ? 'range' : `${rises} range`
}

/** The reference whose columns are all set by the terms, and nothing else is. */
const parentOf = (sides: Sides, table: SharedTable, terms: readonly Term[]): RowCondition['parent'] => {
  const values = new Map(
    terms.flatMap(({ feature, test }) =>
      feature.path.length === 0 && test.is === 'value' && test.value !== null
        ? [[feature.name, test.value] as const]
        : [],
    ),
  )
  if (values.size === 0 || values.size !== terms.length) return null
  const relation = sides.catalog.relations.find(
    ({ child, columns, condition }) =>
      child === table.id &&
      condition === null &&
      columns.length === values.size &&
      columns.every((name) => values.has(name)),
  )
  return relation === undefined ? null : { relation, values: relation.columns.map((name) => values.get(name) ?? '') }
}

/** Rows for which every term holds. */
export const makeCondition = (sides: Sides, table: SharedTable, terms: readonly Term[]): RowCondition => {
  const [only] = terms
  if (only === undefined) return everyRow
  const parent = parentOf(sides, table, terms)
  return {
    kind: kindOf(terms, parent),
    sql: byRow(terms)
      .map((own) => writeTerms(sides, own))
      .join(' and '),
    where: all(byRow(terms).map((own) => holdTerms(sides, own))),
    parent,
    isLowest:
      terms.length === 1 && only.feature.path.length === 0 && only.test.is === 'range' && only.test.first === null,
  }
}
