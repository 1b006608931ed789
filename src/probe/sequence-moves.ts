/** Where sequences stand, and where a run will leave them. */
import { sql } from 'kysely'
import type { Column, Table } from '../catalog/catalog.ts'
import { columnOf } from '../catalog/catalog.ts'
import { fromTable } from '../catalog/row.ts'
import { column } from '../database/names.ts'
import type { Reader } from '../database/session.ts'

/** What a run does with the sequence of a column. */
export interface SequenceUse {
  readonly table: Table
  readonly column: string
  /** The largest key that is kept; null where none is, undefined where the plan does not know the values. */
  readonly kept: bigint | null | undefined
  readonly allocates: number
}

/** The value a sequence hands out next, before and after the run; null where that is not known beforehand. */
export interface SequenceMove {
  readonly next: string
  readonly after: string | null
}

const readNext = async (live: Reader, { sequence }: Column): Promise<bigint | null> => {
  if (sequence === null) return null
  const [row] = await live.rows(sql`
    select s.last_value::text, s.is_called::text
    from ${sql.id(sequence.schema, sequence.name)} as s`)
  const last = BigInt(row?.[0] ?? '0')
  return row?.[1] === 'true' ? last + BigInt(sequence.increment) : last
}

/** Sequences that descend or take steps are only told where they stand. */
export const readMove = async (
  live: Reader,
  { table, column: name, kept, allocates }: SequenceUse,
): Promise<SequenceMove | null> => {
  const found = columnOf(table, name)
  if (found?.sequence == null || !found.sequence.canUse) return null
  const next = await readNext(live, found)
  if (next === null) return null
  // As the run does: without an index its extreme would cost a scan of the table.
  const readsLive = allocates > 0 || table.uniques.some(({ elements }) => elements[0]?.column === name)
  if (kept === undefined || found.sequence.increment !== '1') return { next: String(next), after: null }
  const [row] = readsLive
    ? await live.rows(sql`select pg_catalog.max(${column('t', name)})::text from ${fromTable(table)} as t`)
    : []
  const highest = [kept, row?.[0] == null ? null : BigInt(row[0])].filter((value) => value !== null)
  const maximum = BigInt(found.sequence.maximum)
  const raised = highest.reduce((far, value) => (value >= far && value < maximum ? value + 1n : far), next)
  return { next: String(next), after: String(raised + BigInt(allocates)) }
}
