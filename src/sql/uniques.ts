import { sql } from 'kysely'
import { columnOf, type IndexElement, type Uniqueness } from '../catalog/catalog.ts'
import type { SharedTable } from '../catalog/shared.ts'
import { all, column, identifier, list, type Query, serverText } from '../database/names.ts'
import { fromTable } from './rows.ts'

/** A unique index or an exclusion constraint of a table of live. */
export interface UniqueOf {
  readonly table: SharedTable
  readonly unique: Uniqueness
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
export const canProbe = ({ table, unique }: UniqueOf): boolean =>
  unique.columns.every((name) => columnOf(table.backup, name) !== undefined)

/** An index's expressions by name, `u0`, `u1`, of the rows it holds. */
const indexed = (unique: Uniqueness, more: readonly Query[], source: Query): Query => {
  const expressions = unique.elements.map((element, p) => sql`${evaluate(element)} as ${identifier(`u${p}`)}`)
  const where = unique.predicate === null ? sql`` : sql`where ${serverText(`(${unique.predicate})`)}`
  return sql`(select ${list([...more, ...expressions])} from ${source} ${where})`
}

/** Names of an index's expressions, as `indexed` has them. */
const namesOf = ({ elements }: Uniqueness): readonly string[] => elements.map((_, p) => `u${p}`)

/**
 * Per row of a source that a unique index would hold: `mine`, the first of `mine` among the rows it holds to be equal, and its
 * expressions as text. The source has the columns of the index by their names.
 */
export const firstEquals = (unique: Uniqueness, source: Query, mine: string): Query => {
  const names = namesOf(unique).map((name) => column('s', name))
  const isHeld = unique.nullsNotDistinct ? [] : names.map((name) => sql`${name} is not null`)
  return sql`
    select ${column('s', mine)}::text, (min(${column('s', mine)}) over (partition by ${list(names)}))::text,
      ${list(names.map((name) => sql`${name}::text`))}
    from ${indexed(unique, [identifier(mine)], source)} as s
    where ${all(isHeld)}
    order by ${column('s', mine)}`
}

/**
 * Rows `s` of a source joined with rows `t` of live in conflict with them. The source has the columns of the constraint by their
 * names; `mine` and `theirs` are what else is wanted of each side.
 */
export const joinConflicts = (
  { table, unique }: UniqueOf,
  source: Query,
  wanted: { readonly mine: readonly Query[]; readonly theirs: readonly Query[] },
): Query => sql`
  ${indexed(unique, wanted.mine, source)} as s
  join ${indexed(unique, wanted.theirs, fromTable(table.live))} as t
    on ${all(unique.elements.map((element, p) => conflict(unique, element, p)))}`
