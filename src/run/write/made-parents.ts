/**
 * Rows that a trigger makes above the row it fires for: every truck makes its vehicle. Such a row is the parent, and is not inserted a second
 * time: what makes it is written first, and then it takes the backup's values. Nobody can tell from a trigger that it does so; live says it
 * of a parent that was written before.
 */
import { sql } from 'kysely'
import { columnOf } from '../../catalog/catalog.ts'
import type { Relation } from '../../catalog/relations.ts'
import { all, column, identifier, list, type Query } from '../../database/names.ts'
import type { Writer } from '../../database/session/reader.ts'
import { RowgraftError } from '../../errors.ts'
import { displayKey, packKey } from '../../keys/key.ts'
import { asText, fromTable } from '../../sql/rows.ts'
import { assignedValue, finalValues } from '../keys/final-values.ts'
import { onLiveIdentity } from '../keys/live-identity.ts'
import { inRange, inserted, type Layout, ordinalColumn, ordinalOf, type StagedTable } from '../stage/staged.ts'
import { sameRow } from '../verify/same-values.ts'
import { suspects, write } from './refused-rows.ts'
import { isWrittenByUs, seenByOthers } from './row-writers.ts'

/** Rows of `maker`, as they come in, make rows of `made`; both are tables by id. */
export interface Making {
  readonly maker: string
  readonly made: string
}

/** One table's rows have to be there before the other's. */
export type TableEdge = Pick<Relation, 'child' | 'parent'>

/** What tables are ordered by. */
interface Order {
  readonly relations: readonly TableEdge[]
  readonly makings: readonly Making[]
}

/** What rows that a table's rows make refer to, and those that these make in turn: it has to be there before the maker. */
const parentsOfMade = (
  { relations, makings }: Order,
  maker: string,
  above: ReadonlySet<string> = new Set(),
): readonly string[] =>
  makings
    .filter((making) => making.maker === maker && !above.has(making.made))
    .flatMap(({ made }) => {
      const isMade = (parent: string): boolean => makings.some((own) => own.maker === made && own.made === parent)
      const own = relations.filter(({ child, parent }) => child === made && parent !== maker && !isMade(parent))
      const further = parentsOfMade({ relations, makings }, made, new Set([...above, maker]))
      return [...own.map(({ parent }) => parent), ...further]
    })

/** Relations as tables are ordered by: what is made comes after what makes it. */
export const orderedBy = (relations: readonly TableEdge[], makings: readonly Making[]): readonly TableEdge[] => {
  const isTurned = ({ child, parent }: TableEdge): boolean =>
    makings.some(({ maker, made }) => child === maker && parent === made)
  return [
    ...relations.filter((relation) => !isTurned(relation)),
    ...makings.map(({ maker, made }) => ({ child: made, parent: maker })),
    ...makings.flatMap(({ maker }) =>
      parentsOfMade({ relations, makings }, maker).map((parent) => ({ child: maker, parent })),
    ),
  ]
}

/** Tables above a table, whatever the way. */
const tablesAbove = (relations: readonly TableEdge[], id: string): ReadonlySet<string> => {
  const found = new Set([id])
  // A set is gone through with what is added on the way.
  for (const each of found) for (const { child, parent } of relations) if (child === each) found.add(parent)
  found.delete(id)
  return found
}

/** Tables whose rows are deleted, and whose triggers fire. */
interface Takers {
  readonly takers: ReadonlySet<string>
  /** Those of them whose triggers all fire once the statement has deleted its rows. */
  readonly afterwards: ReadonlySet<string>
}

/**
 * Takers below one parent. Each may take the parent along as soon as no row of its own table refers to it, while rows of the others still do:
 * all of them go in one statement, and only then do their triggers fire.
 */
const deletedTogether = (relations: readonly TableEdge[], { afterwards }: Takers): readonly TableEdge[] => {
  const siblings = Map.groupBy(
    relations.filter(({ child, parent }) => child !== parent && afterwards.has(child)),
    ({ parent }) => parent,
  )
  return [...siblings.values()].flatMap((below) => {
    const ids = [...new Set(below.map(({ child }) => child))]
    return ids.flatMap((child) => ids.filter((other) => other !== child).map((parent) => ({ child, parent })))
  })
}

/**
 * Relations as rows are deleted by, the other way round. A row whose trigger takes its parent along goes last of all that is below that
 * parent, together with others whose triggers do.
 */
export const deletedBy = (relations: readonly TableEdge[], given: Takers): readonly TableEdge[] => {
  const { takers } = given
  const others = [...new Set(relations.map(({ child }) => child))].filter((id) => !takers.has(id))
  const last = [...takers].flatMap((taker) => {
    const parents = tablesAbove(relations, taker)
    const isBelow = (id: string): boolean =>
      !parents.has(id) && [...tablesAbove(relations, id)].some((parent) => parents.has(parent))
    return others.filter(isBelow).map((child) => ({ child, parent: taker }))
  })
  return [...relations, ...last, ...deletedTogether(relations, given)]
}

/** Where an error came up. */
interface Scene {
  /** The tables that were written. */
  readonly tables: readonly StagedTable[]
  /** Tables whose rows were in by then. */
  readonly written: ReadonlySet<string>
  /** What is known already. */
  readonly makings: readonly Making[]
}

/**
 * What an error says about rows that were written before: a trigger of the tables at hand has made one of them a second time, or else a row
 * that makes one. Null for any other error, and where that was known.
 */
