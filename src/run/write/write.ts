/**
 * The statements that change live: what `insert.ts` inserts, updates of rows locked before, deletes. Every row count is checked: a trigger
 * that swallows a row, or a row gone meanwhile, stops the run.
 *
 * In comes a `Layout` whose keys are made and whose rows are locked (`guards.ts`); out go rows of live.
 */

import { sql } from 'kysely'
import { columnOf } from '../../catalog/catalog.ts'
import { all, column, identifier, list, type Query, serverText } from '../../database/names.ts'
import type { Writer } from '../../database/session/reader.ts'
import type { Step } from '../../plan/step.ts'
import { fromTable } from '../../sql/rows.ts'
import { assignedValue, finalValues } from '../keys/final-values.ts'
import { liveIdentity, onLiveIdentity } from '../keys/live-identity.ts'
import type { RunProgress } from '../run.ts'
import {
  deleted,
  inRange,
  type Layout,
  type OrdinalRange,
  ordinalOf,
  type StagedStep,
  type StagedTable,
} from '../stage/staged.ts'
import { noteCounts } from '../verify/kept-counts.ts'
import { enforcedRelations, tellTogether, type Writing, writeOrder } from './insert.ts'
import { deletedBy } from './made-parents.ts'
import { write, writesAll } from './refused-rows.ts'

/** Updates the rows of every update step; only the step's columns, and for survivors only what is still empty. */
export const updateRows = async (writer: Writer, layout: Layout, onProgress: RunProgress): Promise<void> => {
  for (const staged of layout.tables.values()) {
    await noteCounts(writer, layout, staged)
    for (const part of staged.steps.filter(({ step }) => step.action === 'update')) {
      const at = { stage: 'update', table: staged.table.id, total: part.step.rows } as const
      onProgress(at)
      const query = updateQuery(layout, staged, part)
      const check = { query, ...writesAll(layout, 'update', [[staged, part.step.rows]]) }
      await write(writer, layout, { tables: [staged], check })
      onProgress({ ...at, done: part.step.rows })
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

/** Tables with triggers that fire as their rows are deleted. */
const takersOf = ({ triggers, tables }: Layout): ReadonlySet<string> =>
  new Set(triggers.flatMap(({ table, events }) => (events.includes('delete') && tables.has(table) ? [table] : [])))

/** Those without a trigger that may change rows while a statement is still deleting. */
const firingAfterwards = ({ triggers, tables }: Layout, takers: ReadonlySet<string>): ReadonlySet<string> =>
  new Set(
    [...takers].filter((id) => {
      const before = (tables.get(id)?.table.live.triggers ?? []).filter(({ isBeforeRow }) => isBeforeRow)
      return !triggers.some(
        ({ table, name, events }) =>
          table === id && events.includes('delete') && before.some((trigger) => trigger.name === name),
      )
    }),
  )

/** Deletes rows, children first. Only ever part of an undo. */
export const deleteRows = async (writer: Writer, layout: Layout, { catalog, onProgress }: Writing): Promise<void> => {
  let hasFired = false
  const takers = takersOf(layout)
  const within = enforcedRelations(catalog).filter(
    ({ child, parent }) => layout.tables.has(child) && layout.tables.has(parent),
  )
  for (const group of [
    ...writeOrder(layout, deletedBy(within, { takers, afterwards: firingAfterwards(layout, takers) })),
  ].reverse()) {
    const deleting = group.filter((staged) => deleted(staged).last >= deleted(staged).first)
    if (deleting.length === 0) continue
    const wanted = deleting.map((staged) => {
      const range = deleted(staged)
      return [staged, range.last - range.first + 1] as const
    })
    const at = { stage: 'delete', ...tellTogether(wanted) } as const
    onProgress(at)
    const counted = writesAll(layout, 'delete', wanted)
    const [only] = deleting.length === 1 && !hasFired ? deleting : []
    const check =
      only === undefined
        ? {
            ...counted,
            query: deletesTogether(layout, deleting, { hasFired }),
            expect: { row: wanted.map(([, rows]) => String(rows)) },
          }
        : { ...counted, query: deleteQuery(layout, only, deleted(only)) }
    await write(writer, layout, { tables: deleting, check })
    onProgress({ ...at, done: at.total })
    hasFired ||= deleting.some(({ table }) => takers.has(table.id))
  }
}

/**
 * Deletes rows of several tables and counts them. The rows are locked: one that is gone by then went with another row of this undo, by a
 * trigger of that one, and is counted with them.
 */
const deletesTogether = (
  layout: Layout,
  deleting: readonly StagedTable[],
  { hasFired }: { readonly hasFired: boolean },
): Query => {
  const parts = deleting.map(
    (staged) =>
      sql`${identifier(`d${staged.position}`)} as (${deleteQuery(layout, staged, deleted(staged))} returning 1)`,
  )
  const counts = deleting.map((staged) => {
    const own = sql`(select pg_catalog.count(*) from ${identifier(`d${staged.position}`)})`
    return hasFired ? sql`(${own} + ${countGone(layout, staged)})::text` : sql`${own}::text`
  })
  return sql`with ${list(parts)} select ${list(counts)}`
}

const countGone = (layout: Layout, staged: StagedTable): Query => sql`(
  select pg_catalog.count(*)
  from ${staged.stage} as s ${liveIdentity(layout, staged).joins}
  where ${inRange('s', deleted(staged))}
    and not exists (select from ${fromTable(staged.table.live)} as t where ${onLiveIdentity(layout, staged, 't')}))`

/** Empties the references that `--parents null` gives up, in the stage: what is inserted and verified is the emptied row. */
export const applyNulls = async (writer: Writer, staged: StagedTable): Promise<void> => {
  for (const { step, range } of staged.steps) {
    for (const { columns, rows } of step.nulled ?? []) {
      const ordinals = `{${rows.map((position) => range.first + position).join(',')}}`
      await writer.execute(sql`
        update ${staged.stage} as s
        set ${list(columns.map((name) => sql`${identifier(name)} = null`))}
        where ${ordinalOf('s')} = any (${ordinals}::bigint[])`)
    }
  }
}
