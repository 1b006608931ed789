/** Rows that are one record: under Django's multi-table inheritance a row of the child and the row of the parent its key is. */
import type { SharedTable } from '../catalog/shared.ts'
import type { Mark } from './members.ts'
import { readChildren, readParents } from './references.ts'
import { isLost, type Walk, wasMarked } from './walk.ts'

/** Adds the other rows of each row's record that live lacks, under the same mark; whatever the options say of parents and children. */
export const followInheritance = async (
  walk: Walk,
  table: SharedTable,
  keys: readonly string[],
  mark: Mark,
): Promise<void> => {
  if (keys.length === 0) return
  for (const relation of walk.sides.catalog.relations) {
    const isChild = relation.child === table.id
    if (!relation.isInheritance || (!isChild && relation.parent !== table.id)) continue
    const other = walk.sides.catalog.tables.get(isChild ? relation.parent : relation.child)
    if (other === undefined || other.hidden !== null || other.identity.length === 0) continue
    const found = isChild
      ? (await readParents(walk.sides, table, relation, keys)).rows
      : (await readChildren(walk.sides, other, table, relation, keys)).map(({ key, other: parent }) => ({
          key: parent,
          other: key,
        }))
    const states = await walk.states.read(
      other,
      found.map(({ other: key }) => key),
    )
    const along = found.filter(({ other: key }) => {
      const state = states.get(key)
      return isLost(state) && !wasMarked(state) && !walk.isBarred(other, key)
    })
    walk.add(other, along, mark, isChild ? 'parent' : 'child', relation, states)
  }
}
