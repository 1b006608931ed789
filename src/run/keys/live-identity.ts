/** Where a staged row is in live: under its own key, under the one its map has for it, or under that made of its parents' keys. */
import { sql } from 'kysely'
import { all, column, type Query } from '../../database/names.ts'
import { type Layout, ownMap, ownValue, type StagedTable } from '../stage/staged.ts'
import { finalValues } from './final-values.ts'

/** The identity columns of a staged row `s` in live, and the joins they need. */
export const liveIdentity = (
  layout: Layout,
  staged: StagedTable,
): { readonly joins: Query; readonly of: (name: string) => Query } => {
  if (staged.keys === 'derived') {
    const { joins, liveValue } = finalValues(layout, staged, { withOwnMap: false })
    return { joins, of: liveValue }
  }
  return { joins: ownMap(staged), of: (name) => ownValue(staged, name, column('s', name)) }
}

/** `t.id = <live identity of s>` */
export const onLiveIdentity = (layout: Layout, staged: StagedTable, alias: string): Query => {
  const live = liveIdentity(layout, staged)
  return all(staged.table.identity.map((name) => sql`${column(alias, name)} = ${live.of(name)}`))
}

/** True for rows `c` that the plan itself has written, or that stand in. */
export const isPlanned = (layout: Layout, id: string): Query => {
  const staged = layout.tables.get(id)
  if (staged === undefined) return sql`false`
  return sql`exists (select from ${staged.stage} as s ${liveIdentity(layout, staged).joins} where ${onLiveIdentity(layout, staged, 'c')})`
}
