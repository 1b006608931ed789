/**
 * What the BEFORE triggers of inserted rows made of them as they came in. RETURNING tells it: a row as it was taken, before any AFTER trigger
 * or later statement saw it. Noted only of rows that were changed, and only where a table has such triggers.
 */
import { sql } from 'kysely'
import { columnOf } from '../../catalog/catalog.ts'
import { all, column, identifier, list, literal, type Query } from '../../database/names.ts'
import type { Writer } from '../../database/session/reader.ts'
import { fromTable } from '../../sql/rows.ts'
import { finalValues } from '../keys/final-values.ts'
import { onLiveIdentity } from '../keys/live-identity.ts'
import { inRange, type Layout, type OrdinalRange, ordinalColumn, ordinalOf, type StagedTable } from '../stage/staged.ts'
import { sameValue } from '../verify/same-values.ts'

const namesColumn = 'rowgraft stamped'

/** Where the stamps of a table's rows are noted. */
const stampsOf = ({ position }: StagedTable): Query => sql.id('pg_temp', `rowgraft_stamps${position}`)

/** Columns of written rows that are not keys: what triggers make of them can be seen, and be set back. */
export const plainColumns = ({ table, keyColumns }: StagedTable): readonly string[] =>
  table.columns
    .map(({ name }) => name)
    .filter((name) => !keyColumns.includes(name) && columnOf(table.live, name)?.identity !== 'always')

/** True where triggers may change rows of a table as they come in. */
export const isStamped = ({ triggers }: Layout, { table }: StagedTable): boolean =>
  triggers.some(
    ({ table: id, name, events }) =>
      id === table.id &&
      events.includes('insert') &&
      table.live.triggers.some((trigger) => trigger.name === name && trigger.isBeforeRow),
  )

/** Makes room for the stamps of a table. */
export const createStamps = async (writer: Writer, staged: StagedTable): Promise<void> => {
  const columns = plainColumns(staged).map((name) => column('t', name))
  await writer.execute(sql`
    create temporary table ${stampsOf(staged)} on commit drop as
    select ${list([sql`0::bigint as ${identifier(ordinalColumn)}`, sql`null::text[] as ${identifier(namesColumn)}`, ...columns])}
    from ${fromTable(staged.table.live)} as t
    where false`)
}

/** What an INSERT has to return for its stamps to be known. */
export const returned = ({ table }: StagedTable): Query => list(table.columns.map(({ name }) => identifier(name)))

/** Notes the stamps of the rows that `taken` returned: a query for WITH. */
export const noteStamps = (
  layout: Layout,
  staged: StagedTable,
  { range, taken }: { readonly range: OrdinalRange; readonly taken: Query },
): Query => {
  const names = plainColumns(staged)
  const final = finalValues(layout, staged, { withOwnMap: true })
  const altered = names.map((name) => sql`case when not ${sameValue(layout, staged, name)} then ${literal(name)} end`)
  const target = [ordinalColumn, namesColumn, ...names].map(identifier)
  const values = [
    ordinalOf('s'),
    sql`pg_catalog.array_remove(array[${list([sql`null::text`, ...altered])}], null)`,
    ...names.map((name) => column('t', name)),
  ]
  return sql`
    insert into ${stampsOf(staged)} (${list(target)})
    select ${list(values)}
    from ${staged.stage} as s ${final.joins}
    join ${taken} as t on ${onLiveIdentity(layout, staged, 't')}
    where ${inRange('s', range)} and not ${all(names.map((name) => sameValue(layout, staged, name)))}`
}

/** The join of a staged row `s` to its stamps, where its table has any. */
export const joinStamps = (layout: Layout, staged: StagedTable): Query =>
  isStamped(layout, staged) ? sql`left join ${stampsOf(staged)} as p on ${ordinalOf('p')} = ${ordinalOf('s')}` : sql``

/** True where the row's own triggers made of a column what it was taken with. */
export const isStampedIn = (layout: Layout, staged: StagedTable, name: string): Query =>
  isStamped(layout, staged) ? sql`coalesce(${literal(name)} = any (${column('p', namesColumn)}), false)` : sql`false`

/** Types whose values are stamped time and again, and never added up. */
const isTime = (staged: StagedTable, name: string): boolean =>
  /^(date$|time)/.test(columnOf(staged.table.live, name)?.baseType ?? '')

/** True where some statement has changed what the row's own triggers had made of a column: what it is now may be counted twice. */
export const isChangedSince = (layout: Layout, staged: StagedTable, name: string): Query => {
  if (!isStamped(layout, staged) || isTime(staged, name)) return sql`false`
  const [now, then] = ['t', 'p'].map((alias) => sql`row(${column(alias, name)})::record`)
  return all([isStampedIn(layout, staged, name), sql`not (${now} operator(pg_catalog.*=) ${then})`])
}
