/**
 * Rows of live in the way of rows to be written: unique indexes (partial, expression, NULLS NOT DISTINCT) and exclusion constraints,
 * asked of the server with the index's own expression, predicate, collation and operator. JavaScript never judges equality.
 */
import { sql } from 'kysely'
import type { IndexElement, Uniqueness } from '../catalog/catalog.ts'
import { columnOf } from '../catalog/catalog.ts'
import { fromTable, inBatches, ordinal, packKey, typeOf, valueSource } from '../catalog/row.ts'
import type { SharedTable } from '../catalog/shared.ts'
import { all, column, identifier, list, type Query, serverText } from '../database/names.ts'
import type { Reader } from '../database/session.ts'

/** A row to be written: its packed backup key and the values that the constraint reads, in the order of its columns. */
export interface ProbedRow {
  readonly key: string
  readonly values: readonly (string | null)[]
}

const evaluate = (element: IndexElement): Query => {
  const expression = element.column === null ? serverText(`(${element.expression})`) : identifier(element.column)
  return element.collation === null
    ? expression
    : sql`${expression} collate ${sql.id(element.collation.schema, element.collation.name)}`
}

const conflict = (unique: Uniqueness, element: IndexElement, position: number): Query => {
  const [mine, theirs] = [column('s', `u${position}`), column('t', `u${position}`)]
  const equal = sql`${mine} operator(${serverText(element.operator)}) ${theirs}`
  return unique.nullsNotDistinct ? sql`(${equal} or (${mine} is null and ${theirs} is null))` : equal
}

/** True where every column the constraint reads has a value on the backup's side. */
export const canProbe = (table: SharedTable, unique: Uniqueness): boolean =>
  unique.columns.every((name) => columnOf(table.backup, name) !== undefined)

/** An index's expressions by name, `u0`, `u1`, of the rows it holds. */
const indexed = (unique: Uniqueness, more: readonly Query[], source: Query): Query => {
  const expressions = unique.elements.map((element, p) => sql`${evaluate(element)} as ${identifier(`u${p}`)}`)
  const where = unique.predicate === null ? sql`` : sql`where ${serverText(`(${unique.predicate})`)}`
  return sql`(select ${list([...more, ...expressions])} from ${source} ${where})`
}

/**
 * Rows `s` of a source joined with rows `t` of live in conflict with them. The source has the columns of the constraint by their
 * names; `mine` and `theirs` are what else is wanted of each side.
 */
export const joinConflicts = (
  table: SharedTable,
  unique: Uniqueness,
  source: Query,
  wanted: { readonly mine: readonly Query[]; readonly theirs: readonly Query[] },
): Query => sql`
  ${indexed(unique, wanted.mine, source)} as s
  join ${indexed(unique, wanted.theirs, fromTable(table.live))} as t
    on ${all(unique.elements.map((element, p) => conflict(unique, element, p)))}`

/** Per row the packed keys of live rows that conflict with it. Rows without conflict are absent. */
export const probeUnique = async (
  live: Reader,
  table: SharedTable,
  unique: Uniqueness,
  rows: readonly ProbedRow[],
): Promise<ReadonlyMap<string, readonly string[]>> => {
  const found = new Map<string, string[]>()
  const identity = table.identity.map((name, p) => sql`${identifier(name)}::text as ${identifier(`k${p}`)}`)
  for (const batch of inBatches(rows)) {
    const source = valueSource(
      unique.columns.map((name) => typeOf(table.live, name)),
      batch.map(({ values }) => values),
      { alias: 'x', names: unique.columns },
    )
    const wanted = { mine: [sql`${ordinal('x')} as ord`], theirs: identity }
    const conflicts = await live.rows(sql`
      select s.ord::text, ${list(table.identity.map((_, p) => column('t', `k${p}`)))}
      from ${joinConflicts(table, unique, source, wanted)}
      order by s.ord`)
    for (const [ord, ...key] of conflicts) {
      const row = batch[Number(ord) - 1]
      if (row === undefined) continue
      found.set(row.key, [...(found.get(row.key) ?? []), packKey(key.map((value) => value ?? ''))])
    }
  }
  return found
}
