/**
 * The statements that change live: inserts from the stage with every reference mapped, updates of rows locked before, deletes. Every
 * row count is checked: a trigger that swallows a row, or a row gone meanwhile, stops the run.
 *
 * In comes a `Layout` whose keys are made and whose rows are locked (`guards.ts`); out go rows of live, and those that made way.
 */

import { sql } from 'kysely'
import { columnOf } from '../../catalog/catalog.ts'
import { orderTables } from '../../catalog/order.ts'
import type { Relation } from '../../catalog/relations.ts'
import type { SharedCatalog } from '../../catalog/shared.ts'
import { all, column, identifier, list, type Query, serverText, tableReference } from '../../database/names.ts'
import type { Writer } from '../../database/session/reader.ts'
import type { Step } from '../../plan/step.ts'
import { fromTable } from '../../sql/rows.ts'
import { assignedValue, finalValues } from '../keys/final-values.ts'
import { liveIdentity, onLiveIdentity } from '../keys/live-identity.ts'
import type { RunProgress } from '../run.ts'
import {
  deleted,
  inRange,
  inserted,
  insertRange,
  type Layout,
  type OrdinalRange,
  ordinalColumn,
  type StagedStep,
  type StagedTable,
} from '../stage/staged.ts'
import { noteCounts } from '../verify/kept-counts.ts'
import { write, writesAll } from './refused-rows.ts'
import { createStamps, isStamped, noteStamps, returned } from './stamps.ts'
import { clearTheWay, makersOf, type Replaced } from './trigger-made.ts'

const ord = (alias: string): Query => column(alias, ordinalColumn)

const insertQuery = (layout: Layout, staged: StagedTable, range: OrdinalRange): Query => {
  const names = staged.table.columns.map(({ name }) => name)
  const final = finalValues(layout, staged, { withOwnMap: true })
  return sql`
    insert into ${tableReference(staged.table)} (${list(names.map(identifier))})
    overriding system value
    select ${list(names.map((name) => assignedValue(staged, name, final.liveValue(name))))}
    from ${staged.stage} as s ${final.joins}
    where ${inRange('s', range)}`
}

/** An INSERT as parts of WITH, the last of which is called `name`; one whose rows may be stamped as they come in, with the notes of that. */
const insertParts = (
  layout: Layout,
  [staged, range]: readonly [StagedTable, OrdinalRange],
  name: string,
): readonly Query[] => {
  const taken = identifier(name)
  const insert = insertQuery(layout, staged, range)
  if (!isStamped(layout, staged)) return [sql`${taken} as (${insert} returning 1)`]
  return [
    sql`${taken} as (${insert} returning ${returned(staged)})`,
    sql`${identifier(`${name}s`)} as (${noteStamps(layout, staged, { range, taken })})`,
  ]
}

/** Groups of tables that must be written by one statement: a cycle of references. */
const writeOrder = (layout: Layout, catalog: SharedCatalog): readonly (readonly StagedTable[])[] => {
  const enforced = catalog.relations.filter(({ isEnforced }) => isEnforced)
  return orderTables([...layout.tables.keys()], enforced).map((group) =>
    group.flatMap((id) => layout.tables.get(id) ?? []),
  )
}

const refersToItself = (catalog: SharedCatalog, group: readonly StagedTable[]): boolean =>
  group.length > 1 ||
  catalog.relations.some(({ child, parent }: Relation) => child === parent && child === group[0]?.table.id)

interface Writing {
  readonly catalog: SharedCatalog
  readonly onProgress: RunProgress
}

/** Inserts every staged row, parents first. Returns the rows that triggers had made in their place. */
export const insertRows = async (
  writer: Writer,
  layout: Layout,
  { catalog, onProgress }: Writing,
): Promise<readonly Replaced[]> => {
  const replaced: Replaced[] = []
  const written = new Set<string>()
  for (const group of writeOrder(layout, catalog)) {
    const writing = group.filter((staged) => inserted(staged).last > 0)
    const [first] = writing
    if (first === undefined) continue
    const makers = makersOf(layout, written)
    for (const staged of makers.length === 0 ? [] : writing) {
      const made = await clearTheWay(writer, layout, { staged, makers })
      if (made !== null) replaced.push(made)
    }
    for (const staged of writing) {
      written.add(staged.table.id)
      if (isStamped(layout, staged)) await createStamps(writer, staged)
    }
    if (writing.length > 1) {
      await insertTogether(
        writer,
        layout,
        writing.map((staged) => [staged, inserted(staged)] as const),
      )
      continue
    }
    const { last } = inserted(first)
    const size = refersToItself(catalog, writing) ? last : insertRange(layout, first)
    for (let start = 1; start <= last; start += size) {
      const range = { first: start, last: Math.min(last, start + size - 1) }
      onProgress({ phase: 'insert', table: first.table.id, rows: range.last })
      const rows = range.last - range.first + 1
      if (isStamped(layout, first)) await insertTogether(writer, layout, [[first, range]])
      else {
        const check = { query: insertQuery(layout, first, range), ...writesAll(layout, 'insert', [[first, rows]]) }
        await write(writer, layout, { tables: [first], check })
      }
    }
  }
  return replaced
}

