/** Towards the parents. */
import { whyHidden } from '../../catalog/drift.ts'
import type { Hidden } from '../../catalog/refusal/refusal.ts'
import type { Relation } from '../../catalog/relations.ts'
import type { NamedRow, SharedTable } from '../../catalog/shared.ts'
import { displayKey } from '../../keys/key.ts'
import { findMoved } from '../../rows/moved.ts'
import {
  type ChildEnd,
  type Edge,
  findByValue,
  type Referring,
  readParents,
  readReferring,
  readUnheld,
} from '../../rows/references.ts'
import { isPresent, type RowState } from '../../rows/states.ts'
import type { Lacking } from '../missing-parent.ts'
import { addKey, type Walk } from './walk.ts'

/** Looks for the parents of some rows by one relation: those that live lacks come along as needed. */
export const followParents = async (walk: Walk, end: ChildEnd, keys: readonly string[]): Promise<void> => {
  const { relation } = end
  const parent = walk.sides.catalog.tables.get(relation.parent)
  const hidden = parent?.hiddenParent ?? null
  if (hidden !== null) return failHidden(walk, end, { keys, hidden })
  const { rows, nowhere } = await readParents(walk.sides, end, keys)
  const kind = parent?.backup.withoutRows === true ? 'without rows' : 'nowhere'
  fail(walk, relation, { rows: nowhere, because: { kind }, isHad: () => false })
  if (parent === undefined || rows.length === 0) return
  const edge = { ...end, parent }
  const states = await walk.states.read(parent, [...new Set(rows.map(({ other }) => other))])
  const lost = await attachPresent(walk, edge, { rows, states })
  const wanted = await attachByValue(walk, edge, { rows: lost, states })
  bringAlong(walk, edge, { rows: wanted, states })
}

/** Looks in live for parents that the backup cannot show. A transform may make another reference of it, which live judges. */
export const followToLive = async (walk: Walk, end: ChildEnd, keys: readonly string[]): Promise<void> => {
  const { relation, child } = end
  const { live, backup } = walk.sides.catalog
  const parent = live.tables.find(({ id }) => id === relation.parent)
  if (parent === undefined || walk.sides.transforms?.has(child.id)) return
  const hidden = whyHidden({ table: parent, name: 'live', user: live.user })
  if (hidden !== null) return failHidden(walk, end, { keys, hidden })
  const rows = await readUnheld(walk.sides, end, keys)
  const isThere = backup.tables.some(({ id }) => id === relation.parent)
  const columns = isThere ? relation.parentColumns : []
  fail(walk, relation, { rows, because: { kind: 'only in live', columns }, isHad: () => false })
}

/** Rows that refer to what cannot be looked at. */
const failHidden = async (
  walk: Walk,
  end: ChildEnd,
  { keys, hidden }: { readonly keys: readonly string[]; readonly hidden: Hidden },
): Promise<void> => {
  const { relation } = end
  const parent = { table: relation.parent, key: null, because: { kind: 'hidden', refusal: hidden } } as const
  const referring = await readReferring(walk.sides, end, keys)
  for (const key of referring) walk.orphans.push({ relation, key, parent, isHad: false })
}

/** Rows and what live holds of their parents. */
interface Referrers {
  readonly rows: readonly Referring[]
  readonly states: ReadonlyMap<string, RowState>
}

/** Parents that live has: references to them follow where they moved. Returns the rows whose parent it lacks. */
const attachPresent = async (
  walk: Walk,
  { relation, child, parent }: Edge,
  { rows, states }: Referrers,
): Promise<readonly Referring[]> => {
  const present = [...states].flatMap(([key, state]) => (isPresent(state) ? [key] : []))
  const moved = await findMoved(walk.sides, parent, { columns: relation.parentColumns, keys: present })
  const lost: Referring[] = []
  for (const row of rows) {
    const state = states.get(row.other)
    if (!isPresent(state) && state?.state !== 'restored') lost.push(row)
    else if (walk.isRefused(parent, row.other)) refuse(walk, relation, row)
    else {
      const isItself = parent.id === child.id && row.other === row.key
      if (state?.state !== 'same' && !isItself) walk.attach(relation, child.id, row.other)
      for (const { via, key } of walk.states.changedOwners(parent.id, row.other)) walk.attach(via, child.id, key)
      if (state?.state === 'restored') walk.standIn(parent.id, row.other, state.liveKey)
      // The value referred to is another one in live: the reference follows.
      else if (moved.has(row.other)) walk.standIn(parent.id, row.other, row.other)
    }
  }
  return lost
}

