/** What no comparison can see: rows made after the backup and deleted since. Sequences tell how many they can be at most. */
import { sql } from 'kysely'
import { columnOf, type Sequence } from '../../catalog/catalog.ts'
import type { SharedTable } from '../../catalog/shared.ts'
import { displayTable } from '../../database/display.ts'
import { column } from '../../database/names.ts'
import type { Reader } from '../../database/session/reader.ts'
import type { Sides } from '../../rows/sides.ts'
import { fromTable } from '../../sql/rows.ts'

/** Ids that were handed out after the backup was taken and that no row of live has: at most so many rows were made and deleted. */
export interface Unseen {
  readonly table: string
  readonly column: string
  readonly ids: number
}

/** The value each sequence handed out last; the one before the first where it handed out none. Null where we may not ask. */
const readSequences = async (reader: Reader): Promise<ReadonlyMap<string, bigint | null>> => {
  const rows = await reader.rows(sql`
    select s.schemaname::text, s.sequencename::text,
           case when pg_catalog.has_sequence_privilege(
                       pg_catalog.format('%I.%I', s.schemaname, s.sequencename), 'SELECT, USAGE')
                then coalesce(s.last_value, s.start_value - s.increment_by)::text end
    from pg_catalog.pg_sequences s`)
  return new Map(
    rows.map(([schema, name, last]) => [
      displayTable({ schema: schema ?? '', name: name ?? '' }),
      last === null || last === undefined ? null : BigInt(last),
    ]),
  )
}

/** An upper bound per table; tables without a sequence, or whose sequence stands where it stood, are not listed. */
export const countUnseen = async (sides: Sides, tables: readonly SharedTable[]): Promise<readonly Unseen[]> => {
  const [live, backup] = [await readSequences(sides.live), await readSequences(sides.backup)]
  const unseen: Unseen[] = []
  for (const table of tables) {
    const name = table.allocation?.column
    const sequence = table.allocation?.sequence ?? null
    const other = name === undefined ? null : columnOf(table.backup, name)?.sequence
    if (name === undefined || sequence === null || !other) continue
    const [now, then] = [live.get(displayTable(sequence)), backup.get(displayTable(other))]
    if (now === undefined || now === null || then === undefined || then === null) continue
    const ids = await countIds(sides.live, table, { name, sequence, now, then })
    if (ids > 0) unseen.push({ table: table.id, column: name, ids })
  }
  return unseen
}

interface Stretch {
  readonly name: string
  readonly sequence: Sequence
  readonly now: bigint
  readonly then: bigint
}

/** Values handed out between the two, less those that rows of live have. */
const countIds = async (
  reader: Reader,
  table: SharedTable,
  { name, sequence, now, then }: Stretch,
): Promise<number> => {
  const step = BigInt(sequence.increment)
  const handedOut = step === 0n ? 0n : (now - then) / step
  if (handedOut <= 0n) return 0
  const own = column('t', name)
  const [first, last] = step > 0n ? [then + 1n, now] : [now, then - 1n]
  const [row] = await reader.rows(sql`
    select pg_catalog.count(*)::text
    from ${fromTable(table.live)} as t
    where ${own} between ${String(first)}::bigint and ${String(last)}::bigint`)
  return Math.max(0, Number(handedOut - BigInt(row?.[0] ?? '0')))
}
