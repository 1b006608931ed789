/** References that follow rows which an earlier run brought back under another key. */
import type { SharedTable } from '../catalog/shared.ts'
import { isSameNames } from '../keys/key.ts'
import { refers } from '../sql/references.ts'
import { inBatches } from '../sql/rows.ts'
import { readShown } from './by-key.ts'
import type { Sides } from './sides.ts'

/** The columns that differ, by row, without references that follow rows restored under another key; of some rows nothing is left. */
export const withoutFollowing = async (
  sides: Sides,
  table: SharedTable,
  changed: ReadonlyMap<string, readonly string[]>,
): Promise<ReadonlyMap<string, readonly string[]>> => {
  const relations = sides.catalog.relations.filter(
    ({ child, parent, columns, parentColumns }) =>
      child === table.id &&
      columns.length === 1 &&
      (sides.restored.get(parent)?.size ?? 0) > 0 &&
      isSameNames(sides.catalog.tables.get(parent)?.identity, parentColumns),
  )
  const references = relations.flatMap(({ columns }) => columns)
  const keys = [...changed].flatMap(([key, columns]) =>
    columns.some((name) => references.includes(name)) ? [key] : [],
  )
  if (keys.length === 0) return changed
  const left = new Map(changed)
  const isMeant = relations.map((relation) => refers(relation, 'backup', { table: table.backup, alias: 't' }))
  for (const batch of inBatches(keys, 1_000)) {
    const live = await readShown(sides.live, table, { keys: batch, columns: references })
    const backup = await readShown(sides.backup, table, { keys: batch, columns: references, show: isMeant })
    for (const key of batch) {
      const [here, there] = [live.get(key) ?? [], backup.get(key) ?? []]
      const follows = (name: string): boolean =>
        relations.some(
          ({ parent, columns }, position) =>
            columns[0] === name &&
            there[references.length + position] === 'true' &&
            sides.restored.get(parent)?.get(there[position] ?? '') === here[position],
        )
      left.set(key, changed.get(key)?.filter((name) => !follows(name)) ?? [])
    }
  }
  return left
}
