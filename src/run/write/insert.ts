/**
 * Inserts from the stage with every reference mapped, parents first, but for those that the rows below them make.
 *
 * In comes a `Layout` whose keys are made and whose rows are locked (`guards.ts`); out go rows of live, and those that made way.
 */

import { sql } from 'kysely'
import { orderTables } from '../../catalog/order.ts'
import type { Relation } from '../../catalog/relations.ts'
import type { SharedCatalog } from '../../catalog/shared.ts'
import { all, identifier, list, type Query, tableReference } from '../../database/names.ts'
import type { Writer } from '../../database/session/reader.ts'
import { assignedValue, finalValues } from '../keys/final-values.ts'
import type { Replaced, RunProgress } from '../run.ts'
import { inRange, inserted, insertRange, type Layout, type OrdinalRange, type StagedTable } from '../stage/staged.ts'
import { findMaking, isNotTaken, type Making, orderedBy, type TableEdge, type Taken, takeOver } from './made-parents.ts'
import { write, writesAll } from './refused-rows.ts'
import { createStamps, isStamped, noteStamps, returned } from './stamps.ts'
import { clearTheWay, makersOf } from './trigger-made.ts'

/** Staged rows of a table that one statement inserts: those in the range that live does not have by then. */
interface Insertion {
  readonly staged: StagedTable
  readonly range: OrdinalRange
  readonly taken: Taken | undefined
}

const countRows = ({ range, taken }: Insertion): number => range.last - range.first + 1 - (taken?.rows ?? 0)

const insertQuery = (layout: Layout, { staged, range, taken }: Insertion): Query => {
  const names = staged.table.columns.map(({ name }) => name)
  const final = finalValues(layout, staged, { withOwnMap: true })
  return sql`
    insert into ${tableReference(staged.table)} (${list(names.map(identifier))})
    overriding system value
    select ${list(names.map((name) => assignedValue(staged, name, final.liveValue(name))))}
    from ${staged.stage} as s ${final.joins}
    where ${all([inRange('s', range), ...(taken === undefined ? [] : [isNotTaken(taken)])])}`
}

/** An INSERT as parts of WITH, the last of which is called `name`; one whose rows may be stamped as they come in, with the notes of that. */
const insertParts = (layout: Layout, insertion: Insertion, name: string): readonly Query[] => {
  const { staged, range } = insertion
  const taken = identifier(name)
  const insert = insertQuery(layout, insertion)
  if (!isStamped(layout, staged)) return [sql`${taken} as (${insert} returning 1)`]
  return [
    sql`${taken} as (${insert} returning ${returned(staged)})`,
    sql`${identifier(`${name}s`)} as (${noteStamps(layout, staged, { range, taken })})`,
  ]
}

/** Groups of tables that must be written by one statement: a cycle of references. */
export const writeOrder = (layout: Layout, edges: readonly TableEdge[]): readonly (readonly StagedTable[])[] =>
  orderTables([...layout.tables.keys()], edges).map((group) => group.flatMap((id) => layout.tables.get(id) ?? []))

/** The references that live holds rows to. */
export const enforcedRelations = ({ relations }: SharedCatalog): readonly Relation[] =>
  relations.filter(({ isEnforced }) => isEnforced)

const refersToItself = (catalog: SharedCatalog, group: readonly StagedTable[]): boolean =>
  group.length > 1 ||
  catalog.relations.some(({ child, parent }: Relation) => child === parent && child === group[0]?.table.id)

/** What is said of rows that one statement writes: of one table, or of several together. */
export const tellTogether = (
  tables: readonly (readonly [StagedTable, number])[],
): { readonly table: string | null; readonly total: number } => ({
  table: tables.length === 1 ? (tables[0]?.[0].table.id ?? null) : null,
  total: tables.reduce((sum, [, rows]) => sum + rows, 0),
})

export interface Writing {
  readonly catalog: SharedCatalog
  readonly onProgress: RunProgress
}

/** One way through the tables. */
interface Inserting extends Writing {
  /** Which rows are known to make others. */
  readonly makings: readonly Making[]
  /** Tables whose rows are in. */
  readonly written: Set<string>
}

/** Live has said that rows at hand make some that were written before them. */
class WrittenTooEarly extends Error {
  readonly making: Making

  constructor(making: Making, cause: unknown) {
    super(`${making.maker} makes ${making.made}`, { cause })
    this.making = making
  }
}

/** True where a trigger may make rows that were written before: a script, which cannot begin again, is not asked. */
const mayBeginAgain = (writer: Writer, layout: Layout): boolean => {
  const writing = [...layout.tables.values()].filter((staged) => inserted(staged).last > 0)
  const fires = ({ table, events }: Layout['triggers'][number]): boolean =>
    events.includes('insert') && writing.some((staged) => staged.table.id === table)
  return writer.canRead && writing.length > 1 && layout.triggers.some(fires)
}

