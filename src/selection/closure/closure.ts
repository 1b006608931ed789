/**
 * The edge-follower: from the selected rows to everything that must or may come along, set by set.
 *
 * Each row carries one of two marks, needed (a parent) < whole (selected, and what follows from it). A row promoted to whole is
 * expanded again; so each row moves at most twice, and any graph terminates. One round expands all new rows of one table with one
 * query per relation and batch. Links are judged last, when it is known which ends exist, and again when they brought rows along.
 */

import type { Relation } from '../../catalog/relations.ts'
import type { SharedTable } from '../../catalog/shared.ts'
import { tableOf } from '../../rows/sides.ts'
import { isLost } from '../../rows/states.ts'
import { stepSize } from '../../sql/rows.ts'
import type { LeftOut } from '../left-out.ts'
import type { Resolved } from '../resolved.ts'
import type { Elsewhere } from './elsewhere.ts'
import { followChildren, followInheritance } from './follow-children.ts'
import { judgeLinks } from './follow-links.ts'
import { followParents, followToLive } from './follow-parents.ts'
import { type Members, selected } from './members.ts'
import type { Survivor } from './survivors.ts'
import { type Attachment, type ByValue, note, type Orphan, type RefusedParent, Walk, type WalkTerms } from './walk.ts'

export interface Closure {
  readonly members: ReadonlyMap<string, Members>
  /** Live rows that stand in for rows restored earlier: backup key -> live key, packed, per table. */
  readonly standIns: ReadonlyMap<string, ReadonlyMap<string, string>>
  readonly survivors: readonly Survivor[]
  readonly leftOut: readonly LeftOut[]
  /** Missing rows behind keys that are not followed. */
  readonly alsoMissing: ReadonlyMap<Relation, number>
  readonly orphans: readonly Orphan[]
  readonly refusedParents: readonly RefusedParent[]
  /** Rows whose reference is emptied because of `--parents null`, per relation. */
  readonly nulled: ReadonlyMap<Relation, readonly string[]>
  /** Rows that would have come along, had they not been excluded or restored already; packed, per table. */
  readonly met: ReadonlyMap<string, ReadonlySet<string>>
  /** Links that live has already, packed, per table. */
  readonly linked: ReadonlyMap<string, ReadonlySet<string>>
  readonly attached: readonly Attachment[]
  /** Lost parents, packed, whose values that others refer to live has in other rows, per table. */
  readonly byValue: ReadonlyMap<string, ReadonlyMap<string, ByValue>>
  /** Rows that went with their parent, packed, and that live has with other values all the same, per table. */
  readonly namesakes: ReadonlyMap<string, ReadonlySet<string>>
  /** Rows that live has under other parents by now. */
  readonly elsewhere: readonly Elsewhere[]
}

/** Rows of live to be updated: packed keys with their columns, by table. They bring their parents along; as whole, their children. */
export interface UpdatedRows {
  readonly rows: ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>
  /** True for a row that is restored in some columns only. */
  readonly isPartial: (table: string, key: string) => boolean
}

/** Computes the closure of the rows chosen. Excluded rows are left out with everything that comes only because of them. */
export const followEdges = async (
  terms: WalkTerms,
  resolved: Pick<Resolved, 'chosen' | 'under'>,
  updated: UpdatedRows,
): Promise<Closure> => {
  const walk = new Walk(terms)
  for (const [id, { states: chosen }] of resolved.chosen) {
    const members = walk.membersOf(id)
    for (const [key, state] of chosen) {
      if (walk.isExcluded(id, key) || !isLost(state)) continue
      members.add(key, 'whole', selected)
      note(members, key, state)
    }
  }
  for (const [id, rows] of updated.rows) {
    for (const [key, columns] of rows) {
      const mark = updated.isPartial(id, key) ? 'needed' : 'whole'
      if (!walk.isExcluded(id, key)) walk.membersOf(id).addUpdated(key, columns, mark)
    }
  }
  for (const [id, keys] of resolved.under) await addAnchors(walk, id, keys)
  await follow(walk)
  return {
    members: walk.members,
    standIns: walk.standIns,
    survivors: walk.survivors,
    leftOut: [...walk.leftOut.values()],
    alsoMissing: countBehind(walk),
    orphans: walk.orphans,
    refusedParents: walk.refusedParents,
    nulled: walk.nulled,
    met: walk.met,
    linked: walk.linked,
    attached: [...walk.attached.values()],
    byValue: walk.byValue,
    namesakes: walk.namesakes,
    elsewhere: [...walk.elsewhere.values()],
  }
}

