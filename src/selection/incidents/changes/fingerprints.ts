/** What rows hold, in few bytes: hashes of several values in one text, and whether live holds what an UPDATE would have made of the backup's row. */
import { sql } from 'kysely'
import type { SharedTable } from '../../../catalog/shared.ts'
import { column, list, type Query } from '../../../database/names.ts'
import { readByKey } from '../../../rows/by-key.ts'
import type { Sides } from '../../../rows/sides.ts'
import { digestOf } from '../../../sql/column-digest.ts'
import { batchSize, inBatches } from '../../../sql/rows.ts'
import type { LikelyAssignment } from './expression.ts'

const width = 16

/** Bigints as one text, each of the same length. */
export const joinHashes = (hashes: readonly Query[]): Query =>
  list(
    hashes.map((hash) => sql`pg_catalog.lpad(pg_catalog.to_hex(${hash}), ${sql.lit(width)}, '0')`),
    ' || ',
  )

export const readHash = (joined: string, place: number): string => joined.slice(place * width, (place + 1) * width)

/** Of texts, of which one may be NULL. */
const hashTexts = (sides: Sides, texts: readonly Query[]): Query =>
  joinHashes(texts.map((text) => digestOf(sql`coalesce('v' || (${text}), 'n')`, sides.digest)))

/** As many as there are bits. */
export const mostAssignments = 30

const shownIn = (name: string): Query => sql`${column('t', name)}::text`

/**
 * For each key, in their order, a bit per assignment: live's row holds what the assignment would have made of the backup's. Rows that a
 * side lacks have none.
 */
export const findHolding = async (
  sides: Sides,
  table: SharedTable,
  { keys, assignments }: { readonly keys: readonly string[]; readonly assignments: readonly LikelyAssignment[] },
): Promise<Int32Array> => {
  const masks = new Int32Array(keys.length)
  const meant = hashTexts(
    sides,
    assignments.map(({ value }) => value),
  )
  const held = hashTexts(
    sides,
    assignments.map(({ column: name }) => shownIn(name)),
  )
  let offset = 0
  for (const batch of assignments.length === 0 ? [] : inBatches(keys)) {
    const expected: string[] = []
    for await (const rows of readByKey(sides.backup, table, { keys: batch, show: [meant], size: batchSize }))
      for (const { place, values } of rows) expected[place] = values[0] ?? ''
    for await (const rows of readByKey(sides.live, table, { keys: batch, show: [held], size: batchSize })) {
      for (const { place, values } of rows) {
        const [own, other] = [values[0] ?? '', expected[place]]
        if (other === undefined) continue
        let mask = 0
        for (const bit of assignments.keys()) if (readHash(own, bit) === readHash(other, bit)) mask |= 1 << bit
        masks[offset + place] = mask
      }
    }
    offset += batch.length
  }
  return masks
}

/** What the assignments would have changed nothing in, on the backup. */
export const isNeutral = (assignments: readonly LikelyAssignment[]): Query =>
  list(
    assignments.map(({ column: name, value }) => sql`${shownIn(name)} is not distinct from (${value})`),
    ' and ',
  )