/**
 * Inserts every staged row, parents first, but for those that the rows below them make. Returns the rows that triggers had made in their
 * place.
 */
export const insertRows = async (writer: Writer, layout: Layout, writing: Writing): Promise<readonly Replaced[]> => {
  if (!mayBeginAgain(writer, layout)) {
    return insertInOrder(writer, layout, { ...writing, makings: [], written: new Set() })
  }
  const makings: Making[] = []
  for (;;) {
    await writer.execute(sql`savepoint rowgraft_insert`)
    try {
      const replaced = await insertInOrder(writer, layout, { ...writing, makings, written: new Set() })
      await writer.execute(sql`release savepoint rowgraft_insert`)
      return replaced
    } catch (error) {
      if (!(error instanceof WrittenTooEarly)) throw error
      makings.push(error.making)
      await writer.execute(sql`rollback to savepoint rowgraft_insert`)
    }
  }
}

const insertInOrder = async (writer: Writer, layout: Layout, inserting: Inserting): Promise<readonly Replaced[]> => {
  const { catalog, makings, written } = inserting
  const replaced: Replaced[] = []
  for (const group of writeOrder(layout, orderedBy(enforcedRelations(catalog), makings))) {
    const writing = group.filter((staged) => inserted(staged).last > 0)
    if (writing.length === 0) continue
    const makers = makersOf(layout, written)
    const taken = new Map<string, Taken>()
    for (const staged of makers.length === 0 ? [] : writing) {
      const { id } = staged.table
      if (makings.some(({ made }) => made === id)) taken.set(id, await takeOver(writer, layout, staged))
      const made = await clearTheWay(writer, layout, { staged, makers, taken: taken.get(id) })
      if (made !== null) replaced.push(made)
    }
    try {
      await insertGroup(writer, layout, { ...inserting, writing, taken })
    } catch (error) {
      const making = writer.canRead ? findMaking(layout, { tables: writing, written, makings }, error) : null
      throw making === null ? error : new WrittenTooEarly(making, error)
    }
    for (const { table } of writing) {
      written.add(table.id)
      for (const { maker, made } of makings) if (written.has(maker)) written.add(made)
    }
  }
  return replaced
}

/** Inserts the rows of a group of tables. */
const insertGroup = async (
  writer: Writer,
  layout: Layout,
  {
    catalog,
    onProgress,
    writing,
    taken,
  }: Inserting & { readonly writing: readonly StagedTable[]; readonly taken: ReadonlyMap<string, Taken> },
): Promise<void> => {
  for (const staged of writing) if (isStamped(layout, staged)) await createStamps(writer, staged)
  const whole = writing.map((staged) => ({ staged, range: inserted(staged), taken: taken.get(staged.table.id) }))
  const [first] = whole
  if (first === undefined || whole.length > 1 || first.taken !== undefined) {
    const open = whole.filter((insertion) => countRows(insertion) > 0)
    const at = {
      stage: 'insert',
      ...tellTogether(open.map((insertion) => [insertion.staged, countRows(insertion)])),
    } as const
    onProgress(at)
    await insertTogether(writer, layout, open)
    onProgress({ ...at, done: at.total })
    return
  }
  const { staged } = first
  const { last } = first.range
  const size = refersToItself(catalog, writing) ? last : insertRange(layout, staged)
  for (let start = 1; start <= last; start += size) {
    const insertion = { ...first, range: { first: start, last: Math.min(last, start + size - 1) } }
    onProgress({ stage: 'insert', table: staged.table.id, done: start - 1, total: last })
    if (isStamped(layout, staged)) await insertTogether(writer, layout, [insertion])
    else {
      const counted = writesAll(layout, 'insert', [[staged, countRows(insertion)]])
      await write(writer, layout, { tables: [staged], check: { query: insertQuery(layout, insertion), ...counted } })
    }
  }
  onProgress({ stage: 'insert', table: staged.table.id, done: last, total: last })
}

/** One statement for rows of several tables, or for rows that are looked at as they come in: every key is checked at its end. */
const insertTogether = async (writer: Writer, layout: Layout, group: readonly Insertion[]): Promise<void> => {
  if (group.length === 0) return
  const parts = group.flatMap((insertion) => insertParts(layout, insertion, `i${insertion.staged.position}`))
  const counts = group.map(
    ({ staged: { position } }) => sql`(select pg_catalog.count(*) from ${identifier(`i${position}`)})::text`,
  )
  const query = sql`with ${list(parts)} select ${list(counts)}`
  const wanted = group.map((insertion) => [insertion.staged, countRows(insertion)] as const)
  const tables = group.map(({ staged }) => staged)
  const expect = { row: wanted.map(([, rows]) => String(rows)) }
  await write(writer, layout, { tables, check: { ...writesAll(layout, 'insert', wanted), query, expect } })
}