export const findMaking = (layout: Layout, { tables, written, makings }: Scene, error: unknown): Making | null => {
  if (!(error instanceof RowgraftError) || error.sqlstate !== '23505') return null
  const made = error.table
  const isAtHand = tables.some(({ table }) => table.id === made)
  if (made === undefined || isAtHand || !written.has(made)) return null
  const fires = ({ table }: StagedTable): boolean =>
    layout.triggers.some((trigger) => trigger.table === table.id && trigger.events.includes('insert'))
  const maker = tables.find(fires)?.table.id
  if (maker === undefined) return null
  const between = makings.filter((known) => known.made === made && known.maker !== maker && written.has(known.maker))
  const isKnown = (id: string): boolean => makings.some((known) => known.maker === maker && known.made === id)
  const found = [made, ...between.map((known) => known.maker)].find((id) => !isKnown(id))
  return found === undefined ? null : { maker, made: found }
}

/** Rows of a table that are there already, in a temporary table of their ordinals. */
export interface Taken {
  readonly ordinals: Query
  readonly rows: number
}

/** Lets the staged rows that triggers have made take the values of the backup. Throws `plan-stale`, `rolled-back`. */
export const takeOver = async (writer: Writer, layout: Layout, staged: StagedTable): Promise<Taken> => {
  const { table } = staged
  const ordinals = sql.id('pg_temp', `rowgraft_taken${staged.position}`)
  const final = finalValues(layout, staged, { withOwnMap: true })
  await writer.execute(sql`
    create temporary table ${ordinals} on commit drop as
    select ${ordinalOf('s')}, ${isWrittenByUs(sql`t.xmin::text::bigint`)} as ours
    from ${staged.stage} as s ${final.joins}
    join ${fromTable(table.live)} as t on ${onLiveIdentity(layout, staged, 't')}
    where ${inRange('s', inserted(staged))}`)
  await refuseOthers(writer, layout, { staged, ordinals })
  await giveValues(writer, layout, { staged, ordinals })
  const [counted] = await writer.rows(sql`select pg_catalog.count(*)::text from ${ordinals}`)
  return { ordinals, rows: Number(counted?.[0] ?? 0) }
}

interface TakenRows {
  readonly staged: StagedTable
  readonly ordinals: Query
}

/** FROM and WHERE of the rows taken, `t`, with their staged rows `s`. */
const takenRows = (layout: Layout, { staged, ordinals }: TakenRows): Query => {
  const final = finalValues(layout, staged, { withOwnMap: true })
  return sql`
    from ${staged.stage} as s ${final.joins}
    join ${ordinals} as o on ${ordinalOf('o')} = ${ordinalOf('s')}
    join ${fromTable(staged.table.live)} as t on ${onLiveIdentity(layout, staged, 't')}`
}

/** A row that somebody else wrote, or that was there before, is no row that a trigger of this run has made. */
const refuseOthers = async (writer: Writer, layout: Layout, taken: TakenRows): Promise<void> => {
  const { staged } = taken
  const { table } = staged
  const found = sql`select ${asText('t', table.identity)} ${takenRows(layout, taken)}`
  await writer.check({
    query: sql`${found} where not o.ours`,
    expect: { none: table.identity.length },
    code: 'plan-stale',
    message: ({ row }) => `live row ${displayKey(packKey(row))} of "${table.id}" is in the way by now`,
    hint: 'Live has changed since the plan was made: make it again.',
  })
  const keys = (await writer.rows(found)).map((row) => packKey(row))
  const seen = (await seenByOthers(writer, table, keys)) ?? []
  if (seen.length === 0) return
  throw new RowgraftError('plan-stale', `live row ${displayKey(seen[0] ?? '')} of "${table.id}" is in the way by now`, {
    detail: `A trigger has written it as well (${suspects(layout, staged, 'insert')}).`,
    hint: 'Live has changed since the plan was made: make it again.',
  })
}

/** Updates the rows that differ from the backup's, if there are any. */
const giveValues = async (writer: Writer, layout: Layout, taken: TakenRows): Promise<void> => {
  const { staged } = taken
  const { table } = staged
  const names = table.columns
    .map(({ name }) => name)
    .filter((name) => !table.identity.includes(name) && columnOf(table.live, name)?.identity !== 'always')
  if (names.length === 0) return
  const final = finalValues(layout, staged, { withOwnMap: true })
  const differing = sql`${takenRows(layout, taken)} where not ${sameRow(layout, staged, names)}`
  const values = names.map(
    (name, p) => sql`${assignedValue(staged, name, final.liveValue(name))} as ${identifier(`v${p}`)}`,
  )
  const keys = table.identity.map((name, p) => sql`${column('t', name)} as ${identifier(`k${p}`)}`)
  const set = names.map((name, p) => sql`${identifier(name)} = ${column('new', `v${p}`)}`)
  const check = {
    onlyWhere: sql`select 1 ${differing} limit 1`, // without any, the role need not have UPDATE
    query: sql`
      with new as (select ${list([...keys, ...values])} ${differing}),
      given as (
        update ${fromTable(table.live)} as t
        set ${list(set)}
        from new
        where ${all(table.identity.map((name, p) => sql`${column('t', name)} = ${column('new', `k${p}`)}`))}
        returning 1)
      select ((select pg_catalog.count(*) from new) - (select pg_catalog.count(*) from given))::text`,
    expect: { row: ['0'] },
    code: 'rolled-back',
    message: (): string => `rows of "${table.id}" that a trigger made did not take the backup's values`,
    detail: `A trigger swallowed the update (${suspects(layout, staged, 'update')}).`,
    advice: 'Switch triggers off with --triggers off, or leave the rows out.',
  } as const
  await write(writer, layout, { tables: [staged], check })
}

/** True for staged rows `s` that are not there already. */
export const isNotTaken = ({ ordinals }: Taken): Query =>
  sql`not exists (select from ${ordinals} as o where o.${identifier(ordinalColumn)} = ${ordinalOf('s')})`
