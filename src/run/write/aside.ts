/**
 * Unique values that go from one row to another: a unique index is checked row by row, so the row that gives its value up is first moved
 * aside, to a value that nobody has. It gets its own with all the others, and is verified like them. A deferrable constraint is merely
 * told to wait. Nothing is done where nothing is in the way.
 */
import { sql } from 'kysely'
import type { Uniqueness } from '../../catalog/catalog.ts'
import { all, any, column, identifier, list, type Query } from '../../database/names.ts'
import type { Writer } from '../../database/session/reader.ts'
import { findParking, type Parking } from '../../plan/effects/parking.ts'
import type { Step } from '../../plan/step.ts'
import { fromTable } from '../../sql/rows.ts'
import { joinConflicts } from '../../sql/uniques.ts'
import { finalValues } from '../keys/final-values.ts'
import { liveIdentity, onLiveIdentity } from '../keys/live-identity.ts'
import { inRange, type Layout, type StagedTable } from '../stage/staged.ts'

/** The columns whose values a step writes or, deleting the row, gives up. */
const givenUp = (staged: StagedTable, step: Step): readonly string[] => {
  if (step.action === 'update') return step.columns
  return step.action === 'delete' ? staged.table.columns.map(({ name }) => name) : []
}

const stepsOf = (staged: StagedTable, unique: Uniqueness): StagedTable['steps'] =>
  staged.steps.filter(({ step }) => givenUp(staged, step).some((name) => unique.columns.includes(name)))

/** Rows as they will be: the columns of the constraint, and the key of the row in live. */
const writtenRows = (layout: Layout, staged: StagedTable, unique: Uniqueness): Query => {
  const final = finalValues(layout, staged, { withOwnMap: true })
  const updated = finalValues(layout, staged, { withOwnMap: false })
  const live = liveIdentity(layout, staged)
  const key = staged.table.identity.map((name, p) => sql`${live.of(name)} as ${identifier(`m${p}`)}`)
  const parts = staged.steps.flatMap(({ step, range }) => {
    if (step.action === 'insert') {
      const values = unique.columns.map((name) => sql`${final.liveValue(name)} as ${identifier(name)}`)
      return [
        sql`select ${list([...key, ...values])} from ${staged.stage} as s ${final.joins} where ${inRange('s', range)}`,
      ]
    }
    if (step.action === 'delete' || !step.columns.some((name) => unique.columns.includes(name))) return []
    const values = unique.columns.map((name) => {
      const value = step.columns.includes(name) ? updated.liveValue(name) : column('t', name)
      return sql`${value} as ${identifier(name)}`
    })
    return [
      sql`select ${list([...key, ...values])}
        from ${staged.stage} as s ${live.joins} ${updated.joins}
        join ${fromTable(staged.table.live)} as t on ${onLiveIdentity(layout, staged, 't')}
        where ${inRange('s', range)}`,
    ]
  })
  return sql`(${list(parts, ' union all ')}) as x`
}

/** A value that nobody has, per row `s` that is moved aside. */
const asideValue = (staged: StagedTable, { column: name, how }: Parking): Query => {
  if (how === 'null') return sql`null`
  if (how === 'uuid') return sql`pg_catalog.gen_random_uuid()`
  if (how === 'text') return sql`pg_catalog.gen_random_uuid()::text`
  const none = how === 'day' ? sql`'2000-01-01'` : sql`0`
  const more = how === 'day' ? sql`moved.place * interval '1 day'` : sql`moved.place`
  return sql`(
    select coalesce(pg_catalog.max(v), ${none}) from (
      select pg_catalog.max(${column('a', name)}) as v from ${fromTable(staged.table.live)} as a
      union all select pg_catalog.max(${column('a', name)}) from ${staged.stage} as a) as highest
  ) + ${more}`
}

/** Moves the rows of a table aside whose values of one constraint others take. */
const moveRows = async (
  writer: Writer,
  layout: Layout,
  { staged, unique }: { readonly staged: StagedTable; readonly unique: Uniqueness },
): Promise<void> => {
  const { table } = staged
  const leaving = stepsOf(staged, unique)
  const moves = leaving.flatMap(({ step, range }) => {
    const parking = findParking({ table, unique }, givenUp(staged, step), layout.relations.values())
    return parking === null ? [] : [{ parking, range }]
  })
  if (moves.length === 0) return
  const live = liveIdentity(layout, staged)
  const keys = table.identity.map((_, p) => identifier(`k${p}`))
  const mine = table.identity.map((_, p) => identifier(`m${p}`))
  const theirs = table.identity.map((name, p) => sql`${identifier(name)} as ${identifier(`k${p}`)}`)
  const isOther = any(table.identity.map((_, p) => sql`s.${mine[p]} is distinct from t.${keys[p]}`))
  for (const { parking, range } of moves) {
    await writer.execute(sql`
      update ${fromTable(table.live)} as t
      set ${identifier(parking.column)} = ${asideValue(staged, parking)}
      from (
        select ${list(keys)}, pg_catalog.row_number() over () as place
        from (
          select distinct ${list(keys.map((key) => sql`t.${key}`))}
          from ${joinConflicts({ table, unique }, writtenRows(layout, staged, unique), { mine, theirs })}
          where ${isOther}
        ) as wanted
        where exists (
          select from (select s.* from ${staged.stage} as s where ${inRange('s', range)}) as s ${live.joins}
          where ${all(table.identity.map((name, p) => sql`${live.of(name)} = wanted.${keys[p]}`))})
      ) as moved
      where ${all(table.identity.map((name, p) => sql`${column('t', name)} = moved.${keys[p]}`))}`)
  }
}

/** Clears the way for unique values that change hands between rows of the run. */
export const moveAside = async (writer: Writer, layout: Layout): Promise<void> => {
  for (const staged of layout.tables.values()) {
    const names = new Set(staged.table.columns.map(({ name }) => name))
    const isTaken = (unique: Uniqueness): boolean =>
      staged.steps.some(
        ({ step }) =>
          step.action === 'insert' ||
          (step.action === 'update' && step.columns.some((name) => unique.columns.includes(name))),
      )
    for (const unique of staged.table.live.uniques) {
      const isKnown = unique.columns.every((name) => names.has(name))
      if (unique.kind === 'primary' || !isKnown || stepsOf(staged, unique).length === 0 || !isTaken(unique)) continue
      if (unique.isDeferrable) {
        await writer.execute(sql`set constraints ${sql.id(staged.table.schema, unique.name)} deferred`)
      } else await moveRows(writer, layout, { staged, unique })
    }
  }
}
