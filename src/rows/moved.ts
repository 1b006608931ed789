/** Parents that live has with other values in the columns referred to: references to them follow. */
import type { SharedTable } from '../catalog/shared.ts'
import { inBatches } from '../sql/rows.ts'
import { readShown } from './by-key.ts'
import type { Sides } from './sides.ts'

/** Of rows that both sides have, those whose values in some columns are not the same on both; never any where the columns are the identity. */
export const findMoved = async (
  sides: Sides,
  table: SharedTable,
  { columns, keys }: { readonly columns: readonly string[]; readonly keys: readonly string[] },
): Promise<ReadonlySet<string>> => {
  const moved = new Set<string>()
  if (columns.every((name) => table.identity.includes(name))) return moved
  for (const batch of inBatches(keys)) {
    const live = await readShown(sides.live, table, { keys: batch, columns })
    const backup = await readShown(sides.backup, table, { keys: batch, columns })
    for (const [key, values] of live) {
      const before = backup.get(key)
      if (before?.some((value, position) => value !== values[position])) moved.add(key)
    }
  }
  return moved
}
