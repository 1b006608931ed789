/**
 * Rows that triggers of this very run have made where the backup has rows of its own: a profile for every new user. They make way for
 * the backup's, which come back as they were, under their own keys. Only what this transaction has inserted may go: anybody else's row
 * in the way stops the run, and so does a row that another one refers to.
 */

import { sql } from 'kysely'
import { all, column, identifier, list, type Query } from '../../database/names.ts'
import type { Writer } from '../../database/session/reader.ts'
import { displayKey, packKey } from '../../keys/key.ts'
import type { PlanTrigger } from '../../plan/step.ts'
import { fromTable, isStagedAsText } from '../../sql/rows.ts'
import { joinConflicts } from '../../sql/uniques.ts'
import { finalValues } from '../keys/final-values.ts'
import { refuseReferred } from '../references/referring.ts'
import type { Replaced } from '../run.ts'
import { inRange, inserted, type Layout, type StagedTable } from '../stage/staged.ts'
import { mayBeUpdated } from '../verify/xact-counts.ts'
import { isNotTaken, type Taken } from './made-parents.ts'
import { isWrittenByUs, seenByOthers } from './row-writers.ts'

/** Finds the rows in the way. `isNew`: its key was free when the run began, so that nobody else's row can be meant. */
const findMade = async (
  writer: Writer,
  layout: Layout,
  { staged, made, taken }: { readonly staged: StagedTable; readonly made: Query; readonly taken: Taken | undefined },
): Promise<void> => {
  const { table } = staged
  const open = all([inRange('s', inserted(staged)), ...(taken === undefined ? [] : [isNotTaken(taken)])])
  const final = finalValues(layout, staged, { withOwnMap: true })
  const names = new Set(table.columns.filter(({ live }) => !isStagedAsText(live)).map(({ name }) => name))
  const known = table.live.uniques.filter(({ columns }) => columns.every((name) => names.has(name)))
  const keys = table.identity.map((_, p) => column('t', `k${p}`))
  const parts = known.map((unique) => {
    const values = unique.columns.map((name) => sql`${final.liveValue(name)} as ${identifier(name)}`)
    const source = sql`(
      select ${list(values)} from ${staged.stage} as s ${final.joins} where ${open}
    ) as x`
    const theirs = [
      ...table.identity.map((name, p) => sql`${identifier(name)} as ${identifier(`k${p}`)}`),
      sql`xmin::text::bigint as writer`,
    ]
    const isIdentity = unique.kind === 'primary' && table.ends === null
    return sql`
      select ${list(keys)}, t.writer, ${sql.lit(isIdentity)} as isnew
      from ${joinConflicts({ table, unique }, source, { mine: [], theirs })}`
  })
  const grouped = table.identity.map((_, p) => identifier(`k${p}`))
  await writer.execute(sql`
    create temporary table ${made} on commit drop as
    select ${list(grouped)}, bool_and(${isWrittenByUs(sql`writer`)}) as ours, bool_or(isnew) as isnew
    from (${list(parts, ' union all ')}) as found
    group by ${list(grouped)}`)
}

const waysOut = 'Switch triggers off with --triggers off, or leave the table out with --without.'

/** Refuses rows that may have been there before: a trigger has changed those, not made them. Others would see them; a script cannot ask. */
const refuseChanged = async (
  writer: Writer,
  staged: StagedTable,
  { made, triggers }: { readonly made: Query; readonly triggers: string },
): Promise<void> => {
  const { table } = staged
  const key = list(table.identity.map((_, p) => sql`m.${identifier(`k${p}`)}::text`))
  const open = sql`select ${key} from ${made} as m where not m.isnew and ${mayBeUpdated(staged)}`
  const rows = writer.canRead ? await writer.rows(open) : []
  const keys = rows.map((row) => packKey(row))
  if (keys.length > 0 && (await seenByOthers(writer, table, keys))?.length === 0) return
  await writer.check({
    query: open,
    expect: { none: table.identity.length },
    code: 'rolled-back',
    message: () => `a trigger wrote rows of "${table.id}" where the backup has its own`,
    detail: `Whether it made them (${triggers}), or changed rows that were there before, cannot be told.`,
    advice: waysOut,
  })
}

/** Deletes the rows in the way of those that are to be inserted. Null where there are none. Throws `rolled-back`, `plan-stale`. */
export const clearTheWay = async (
  writer: Writer,
  layout: Layout,
  {
    staged,
    makers,
    taken,
  }: { readonly staged: StagedTable; readonly makers: readonly PlanTrigger[]; readonly taken: Taken | undefined },
): Promise<Replaced | null> => {
  const { table } = staged
  const made = sql.id('pg_temp', `rowgraft_made${staged.position}`)
  await findMade(writer, layout, { staged, made, taken })
  const key = list(table.identity.map((_, p) => sql`m.${identifier(`k${p}`)}::text`))
  const triggers = makers.map(({ table: of, name }) => `${of}.${name}`).join(', ')
  await writer.check({
    query: sql`select ${key} from ${made} as m where not m.ours`,
    expect: { none: table.identity.length },
    code: 'plan-stale',
    message: ({ row }) => `live row ${displayKey(packKey(row))} of "${table.id}" is in the way by now`,
    hint: 'Live has changed since the plan was made: make it again.',
  })
  await refuseChanged(writer, staged, { made, triggers })
  const same = all(table.identity.map((name, p) => sql`${column('t', name)} = m.${identifier(`k${p}`)}`))
  const cannot = { code: 'rolled-back', advice: waysOut } as const
  const message = (): string => `a trigger made rows of "${table.id}" where the backup has its own`
  const referred = sql`${made} as m join ${fromTable(table.live)} as t on ${same}`
  await refuseReferred(
    writer,
    { table: table.live, referred },
    {
      ...cannot,
      message,
      detail: (child) => `They cannot make way: rows of "${child}" refer to them. Fired: ${triggers}.`,
    },
  )
  await writer.check({
    ...cannot,
    onlyWhere: sql`select 1 from ${made} as m limit 1`, // without any, the role need not have DELETE
    query: sql`
      with gone as (delete from ${fromTable(table.live)} as t using ${made} as m where ${same} returning 1)
      select ((select pg_catalog.count(*) from ${made}) - (select pg_catalog.count(*) from gone))::text`,
    expect: { row: ['0'] },
    message,
    detail: `They cannot make way: live did not delete all of them. Fired: ${triggers}.`,
  })
  const [counted] = await writer.observe(sql`select pg_catalog.count(*)::text from ${made}`)
  const rows = Number(counted?.[0] ?? 0)
  const by = makers.map(({ table: of, name }) => ({ table: of, trigger: name }))
  return rows === 0 ? null : { table: table.id, rows, by }
}

/** Triggers that have fired, and may have made rows of other tables. */
export const makersOf = ({ triggers }: Layout, written: ReadonlySet<string>): readonly PlanTrigger[] =>
  triggers.filter(({ table, events }) => written.has(table) && events.includes('insert'))
