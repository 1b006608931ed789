/** For how many rows of the backup conditions hold, by what became of these: asked of the server, over everything. */
import { sql } from 'kysely'
import { list } from '../../../database/names.ts'
import { packKey } from '../../../keys/key.ts'
import type { Sides } from '../../../rows/sides.ts'
import { asText, fromTable, inBatches, keyedRows, ordinal } from '../../../sql/rows.ts'
import type { RowCondition } from './condition.ts'
import { type Population, withoutRows } from './population.ts'

/** Rows of one table of the backup, packed, by what became of them. */
export interface RowsByFate {
  /** Lost in the way that is asked about. */
  readonly missing: readonly string[]
  /** Lost otherwise: they could not go. */
  readonly others: readonly string[]
  /** Live has them, written since. */
  readonly changed: readonly string[]
  readonly again: readonly string[]
}

/** Rows for which a condition holds. */
export interface HitCounts {
  /** All of them that could go. */
  readonly of: number
  readonly hits: number
  readonly changed: number
  readonly again: number
}

/** Keys per query: each condition is evaluated for every one of them. */
const keysAtOnce = 50_000

const countAmong = async (
  sides: Sides,
  { table, where }: Population,
  { conditions, keys }: { readonly conditions: readonly RowCondition[]; readonly keys: readonly string[] },
): Promise<readonly number[]> => {
  const counts = conditions.map(() => 0)
  for (const batch of inBatches(keys, keysAtOnce)) {
    const [row] = await sides.backup.rows(sql`
      select ${list(conditions.map((own) => sql`(pg_catalog.count(*) filter (where ${own.where}))::text`))}
      from ${keyedRows(table.backup, table.identity, batch)}
      where ${where}`)
    for (const place of counts.keys()) counts[place] = (counts[place] ?? 0) + Number(row?.[place])
  }
  return counts
}

/** Rows that could go. */
export const countPopulation = async (sides: Sides, { table, where }: Population): Promise<number> => {
  const [row] = await sides.backup.rows(
    sql`select pg_catalog.count(*)::text from ${fromTable(table.backup)} as t where ${where}`,
  )
  return Number(row?.[0])
}

/** Counts the rows of each condition. */
export const countHits = async (
  sides: Sides,
  population: Population,
  { conditions, outcome }: { readonly conditions: readonly RowCondition[]; readonly outcome: RowsByFate },
): Promise<readonly HitCounts[]> => {
  if (conditions.length === 0) return []
  const { table, where } = population
  const [all] = await sides.backup.rows(sql`
    select ${list(conditions.map((own) => sql`(pg_catalog.count(*) filter (where ${own.where}))::text`))}
    from ${fromTable(table.backup)} as t
    where ${where}`)
  const count = (keys: readonly string[]) => countAmong(sides, population, { conditions, keys })
  const hits = await count(outcome.missing)
  const others = await count(outcome.others)
  const changed = await count(outcome.changed)
  const again = await count(outcome.again)
  return conditions.map((_, place) => ({
    of: Number(all?.[place]) - (others[place] ?? 0),
    hits: hits[place] ?? 0,
    changed: changed[place] ?? 0,
    again: again[place] ?? 0,
  }))
}

/** Places of the keys for whose rows a condition holds. */
export const findHit = async (
  sides: Sides,
  { table }: Population,
  { condition, keys }: { readonly condition: RowCondition; readonly keys: readonly string[] },
): Promise<ReadonlySet<number>> => {
  const found = new Set<number>()
  let offset = 0
  for (const batch of inBatches(keys, keysAtOnce)) {
    const rows = await sides.backup.rows(sql`
      select ${ordinal('k')}::text
      from ${keyedRows(table.backup, table.identity, batch)}
      where ${condition.where}`)
    for (const [place] of rows) found.add(offset + Number(place) - 1)
    offset += batch.length
  }
  return found
}

/** Some of the keys for whose rows a condition does not hold. */
export const findUnexplained = async (
  sides: Sides,
  { table }: Population,
  {
    condition,
    keys,
    most,
  }: { readonly condition: RowCondition; readonly keys: readonly string[]; readonly most: number },
): Promise<readonly string[]> => {
  const found: string[] = []
  for (const batch of inBatches(keys, keysAtOnce)) {
    if (found.length >= most) break
    const rows = await sides.backup.rows(sql`
      select ${ordinal('k')}::text
      from ${keyedRows(table.backup, table.identity, batch)}
      where (${condition.where}) is not true
      limit ${sql.lit(most - found.length)}`)
    for (const [place] of rows) found.push(batch[Number(place) - 1] ?? '')
  }
  return found
}

/** Some of the rows, packed, for which a condition holds and that were not lost. */
export const findStayed = async (
  sides: Sides,
  population: Population,
  {
    condition,
    lost,
    most,
  }: { readonly condition: RowCondition; readonly lost: readonly string[]; readonly most: number },
): Promise<readonly string[]> => {
  const { table, where } = withoutRows(population, lost)
  const rows = await sides.backup.rows(sql`
    select ${asText('t', table.identity)}
    from ${fromTable(table.backup)} as t
    where ${condition.where} and ${where}
    limit ${sql.lit(most)}`)
  return rows.map(packKey)
}
