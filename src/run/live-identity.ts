/** Where a staged row is in live: under its own key, under the one its map has for it, or under that made of its parents' keys. */
import { sql } from 'kysely'
import { all, column, identifier, type Query } from '../database/names.ts'
import { finalValues } from './final-values.ts'
import { type Layout, newColumn, ordinalOf, type StagedTable } from './layout.ts'

/** The identity columns of a staged row `s` in live, and the joins they need. */
export const liveIdentity = (
  layout: Layout,
  staged: StagedTable,
): { readonly joins: Query; readonly of: (name: string) => Query } => {
  if (staged.isDerived) {
    const { joins, liveValue } = finalValues(layout, staged, { withOwnMap: false })
    return { joins, of: liveValue }
  }
  return {
    joins: staged.hasMap ? sql`left join ${staged.map} as own on ${ordinalOf('own')} = ${ordinalOf('s')}` : sql``,
    of: (name) =>
      staged.hasMap
        ? sql`case when ${ordinalOf('own')} is not null then ${identifier('own')}.${newColumn(staged, name)} else ${column('s', name)} end`
        : column('s', name),
  }
}

/** `t.id = <live identity of s>` */
export const onLiveIdentity = (layout: Layout, staged: StagedTable, alias: string): Query => {
  const live = liveIdentity(layout, staged)
  return all(staged.table.identity.map((name) => sql`${column(alias, name)} = ${live.of(name)}`))
}