/** Lost parents whose values live has in other rows. Returns the rows whose parent is to be brought along. */
const attachByValue = async (
  walk: Walk,
  edge: Edge,
  { rows: lost, states }: Referrers,
): Promise<readonly Referring[]> => {
  const { relation, child, parent } = edge
  // What live has marked as deleted has its values still, and comes back all the same.
  const gone = lost.filter(({ other }) => states.get(other)?.state !== 'deleted')
  const found = await findByValue(walk.sides, edge, gone)
  const isHad = ({ other }: Referring): boolean => walk.membersOf(parent.id).has(other)
  for (const row of lost.filter((own) => found.has(own.key) && !isHad(own))) {
    if (walk.isRefused(parent, row.other)) refuse(walk, relation, row)
    else walk.attachByValue(relation, child.id, { parent: row.other, liveKey: found.get(row.key) ?? '' })
  }
  return lost.filter((row) => !found.has(row.key) && !isHad(row))
}

/** Brings lost parents along, or says why they do not come. */
const bringAlong = (walk: Walk, { relation, parent }: Edge, { rows: wanted, states }: Referrers): void => {
  const named = walk.sides.catalog.named.get(parent.id)
  failMade(walk, relation, { rows: wanted, named })
  const open = wanted.filter(({ other }) => !named?.has(other))
  const refusal = refuseParent(walk, parent)
  const isOut = ({ other }: Referring): boolean => refusal !== null || walk.isExcluded(parent.id, other)
  const isNever = ({ other }: Referring): boolean => walk.states.isNever(parent.id, other)
  const isHad = ({ other }: Referring): boolean => !walk.isBarred(parent, other)
  const out = open.filter(isOut)
  const others = out.filter((row) => !isNever(row))
  fail(walk, relation, { rows: others, because: refusal ?? { kind: 'left out' }, isHad })
  fail(walk, relation, { rows: out.filter(isNever), because: { kind: 'barred' }, isHad })
  for (const { other } of out) addKey(walk.met, parent.id, other)
  const along = open.filter((row) => !isOut(row))
  walk.add(parent, along, { mark: 'needed', because: 'parent', via: relation, states })
}

/** Rows whose parent does not come along, and whether nothing but an option stands against it. */
interface Orphans {
  readonly rows: readonly Referring[]
  readonly because: Lacking
  readonly isHad: (row: Referring) => boolean
}

const fail = (walk: Walk, relation: Relation, { rows, because, isHad }: Orphans): void => {
  for (const row of rows) {
    const parent = { table: relation.parent, key: displayKey(row.other), because }
    if (walk.options.parents === 'null' && relation.isNullable) walk.nullOut(relation, row.key)
    else walk.orphans.push({ relation, key: row.key, parent, isHad: isHad(row) })
  }
}

/** Live's row is not to be taken for the parent: the row stays out. */
const refuse = (walk: Walk, relation: Relation, { key, other }: Referring): void => {
  walk.refusedParents.push({ relation, key, parent: other })
}

/** Parents that a migration makes are not restored: live has no table for them yet, or calls them otherwise. */
const failMade = (
  walk: Walk,
  relation: Relation,
  { rows, named }: Pick<Orphans, 'rows'> & { readonly named: ReadonlyMap<string, NamedRow> | undefined },
): void => {
  for (const { key, other } of rows) {
    const name = named?.get(other)?.name
    if (name === undefined) continue
    const because = { kind: 'of a migration', name } as const
    const parent = { table: relation.parent, key: displayKey(other), because }
    walk.orphans.push({ relation, key, parent, isHad: false })
  }
}

const refuseParent = (walk: Walk, parent: SharedTable): Lacking | null => {
  if (walk.options.parents !== 'restore') return { kind: 'option', option: `parents ${walk.options.parents}` }
  if (walk.options.without.has(parent.id)) return { kind: 'option', option: 'without' }
  return parent.refusal === null ? null : { kind: 'cannot be restored', refusal: parent.refusal }
}
