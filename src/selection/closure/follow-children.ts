/** Towards the children. */
import { isBookkeeping } from '../../catalog/conventions/bookkeeping.ts'
import { isReadable } from '../../catalog/drift.ts'
import type { Relation } from '../../catalog/relations.ts'
import type { SharedTable } from '../../catalog/shared.ts'
import { displayKey } from '../../keys/key.ts'
import { hasChildren, type Referring, readChildren, readParents } from '../../rows/references.ts'
import { isLost, isPresent } from '../../rows/states.ts'
import type { LeftOutReason } from '../left-out.ts'
import { addLinks } from './follow-links.ts'
import type { Mark } from './members.ts'
import { isFollowed } from './options.ts'
import { readSurvivors } from './survivors.ts'
import { addKey, type Walk, wasMarked } from './walk.ts'

/** Looks for the children of some rows by one relation: lost ones come along, survivors are noted, links are put off. */
export const followChildren = async (
  walk: Walk,
  parent: SharedTable,
  relation: Relation,
  keys: readonly string[],
): Promise<void> => {
  const child = walk.sides.catalog.tables.get(relation.child)
  if (child === undefined) return
  if (child.hidden !== null || child.identity.length === 0) {
    await leaveOutUnseen(walk, child, parent, relation, keys)
    return
  }
  const isEnd = child.ends?.some(({ id }) => id === relation.id) ?? false
  const children = await readChildren(walk.sides, child, parent, relation, keys)
  const states = await walk.states.read(
    child,
    children.map(({ key }) => key),
  )
  const isOut = (key: string): boolean => walk.isExcluded(child.id, key) || states.get(key)?.state === 'restored'
  for (const { key } of children) if (isOut(key)) addKey(walk.met, child.id, key)
  for (const { key } of children) {
    if (walk.states.isNever(child.id, key)) leaveOut(walk, child, displayKey(key), { kind: 'never' })
  }
  const lost = children.filter(({ key }) => isLost(states.get(key)) && !wasMarked(states.get(key)) && !isOut(key))
  const isOutOfIt = child.refusal !== null || isBookkeeping(child) || walk.options.without.has(child.id)
  if (isOutOfIt || (isEnd && walk.options.links === 'none')) {
    countMissing(walk, relation, lost)
    return
  }
  const hiddenEnd = child.ends
    ?.map((end) => walk.sides.catalog.tables.get(end.parent))
    .find((end) => end !== undefined && end.hidden !== null)
  if (isEnd && hiddenEnd !== undefined) {
    const reason = { kind: 'end hidden', table: hiddenEnd.id, hidden: hiddenEnd.hidden ?? '' } as const
    for (const { key } of lost) leaveOut(walk, child, displayKey(key), reason)
    return
  }
  if (isEnd) {
    const links = lost.map(({ key, other }) => ({
      table: child,
      key,
      via: relation,
      from: other,
      state: states.get(key),
    }))
    // Most have both their ends at once; only the others wait.
    await addLinks(walk, child, links, (link) => walk.links.push(link))
    const linked = children.filter(({ key }) => isPresent(states.get(key)))
    for (const { key } of linked) addKey(walk.linked, child.id, key)
    return
  }
  const present = children.filter(({ key }) => isPresent(states.get(key)) && !walk.states.isNever(child.id, key))
  const survivors = await readSurvivors(walk.sides, child, relation, present)
  for (const survivor of survivors) walk.survivors.push(survivor)
  const emptied = new Set(survivors.map(({ key }) => key))
  const changed = present.filter(({ key }) => states.get(key)?.state === 'changed' && !emptied.has(key))
  // Their parent is gone from live, and they are not.
  for (const { key } of changed.filter(({ other }) => walk.isGone(parent, other))) addKey(walk.namesakes, child.id, key)
  const unhooked = new Set(survivors.filter(({ isDefault }) => !isDefault).map(({ parent: key }) => key))
  const follows = ({ other }: Referring): boolean => isFollowed(relation, walk.options, unhooked.has(other))
  const [along, behind] = [lost.filter(follows), lost.filter((row) => !follows(row))]
  walk.add(
    child,
    along.map(({ key, other }) => ({ key: other, other: key })),
    'whole',
    'child',
    relation,
    states,
  )
  countMissing(walk, relation, behind)
}

/** Rows of a table that cannot be compared, as far as any belong to the rows given; which of them live lacks is not known. */
const leaveOutUnseen = async (
  walk: Walk,
  child: SharedTable,
  parent: SharedTable,
  relation: Relation,
  keys: readonly string[],
): Promise<void> => {
  if (walk.options.children === 'none' || walk.options.without.has(child.id)) return
  if (isReadable(child.backup) && !(await hasChildren(walk.sides, child, parent, relation, keys))) return
  leaveOut(walk, child, '*', { kind: 'cannot be compared', parent: parent.id, refusal: child.refusal ?? '' })
}

const leaveOut = (walk: Walk, table: SharedTable, key: string, reason: LeftOutReason): void => {
  walk.leftOut.set(`${table.id}\0${key}`, { table: table.id, key, reason })
}

const countMissing = (walk: Walk, relation: Relation, rows: readonly Referring[]): void => {
  const known = walk.behind.get(relation) ?? []
  walk.behind.set(relation, known)
  for (const { key } of rows) known.push(key)
}

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
