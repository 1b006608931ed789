/**
 * Some rows of a table, or all of them, with a small number in place of each value: of two values of a column the one that the server
 * sorts first has the smaller number, and 0 is no value.
 */
import { sql } from 'kysely'
import { list } from '../../../database/names.ts'
import type { Sides } from '../../../rows/sides.ts'
import { inBatches, keyedRows, ordinal } from '../../../sql/rows.ts'
import { type Feature, joinFeatures } from './features.ts'
import type { Population } from './population.ts'

/** What became of a row, as far as a condition is judged by it. */
export const fates = {
  /** Live has it: a condition that holds for it holds for one too many. */
  stayed: 0,
  /** Live has it with other values: it may have been made anew. */
  changed: 1,
  /** Live has it as it was, but written since: it was made again. */
  again: 2,
  /** Lost, and explained already. */
  lost: 3,
  /** Lost, and to be explained. */
  open: 4,
} as const

export type Fate = (typeof fates)[keyof typeof fates]

/** Rows of the sample by place. */
export interface CodedSample {
  /** Packed. */
  readonly keys: readonly string[]
  readonly fates: Uint8Array
  /** For each feature the number of each row's value. */
  readonly codes: readonly Int32Array[]
}

/** Reads the values of rows, all of them together: they are numbered anew. */
export const readCodedSample = async (
  sides: Sides,
  {
    population,
    features,
    rows,
  }: {
    readonly population: Population
    readonly features: readonly Feature[]
    readonly rows: ReadonlyMap<string, Fate>
  },
): Promise<CodedSample> => {
  const { table, where } = population
  const keys = [...rows.keys()]
  const { joins, values } = joinFeatures(sides, features)
  const codes = values.map(
    (value) => sql`case when ${value} is null then 0 else pg_catalog.dense_rank() over (order by ${value}) end`,
  )
  const found = await sides.backup.rows(sql`
    select ${list([ordinal('k'), ...codes].map((value) => sql`(${value})::text`))}
    from ${keyedRows(table.backup, table.identity, keys)}
    ${joins}
    where ${where}`)
  const sample = {
    keys: found.map(([place]) => keys[Number(place) - 1] ?? ''),
    codes: features.map((_, feature) => Int32Array.from(found, (row) => Number(row[feature + 1]))),
  }
  return { ...sample, fates: Uint8Array.from(sample.keys, (key) => rows.get(key) ?? fates.stayed) }
}

/** The values of one feature in some rows, by packed key. */
export const readFeature = async (
  sides: Sides,
  { table }: Population,
  { feature, keys }: { readonly feature: Feature; readonly keys: readonly string[] },
): Promise<readonly (string | null)[]> => {
  const { joins, values } = joinFeatures(sides, [feature])
  const found = new Map<string, string | null>()
  for (const batch of inBatches(keys)) {
    const rows = await sides.backup.rows(sql`
      select ${ordinal('k')}::text, (${list(values)})::text
      from ${keyedRows(table.backup, table.identity, batch)}
      ${joins}`)
    for (const [place, value = null] of rows) found.set(batch[Number(place) - 1] ?? '', value)
  }
  return keys.map((key) => found.get(key) ?? null)
}

/** Spread over the list, at steps that are never the same: what recurs at every n-th place must not be all that is seen. */
export const takeSome = <T>(items: readonly T[], most: number): readonly T[] =>
  items.length <= most
    ? items
    : Array.from({ length: most }, (_, place) => {
        const shift = (place * Math.SQRT2) % 1
        return items[Math.floor(((place + shift) * items.length) / most)]
      }).filter((item) => item !== undefined)
