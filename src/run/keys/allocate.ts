/**
 * Keys of the staged rows: sequences raised past everything there is, keys allocated for the rows that need one, and every change kept
 * in a map (old -> new values of key columns) by which references are rewritten and verified.
 *
 * In come staged rows; out go maps, and from `final-values.ts` and `live-identity.ts` the SQL that reads them. Of `run/` it imports `stage/`
 * alone.
 */
import { sql } from 'kysely'
import { columnOf } from '../../catalog/catalog.ts'
import { orderTables } from '../../catalog/order.ts'
import { displayTable } from '../../database/display.ts'
import { any, column, identifier, list, type Query, serverText, tableReference } from '../../database/names.ts'
import { nextValue } from '../../database/sequences.ts'
import type { Writer } from '../../database/session/reader.ts'
import { RowgraftError } from '../../errors.ts'
import { fromTable } from '../../sql/rows.ts'
import {
  inRange,
  inserted,
  type Layout,
  newColumn,
  type OrdinalRange,
  oldColumn,
  ordinalColumn,
  ordinalOf,
  type StagedTable,
  stagedKeyColumn,
} from '../stage/staged.ts'
import { finalValues } from './final-values.ts'

/** Ordinals of rows that get a new key. */
const allocatedOrdinals = (staged: StagedTable): readonly (OrdinalRange | readonly number[])[] =>
  staged.steps.flatMap(({ step, range }) =>
    step.allocate === undefined
      ? []
      : [step.allocate === 'all' ? range : step.allocate.map((position) => range.first + position)],
  )

/** A new key beside the staged row it is for. */
const madeColumn = 'rowgraft key'

const isRange = (rows: OrdinalRange | readonly number[]): rows is OrdinalRange => 'first' in rows

/** The condition for the stage's rows that get a new key; a list of ordinals goes as an array. */
const isAllocated = (staged: StagedTable): Query =>
  any(
    allocatedOrdinals(staged).map((rows) =>
      isRange(rows) ? inRange('s', rows) : sql`${ordinalOf('s')} = any (${`{${rows.join(',')}}`}::bigint[])`,
    ),
  )

/** Raises the sequences of one table past every live and every kept key. Returns the names of those that move. */
export const raiseSequences = async (writer: Writer, staged: StagedTable): Promise<readonly string[]> => {
  const raised: string[] = []
  const rows = inserted(staged)
  if (rows.last === 0) return raised
  for (const { name, live } of staged.table.columns) {
    if (live.sequence === null) continue
    const allocates = staged.table.allocation?.column === name && allocatedOrdinals(staged).length > 0
    // Without an index that begins with the column its extreme would cost a scan of the table.
    const readsLive = allocates || staged.table.live.uniques.some(({ elements }) => elements[0]?.column === name)
    const extreme = live.sequence.increment.startsWith('-') ? sql`pg_catalog.min` : sql`pg_catalog.max`
    const inLive = readsLive
      ? sql`union all select ${extreme}(${column('t', name)})::numeric from ${fromTable(staged.table.live)} as t`
      : sql``
    const goal = sql`
      select ${extreme}(v)::text
      from (
        select ${extreme}(${column('s', name)})::numeric as v
        from ${staged.stage} as s
        where ${inRange('s', rows)} and not ${allocates ? isAllocated(staged) : sql`false`}
        ${inLive}
      ) as extremes`
    const isMoved = (await writer.raise(live.sequence, goal)) || allocates
    if (isMoved) raised.push(displayTable(live.sequence))
  }
  return raised
}

/** New keys ascend as the old ones do, whatever brought the rows along. */
const keyOrder = ({ table }: StagedTable): readonly Query[] =>
  [...table.primaryKey, ...table.identity].map((name) => column('s', name))

/** The expression that makes one new key, evaluated once per row in the order of the keys. */
const newKey = async (writer: Writer, staged: StagedTable): Promise<Query> => {
  const { allocation, live } = staged.table
  if (allocation === null) throw new Error(`keys of ${staged.table.id} cannot be allocated`)
  if (allocation.how === 'sequence' && allocation.sequence !== null) return nextValue(allocation.sequence)
  const found = columnOf(live, allocation.column)
  if (allocation.how === 'default') return serverText(found?.default ?? 'null')
  if (allocation.how === 'uuid') {
    return found?.default ? serverText(found.default) : sql`pg_catalog.gen_random_uuid()`
  }
  await writer.execute(sql`lock table ${tableReference(live)} in share row exclusive mode`)
  const name = allocation.column
  return sql`(
    select coalesce(pg_catalog.max(v), 0)
    from (select pg_catalog.max(${column('t', name)})::bigint as v from ${fromTable(live)} as t
          union all
          select pg_catalog.max(${column('x', name)})::bigint from ${staged.stage} as x) as highest
  ) + pg_catalog.row_number() over (order by ${list(keyOrder(staged))})`
}

