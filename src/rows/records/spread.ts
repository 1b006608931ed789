/** How the values of columns spread over rows: what it says that two rows have the same one. */
import { sql } from 'kysely'
import { column, identifier, list, type Query } from '../../database/names.ts'
import { rowDigest } from '../../sql/column-digest.ts'
import type { Sides } from '../sides.ts'

export interface Spread {
  /** Two rows have the same value as often as if there were so many values, each as frequent as the others. */
  readonly values: number
  /** How many rows hold one. */
  readonly set: number
}

/** The spread of columns over rows `from` of the backup, by name, and how many rows there are. */
export const readSpread = async (
  { backup, digest }: Sides,
  from: Query,
  columns: readonly string[],
): Promise<{ readonly rows: number; readonly spread: ReadonlyMap<string, Spread> }> => {
  const images = columns.map(
    (name, place) =>
      sql`case when ${column('t', name)} is not null then ${rowDigest('t', [name], digest)} end as ${identifier(`v${place}`)}`,
  )
  const counts = columns.map((_, place) => {
    const value = column('s', `v${place}`)
    return sql`(
      select pg_catalog.concat_ws(' ', pg_catalog.sum(g.n), pg_catalog.sum(g.n * g.n))
      from (select pg_catalog.count(*) as n from s where ${value} is not null group by ${value}) as g)`
  })
  const [[rows, ...found] = []] = await backup.rows(sql`
    with s as materialized (select ${list(images)} from ${from} as t)
    select ${list([sql`(select pg_catalog.count(*) from s)::text`, ...counts])}`)
  const spread = columns.map((name, place) => {
    const [set = 0, squares = 0] = (found[place] ?? '').split(' ').map(Number)
    return [name, { set, values: squares > 0 ? (set * set) / squares : 0 }] as const
  })
  return { rows: Number(rows), spread: new Map(spread) }
}