/** One statement for rows of several tables, or for rows that are looked at as they come in: every key is checked at its end. */
const insertTogether = async (
  writer: Writer,
  layout: Layout,
  group: readonly (readonly [StagedTable, OrdinalRange])[],
): Promise<void> => {
  const parts = group.flatMap((part) => insertParts(layout, part, `i${part[0].position}`))
  const counts = group.map(
    ([{ position }]) => sql`(select pg_catalog.count(*) from ${identifier(`i${position}`)})::text`,
  )
  const query = sql`with ${list(parts)} select ${list(counts)}`
  const wanted = group.map(([staged, { first, last }]) => [staged, last - first + 1] as const)
  const tables = group.map(([staged]) => staged)
  const expect = { row: wanted.map(([, rows]) => String(rows)) }
  await write(writer, layout, { tables, check: { ...writesAll(layout, 'insert', wanted), query, expect } })
}

/** Updates the rows of every update step; only the step's columns, and for survivors only what is still empty. */
export const updateRows = async (writer: Writer, layout: Layout, onProgress: RunProgress): Promise<void> => {
  for (const staged of layout.tables.values()) {
    await noteCounts(writer, layout, staged)
    for (const part of staged.steps.filter(({ step }) => step.action === 'update')) {
      onProgress({ phase: 'update', table: staged.table.id, rows: part.step.rows })
      const query = updateQuery(layout, staged, part)
      const check = { query, ...writesAll(layout, 'update', [[staged, part.step.rows]]) }
      await write(writer, layout, { tables: [staged], check })
    }
  }
}

const updateQuery = (layout: Layout, staged: StagedTable, { step, range }: StagedStep): Query => {
  const final = finalValues(layout, staged, { withOwnMap: false })
  const live = liveIdentity(layout, staged)
  const { identity } = staged.table
  const values = step.columns.map(
    (name, p) => sql`${assignedValue(staged, name, final.liveValue(name))} as ${identifier(`v${p}`)}`,
  )
  const set = step.columns.map((name, p) => sql`${identifier(name)} = ${column('new', `v${p}`)}`)
  const isEmpty = step.because === 'survivor' ? [stillEmpty(layout, staged, step)] : []
  return sql`
    update ${fromTable(staged.table.live)} as t
    set ${list(set)}
    from (
      select ${list([...identity.map((name, p) => sql`${live.of(name)} as ${identifier(`k${p}`)}`), ...values])}
      from ${staged.stage} as s ${live.joins} ${final.joins}
      where ${inRange('s', range)}
    ) as new
    where ${all([...identity.map((name, p) => sql`${column('t', name)} = ${column('new', `k${p}`)}`), ...isEmpty])}`
}

/** The reference is still empty: NULL, or at the column's default where the key is declared SET DEFAULT. */
export const stillEmpty = (layout: Layout, staged: StagedTable, step: Step): Query => {
  const isDefaulted = layout.relations.get(step.via ?? '')?.onDelete === 'set default'
  return all(
    step.columns.map((name) => {
      const text = isDefaulted ? columnOf(staged.table.live, name)?.default : null
      return text ? sql`${column('t', name)} = (${serverText(text)})` : sql`${column('t', name)} is null`
    }),
  )
}

const deleteQuery = (layout: Layout, staged: StagedTable, range: OrdinalRange): Query => sql`
  delete from ${fromTable(staged.table.live)} as t
  using ${staged.stage} as s
  where ${inRange('s', range)} and ${onLiveIdentity(layout, staged, 't')}`

/** Deletes rows, children first. Only ever part of an undo. */
export const deleteRows = async (writer: Writer, layout: Layout, { catalog, onProgress }: Writing): Promise<void> => {
  for (const group of [...writeOrder(layout, catalog)].reverse()) {
    const deleting = group.filter((staged) => deleted(staged).last >= deleted(staged).first)
    if (deleting.length === 0) continue
    const wanted = deleting.map((staged) => {
      const range = deleted(staged)
      onProgress({ phase: 'delete', table: staged.table.id, rows: range.last })
      return [staged, range.last - range.first + 1] as const
    })
    const parts = deleting.map(
      (staged) =>
        sql`${identifier(`d${staged.position}`)} as (${deleteQuery(layout, staged, deleted(staged))} returning 1)`,
    )
    const counts = deleting.map(
      ({ position }) => sql`(select pg_catalog.count(*) from ${identifier(`d${position}`)})::text`,
    )
    const [only] = deleting.length === 1 ? deleting : []
    const query =
      only === undefined ? sql`with ${list(parts)} select ${list(counts)}` : deleteQuery(layout, only, deleted(only))
    await write(writer, layout, { tables: deleting, check: { query, ...writesAll(layout, 'delete', wanted) } })
  }
}

/** Empties the references that `--parents null` gives up, in the stage: what is inserted and verified is the emptied row. */
export const applyNulls = async (writer: Writer, staged: StagedTable): Promise<void> => {
  for (const { step, range } of staged.steps) {
    for (const { columns, rows } of step.nulled ?? []) {
      const ordinals = `{${rows.map((position) => range.first + position).join(',')}}`
      await writer.execute(sql`
        update ${staged.stage} as s
        set ${list(columns.map((name) => sql`${identifier(name)} = null`))}
        where ${ord('s')} = any (${ordinals}::bigint[])`)
    }
  }
}