/** Allocates keys and maps the keys made of others, parents before the tables whose keys are made of theirs. */
export const allocateKeys = async (writer: Writer, layout: Layout): Promise<void> => {
  for (const staged of layout.tables.values()) if (staged.keys === 'staged') await leaveTaken(writer, staged)
  const withMap = [...layout.tables.values()].filter(({ keys }) => keys === 'mapped')
  const follows = layout.mapped.filter(({ child, columns }) => {
    const staged = layout.tables.get(child)
    return staged !== undefined && columns.some((name) => staged.keyColumns.includes(name))
  })
  const ids = withMap.map(({ table }) => table.id)
  // Parents first wherever that can be; where it matters, because a key is made of another, it must be.
  const groups = orderTables(ids, layout.mapped).flatMap((group) => orderTables(group, follows))
  for (const group of groups) {
    if (group.length > 1 || follows.some(({ child, parent }) => child === group[0] && parent === group[0])) {
      throw new RowgraftError('not-restorable', `the keys of ${group.join(', ')} are made of each other`, {
        hint: 'Their rows can only be restored under their own keys: use --keys keep.',
      })
    }
    const staged = layout.tables.get(group[0] ?? '')
    if (staged !== undefined) await allocateTable(writer, layout, staged)
  }
}

/** Makes the keys of staged rows again where live has some of them, which somebody took by hand: the sequence is past them by now. */
const leaveTaken = async (writer: Writer, staged: StagedTable): Promise<void> => {
  const { table, stage } = staged
  const key = identifier(stagedKeyColumn)
  const own = column('t', table.allocation?.column ?? '')
  const [taken] = await writer.rows(sql`
    select pg_catalog.count(*)::text
    from ${fromTable(table.live)} as t
    where ${own} between (select pg_catalog.min(${key}) from ${stage}) and (select pg_catalog.max(${key}) from ${stage})
      and exists (select from ${stage} as s where s.${key} = ${own})`)
  if (taken?.[0] === '0') return
  await writer.execute(sql`
    update ${stage} as s
    set ${key} = made.key
    from (
      select ${ordinalOf('o')}, ${await newKey(writer, staged)} as key
      from (select ${ordinalOf('x')} from ${stage} as x order by ${ordinalOf('x')}) as o
    ) as made
    where ${ordinalOf('made')} = ${ordinalOf('s')}`)
}

const allocateTable = async (writer: Writer, layout: Layout, staged: StagedTable): Promise<void> => {
  const { table, keyColumns } = staged
  const rows = inserted(staged)
  if (rows.last > 0) {
    const final = finalValues(layout, staged, { withOwnMap: false })
    const allocated = isAllocated(staged)
    const target = list([
      identifier(ordinalColumn),
      ...keyColumns.flatMap((n) => [oldColumn(staged, n), newColumn(staged, n)]),
    ])
    const made = column('s', madeColumn)
    const pairs = (own: Query | null): Query =>
      list(
        keyColumns.flatMap((name) => [
          column('s', name),
          own !== null && name === table.allocation?.column ? own : final.liveValue(name),
        ]),
      )
    if (allocatedOrdinals(staged).length > 0) {
      // Keys are made before the joins, which may come in any order: new keys ascend as the old ones do.
      await writer.execute(sql`
        insert into ${staged.map} (${target})
        select ${ordinalOf('s')}, ${pairs(made)}
        from (
          select s.*, ${await newKey(writer, staged)} as ${identifier(madeColumn)}
          from (
            select s.* from ${staged.stage} as s where ${allocated} order by ${list(keyOrder(staged))}
          ) as s
        ) as s ${final.joins}`)
    }
    const changed = keyColumns.map((name) => sql`${final.liveValue(name)} is distinct from ${column('s', name)}`)
    await writer.execute(sql`
      insert into ${staged.map} (${target})
      select ${ordinalOf('s')}, ${pairs(null)}
      from ${staged.stage} as s ${final.joins}
      where ${inRange('s', rows)} and not ${allocated} and ${any(changed)}`)
  }
  await writer.execute(sql`create unique index on ${staged.map} (${identifier(ordinalColumn)})`)
  // References are looked up by old keys, row by row where the server has no memory for all of them.
  const referred = new Set(
    layout.mapped.flatMap(({ parent, parentColumns }) =>
      parent === table.id ? [parentColumns.map((name) => staged.keyColumns.indexOf(name)).join()] : [],
    ),
  )
  for (const columns of referred) {
    const names = columns.split(',').map((place) => oldColumn(staged, staged.keyColumns[Number(place)] ?? ''))
    await writer.execute(sql`create index on ${staged.map} (${list(names)})`)
  }
  await writer.execute(sql`analyze ${staged.map}`)
}
