/** Rows that belonged to a row which comes back, and that live has under another parent by now: they stay there. */
import type { Relation } from '../../catalog/relations.ts'
import type { Row } from '../../database/session/outcome.ts'
import { readByKey, readShown } from '../../rows/by-key.ts'
import type { ChildEnd } from '../../rows/references.ts'
import type { Sides } from '../../rows/sides.ts'
import { inBatches } from '../../sql/rows.ts'

/** Such rows of one table, with the values that they refer by; without these where there are too many of them to tell apart. */
export interface Elsewhere {
  readonly relation: Relation
  readonly before: Row
  readonly now: Row
  readonly rows: number
}

/** Pairs of parents that are told apart, in all. */
const mostPairs = 100

/** Adds up, per relation and pair of parents, children that live has with other references than the backup. */
export const countElsewhere = async (
  sides: Sides,
  { relation, child }: ChildEnd,
  { keys, known }: { readonly keys: readonly string[]; readonly known: Map<string, Elsewhere> },
): Promise<void> => {
  const { columns } = relation
  const add = (before: Row, now: Row): void => {
    const own = JSON.stringify([relation.id, before, now])
    const isTold = known.has(own) || known.size < mostPairs
    const name = isTold ? own : JSON.stringify([relation.id])
    const rows = (known.get(name)?.rows ?? 0) + 1
    known.set(name, isTold ? { relation, before, now, rows } : { relation, before: [], now: [], rows })
  }
  for (const batch of inBatches(keys)) {
    const before = await readShown(sides.backup, child, { keys: batch, columns })
    for await (const rows of readByKey(sides.live, child, { keys: batch, columns })) {
      for (const { key, values } of rows) if (!values.includes(null)) add(before.get(key) ?? [], values)
    }
  }
}