/** Adds the rows below which everything is wanted: live's own, those that stand in for them, or those that come back beside another's. */
const addAnchors = async (walk: Walk, id: string, keys: readonly string[]): Promise<void> => {
  const members = walk.membersOf(id)
  const wanted = keys.filter((key) => !walk.isExcluded(id, key))
  for (const [key, state] of await walk.states.read(tableOf(walk.sides.catalog, id), wanted)) {
    if (state.state === 'reused') {
      members.add(key, 'whole', selected)
      note(members, key, state)
      continue
    }
    members.addAnchor(key)
    if (state.state === 'restored') walk.standIn(id, key, state.liveKey)
  }
}

/** How many rows stay behind each key: those that came along by another one do not, and a row is counted once. */
const countBehind = ({ behind, members }: Walk): ReadonlyMap<Relation, number> => {
  const counts = new Map<Relation, number>()
  const seen = new Set<string>()
  for (const [relation, keys] of behind) {
    const rows = keys.map((key) => `${relation.child}\0${key}`)
    const open = keys.filter((key, row) => !members.get(relation.child)?.has(key) && !seen.has(rows[row] ?? ''))
    for (const row of rows) seen.add(row)
    const count = new Set(open).size
    if (count > 0) counts.set(relation, count)
  }
  return counts
}

const follow = async (walk: Walk): Promise<void> => {
  do {
    for (let table = walk.pending; table !== undefined; table = walk.pending) await expand(walk, table)
  } while (await judgeLinks(walk, { isLast: false }))
  await judgeLinks(walk, { isLast: true })
}

/** Expands a batch of a table's new rows: memory is that of a batch, however many there are. */
const expand = async (walk: Walk, table: SharedTable): Promise<void> => {
  const members = walk.membersOf(table.id)
  const done = members.expanded
  const tell = (to: string): void =>
    walk.sides.onStage({ stage: 'follow', table: table.id, to, done, total: members.found })
  const matched = walk.decided.matched.get(table.id)
  const needed = members.takeUnexpanded('parents', stepSize).filter((key) => !matched?.has(key))
  const inserted = needed.filter((key) => members.isInserted(key))
  await followInheritance(walk, table, { keys: inserted, mark: 'needed' })
  for (const relation of walk.sides.catalog.relations) {
    if (relation.child !== table.id || walk.present.has(relation.parent)) continue
    const referring = needed.filter((key) => members.writes(key, relation.columns))
    tell(relation.parent)
    if (referring.length > 0) await followParents(walk, { relation, child: table }, referring)
  }
  for (const relation of walk.sides.catalog.toLiveOnly) {
    const referring = relation.child === table.id ? needed.filter((key) => members.writes(key, relation.columns)) : []
    if (referring.length > 0) await followToLive(walk, { relation, child: table }, referring)
  }
  const whole = members.takeUnexpanded('children', stepSize)
  const own = whole.filter((key) => members.isInserted(key))
  await followInheritance(walk, table, { keys: own, mark: 'whole' })
  for (const relation of walk.sides.catalog.relations) {
    const child = relation.parent === table.id ? walk.sides.catalog.tables.get(relation.child) : undefined
    if (child === undefined || whole.length === 0) continue
    tell(child.id)
    await followChildren(walk, { relation, child, parent: table }, whole)
  }
  const { expanded, found, hasPending } = members
  if (!hasPending) walk.sides.onStage({ stage: 'follow', table: table.id, done: expanded, total: found })
}
