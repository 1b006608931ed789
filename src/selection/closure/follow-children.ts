/** Towards the children. */

import { isBookkeeping } from '../../catalog/conventions/bookkeeping.ts'
import { isReadable } from '../../catalog/drift.ts'
import type { Relation } from '../../catalog/relations.ts'
import type { SharedTable } from '../../catalog/shared.ts'
import { displayKey } from '../../keys/key.ts'
import { comparedColumns } from '../../rows/records/records.ts'
import {
  countChildren,
  type Edge,
  hasChildren,
  type Referring,
  readChildren,
  readParents,
} from '../../rows/references.ts'
import { isLost, isPresent, type RowState } from '../../rows/states.ts'
import type { LeftOutReason } from '../left-out.ts'
import { countElsewhere } from './elsewhere.ts'
import { addLinks } from './follow-links.ts'
import type { Mark } from './members.ts'
import { isFollowed } from './options.ts'
import { readSurvivors } from './survivors.ts'
import { addKey, type Walk, wasMarked } from './walk.ts'

/** Looks for the children of some rows by one relation: lost ones come along, survivors are noted, links are put off. */
export const followChildren = async (walk: Walk, edge: Edge, keys: readonly string[]): Promise<void> => {
  const { relation, child } = edge
  if (child.hidden !== null || child.identity.length === 0) return leaveOutUnseen(walk, edge, keys)
  const found = await readFound(walk, edge, keys)
  const isEnd = child.ends?.some(({ id }) => id === relation.id) ?? false
  const isOutOfIt = child.refusal !== null || isBookkeeping(child) || walk.options.without.has(child.id)
  if (isOutOfIt || (isEnd && walk.options.links === 'none')) countMissing(walk, relation, found.lost)
  else if (isEnd) await followLinks(walk, edge, found)
  else await followLost(walk, edge, found)
}

/** Children of some rows. */
interface FoundChildren {
  readonly all: readonly Referring[]
  readonly states: ReadonlyMap<string, RowState>
  /** Those that may come along. */
  readonly lost: readonly Referring[]
}

/** Reads the children, and notes those that stay out whatever the options say. */
const readFound = async (walk: Walk, edge: Edge, keys: readonly string[]): Promise<FoundChildren> => {
  const { child } = edge
  const all = await readChildren(walk.sides, edge, keys)
  const states = await walk.states.read(
    child,
    all.map(({ key }) => key),
  )
  const isOut = (key: string): boolean => walk.isExcluded(child.id, key) || states.get(key)?.state === 'restored'
  for (const { key } of all) if (isOut(key)) addKey(walk.met, child.id, key)
  for (const { key } of all) {
    if (walk.states.isNever(child.id, key)) walk.leaveOut(child, displayKey(key), { kind: 'never' })
  }
  const isAway = (key: string): boolean => isLost(states.get(key)) && !wasMarked(states.get(key))
  return { all, states, lost: all.filter(({ key }) => isAway(key) && !isOut(key)) }
}

/** Links come along with both their ends. */
const followLinks = async (
  walk: Walk,
  { relation, child }: Edge,
  { all, states, lost }: FoundChildren,
): Promise<void> => {
  const [reason] = (child.ends ?? []).flatMap((end): readonly LeftOutReason[] => {
    const because = walk.sides.catalog.tables.get(end.parent)?.hiddenParent ?? null
    return because === null ? [] : [{ kind: 'end hidden', table: end.parent, because }]
  })
  if (reason !== undefined) {
    for (const { key } of lost) walk.leaveOut(child, displayKey(key), reason)
    return
  }
  const links = lost.map(({ key, other }) => ({
    table: child,
    key,
    via: relation,
    from: other,
    state: states.get(key),
  }))
  // Most have both their ends at once; only the others wait.
  await addLinks(walk, { table: child, links }, (link) => walk.links.push(link))
  for (const { key } of all) if (isPresent(states.get(key))) addKey(walk.linked, child.id, key)
}

