/** Whether sequences, and the columns that take their values, have room for the keys a plan needs. */
import { sql } from 'kysely'
import { type Catalog, type Column, columnOf, type Sequence, type Table } from '../../catalog/catalog.ts'
import { displayAlone, displayTable } from '../../database/display.ts'
import { column } from '../../database/names.ts'
import type { Reader } from '../../database/session/reader.ts'
import { RowgraftError } from '../../errors.ts'
import { fromTable } from '../../sql/rows.ts'

/** Keys that are to be made anew for one column. */
export interface WantedKeys {
  readonly table: string
  readonly column: string
  readonly allocates: number
}

interface Taker {
  readonly table: Table
  readonly column: Column
  readonly allocates: number
}

const limits: Readonly<Record<string, readonly [low: bigint, high: bigint]>> = {
  smallint: [-32_768n, 32_767n],
  integer: [-2_147_483_648n, 2_147_483_647n],
}

/** The outermost key in live, where an index tells it at once. */
const readExtreme = async (
  live: Reader,
  { table, column: { name } }: Taker,
  which: 'min' | 'max',
): Promise<bigint | null> => {
  if (!table.uniques.some(({ elements }) => elements[0]?.column === name)) return null
  const [row] = await live.rows(
    sql`select pg_catalog.${sql.raw(which)}(${column('t', name)})::bigint::text from ${fromTable(table)} as t`,
  )
  return row?.[0] == null ? null : BigInt(row[0])
}

/** Room for too few keys. */
interface ShortRoom {
  readonly left: bigint
  readonly wanted: number
  /** The last value there is room for. */
  readonly end: bigint
}

const outOf = (what: string, { left, wanted, end }: ShortRoom): RowgraftError =>
  new RowgraftError('not-restorable', `${what} has room for ${left} of the ${wanted} new keys that are needed`, {
    detail: `It ends at ${end}.`,
    hint: 'Keep the old keys with --keys keep, leave rows out, or make room first: a wider column, alter sequence ... maxvalue.',
  })

const checkSequence = async (live: Reader, sequence: Sequence, takers: readonly Taker[]): Promise<void> => {
  const [row] = await live.rows(sql`
    select s.last_value::text, s.is_called::text
    from ${sql.id(sequence.schema, sequence.name)} as s`)
  const step = BigInt(sequence.increment)
  const isUp = step > 0n
  const size = isUp ? step : -step
  let next = BigInt(row?.[0] ?? '0') + (row?.[1] === 'true' ? step : 0n)
  let end = BigInt(isUp ? sequence.maximum : sequence.minimum)
  let what = `sequence "${displayTable(sequence)}"`
  for (const taker of takers) {
    const found = await readExtreme(live, taker, isUp ? 'max' : 'min')
    // Values up to there are passed over first, in the sequence's own steps.
    const behind = found === null ? -1n : isUp ? found - next : next - found
    if (behind >= 0n) next += (behind / size + 1n) * step
    const limit = limits[taker.column.baseType]?.[isUp ? 1 : 0]
    if (limit === undefined || (isUp ? limit >= end : limit <= end)) continue
    end = limit
    what = `column "${displayAlone(taker.column.name)}" of "${taker.table.id}"`
  }
  const wanted = takers.reduce((sum, { allocates }) => sum + allocates, 0)
  const left = isUp ? (end - next) / size + 1n : (next - end) / size + 1n
  const isPast = isUp ? next > end : next < end
  if (isPast || left < BigInt(wanted)) throw outOf(what, { left: isPast ? 0n : left, wanted, end })
}

const checkMaximum = async (live: Reader, taker: Taker): Promise<void> => {
  const end = limits[taker.column.baseType]?.[1]
  if (end === undefined) return
  const left = end - ((await readExtreme(live, taker, 'max')) ?? 0n)
  const what = `column "${displayAlone(taker.column.name)}" of "${taker.table.id}"`
  if (left < BigInt(taker.allocates)) throw outOf(what, { left, wanted: taker.allocates, end })
}

/** Throws `not-restorable` with figures where new keys would run out; a sequence that cycles may not begin anew. */
export const checkRoom = async (live: Reader, catalog: Catalog, wanted: readonly WantedKeys[]): Promise<void> => {
  const takers = wanted.flatMap(({ table: id, column: name, allocates }): readonly Taker[] => {
    const table = catalog.tables.find((each) => each.id === id)
    const found = table === undefined ? undefined : columnOf(table, name)
    return table === undefined || found === undefined || allocates === 0 ? [] : [{ table, column: found, allocates }]
  })
  for (const group of Map.groupBy(takers, ({ column: { sequence } }) => sequence && displayTable(sequence)).values()) {
    const sequence = group[0]?.column.sequence ?? null
    if (sequence !== null) await checkSequence(live, sequence, group)
    else for (const taker of group) await checkMaximum(live, taker)
  }
}
