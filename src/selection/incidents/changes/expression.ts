/** What an UPDATE may have made of a column: as a person would write it, and as the backup's server tells it without ever failing. */
import { sql } from 'kysely'
import { type Column, columnOf } from '../../../catalog/catalog.ts'
import type { SharedTable } from '../../../catalog/shared.ts'
import { displayAlone } from '../../../database/display.ts'
import { column, type Query } from '../../../database/names.ts'
import { writeValue } from '../conditions/writing.ts'

/** The right side of `column = ...`. */
export interface Expression {
  /** `price * 1.1`, with the columns of the table by their bare names. */
  readonly sql: string
  /** The text of its value in the column, over the row `t` of the backup. Where the statement would have failed it is any text. */
  readonly value: Query
}

/** A column that an UPDATE set, and to what. */
export interface LikelyAssignment extends Expression {
  readonly column: string
}

/** One row as both sides have it, as text; `undefined` is a value too long to be looked at. */
export interface Pair {
  /** The backup's, by column. */
  readonly before: ReadonlyMap<string, string | null | undefined>
  readonly after: string | null | undefined
}

/** The column that an expression is looked for. */
export interface Subject {
  readonly table: SharedTable
  readonly name: string
  readonly type: Column
  /** As it is written. */
  readonly shown: string
  /** Over the row `t`. */
  readonly own: Query
}

export const subjectOf = (table: SharedTable, name: string): Subject => {
  const type = columnOf(table.live, name)
  if (type === undefined) throw new Error(`table ${table.id} has no column ${name}`)
  return { table, name, type, shown: displayAlone(name), own: column('t', name) }
}

/** Both values of a row, where it has both. */
export const valuesOf = ({ name }: Subject, pairs: readonly Pair[]): readonly (readonly [string, string])[] =>
  pairs.flatMap(({ before, after }) => {
    const old = before.get(name)
    return typeof old === 'string' && typeof after === 'string' ? [[old, after] as const] : []
  })

/** What recurs in a list, most frequent first. */
export const mostFrequent = <T>(items: readonly T[], most: number): readonly T[] =>
  [...Map.groupBy(items, (item) => item)]
    .sort(([, a], [, b]) => b.length - a.length)
    .slice(0, most)
    .map(([item]) => item)

/** The same value in every row. */
const constants = ({ table, name }: Subject, pairs: readonly Pair[]): readonly Expression[] => {
  const values = pairs.flatMap(({ after }) => (after === undefined ? [] : [after]))
  return mostFrequent(values, 4).map((value) => ({
    sql: value === null ? 'NULL' : writeValue(table.live, name, value),
    value: sql`${value}::text`,
  }))
}

/** What another column of the same type held. */
const copies = ({ table, name, type }: Subject, pairs: readonly Pair[]): readonly Expression[] =>
  table.columns
    .filter((own) => own.name !== name && own.backup.baseType === type.baseType && !own.backup.isDomain)
    .filter((own) => {
      const equal = pairs.filter(({ before, after }) => after !== undefined && before.get(own.name) === after)
      return equal.length * 2 >= pairs.length
    })
    .map((own) => ({ sql: displayAlone(own.name), value: sql`${column('t', own.name)}::text` }))

const opposite = ({ type, shown, own }: Subject): readonly Expression[] =>
  type.baseType === 'boolean' ? [{ sql: `NOT ${shown}`, value: sql`(not ${own})::text` }] : []

/** What any column may have been set to, the simplest first. */
export const plainExpressions = (subject: Subject, pairs: readonly Pair[]): readonly Expression[] => [
  ...constants(subject, pairs),
  ...copies(subject, pairs),
  ...opposite(subject),
]