/** Lost children come along, as far as the options say and the survivors do not tell that they went for another reason. */
const followLost = async (walk: Walk, edge: Edge, { all, states, lost }: FoundChildren): Promise<void> => {
  const { relation, child, parent } = edge
  const present = all.filter(({ key }) => isPresent(states.get(key)) && !walk.states.isNever(child.id, key))
  const survivors = await readSurvivors(walk.sides, edge, present)
  for (const survivor of survivors) walk.survivors.push(survivor)
  const emptied = new Set(survivors.map(({ key }) => key))
  const changed = present.filter(({ key }) => states.get(key)?.state === 'changed' && !emptied.has(key))
  // Their parent is gone from live, and they are not.
  const stayed = changed.filter(({ other }) => walk.isGone(parent, other))
  for (const { key } of stayed) {
    if (!isOnlyMoved(states.get(key), edge)) addKey(walk.namesakes, child.id, key)
  }
  const members = walk.members.get(child.id)
  const isWritten = (key: string): boolean => members?.has(key) === true && members.writes(key, relation.columns)
  const moved = stayed.flatMap(({ key }) => (isMoved(states.get(key), relation) && !isWritten(key) ? [key] : []))
  if (moved.length > 0) await countElsewhere(walk.sides, edge, { keys: moved, known: walk.elsewhere })
  const unhooked = new Set(survivors.filter(({ isDefault }) => !isDefault).map(({ parent: key }) => key))
  const follows = ({ other }: Referring): boolean =>
    isFollowed(relation, walk.options, { isUnhooked: unhooked.has(other) })
  const along = lost.filter(follows).map(({ key, other }) => ({ key: other, other: key }))
  walk.add(child, along, { mark: 'whole', because: 'child', via: relation, states })
  countMissing(
    walk,
    relation,
    lost.filter((row) => !follows(row)),
  )
}

/** Live has it with another reference. */
const isMoved = (state: RowState | undefined, { columns }: Relation): boolean =>
  state?.state === 'changed' && state.columns.some((name) => columns.includes(name))

/** Nothing but its reference is another: all else says that it is the same row. */
const isOnlyMoved = (state: RowState | undefined, { relation: { columns }, child }: Edge): boolean =>
  state?.state === 'changed' &&
  state.columns.every((name) => columns.includes(name)) &&
  comparedColumns(child).some((name) => !columns.includes(name) && !child.identity.includes(name))

/** Rows of a table that cannot be compared, as far as any belong to the rows given; which of them live lacks is not known. */
const leaveOutUnseen = async (walk: Walk, edge: Edge, keys: readonly string[]): Promise<void> => {
  const { child, parent } = edge
  if (walk.options.children === 'none' || walk.options.without.has(child.id)) return
  if (isReadable(child.backup) && !(await hasChildren(walk.sides, edge, keys))) return
  const rows = await countUnseen(walk, edge, keys)
  const because = child.refusal === null ? {} : { because: child.refusal }
  const reason = { kind: 'cannot be compared', parent: parent.id, ...because } as const
  walk.leaveOut(child, '*', rows === null ? reason : { ...reason, rows })
}

/** How many of them went with the rows given, and with those of batches before; null where some may still be there. */
const countUnseen = async (walk: Walk, edge: Edge, keys: readonly string[]): Promise<number | null> => {
  const { relation, child, parent } = edge
  const wentAlong = relation.isEnforced && relation.onDelete !== 'set null' && relation.onDelete !== 'set default'
  if (!wentAlong || !isReadable(child.backup) || !keys.every((key) => walk.isGone(parent, key))) return null
  const before = walk.leftOut.get(`${child.id}\0*`)?.reason
  const rows = await countChildren(walk.sides, edge, keys)
  if (before === undefined) return rows
  const isMore = before.kind === 'cannot be compared' && before.parent === parent.id && before.rows !== undefined
  return isMore ? before.rows + rows : null
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
  { keys, mark }: { readonly keys: readonly string[]; readonly mark: Mark },
): Promise<void> => {
  if (keys.length === 0) return
  for (const relation of walk.sides.catalog.relations) {
    const isChild = relation.child === table.id
    if (!relation.isInheritance || (!isChild && relation.parent !== table.id)) continue
    const other = walk.sides.catalog.tables.get(isChild ? relation.parent : relation.child)
    if (other === undefined || other.hidden !== null || other.identity.length === 0) continue
    const found = isChild
      ? (await readParents(walk.sides, { relation, child: table }, keys)).rows
      : (await readChildren(walk.sides, { relation, child: other, parent: table }, keys)).map(
          ({ key, other: parent }) => ({
            key: parent,
            other: key,
          }),
        )
    const states = await walk.states.read(
      other,
      found.map(({ other: key }) => key),
    )
    const along = found.filter(({ other: key }) => {
      const state = states.get(key)
      return isLost(state) && !wasMarked(state) && !walk.isBarred(other, key)
    })
    walk.add(other, along, { mark, because: isChild ? 'parent' : 'child', via: relation, states })
  }
}
