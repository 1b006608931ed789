import type { SharedTable } from '../../catalog/shared.ts'
import { displayKey } from '../../keys/key.ts'
import { findByValue, readParents } from '../../rows/references.ts'
import type { RowState } from '../../rows/states.ts'
import type { LeftOutReason } from '../left-out.ts'
import { type Link, note, type Walk } from './walk.ts'

/** Links of one table. */
interface TableLinks {
  readonly table: SharedTable
  readonly links: readonly Link[]
}

/** An end of a link that will not be there. */
interface GoneEnd {
  readonly table: SharedTable
  readonly key: string
  readonly state: RowState | undefined
}

/** Adds the links whose ends will both be there; in the last round the others are left out. True if rows were added. */
export const judgeLinks = async (walk: Walk, { isLast }: { readonly isLast: boolean }): Promise<boolean> => {
  const open: Link[] = []
  let added = 0
  for (const [table, links] of Map.groupBy(walk.links, (link) => link.table)) {
    walk.sides.onStage({ stage: 'follow', table: table.id, total: links.length })
    const more = await addLinks(walk, { table, links }, (link, end) => {
      // Judged again in the next round, when a pulled end is a member.
      open.push(link)
      if (walk.options.links === 'pull' && pull(walk, end, link)) added++
      if (isLast) {
        walk.leaveOut(table, displayKey(link.key), whyEndGone(walk, end))
      }
    })
    added += more
  }
  walk.links = open
  return added > 0
}

/** Why an end of a link will not be there. */
const whyEndGone = (walk: Walk, { table, key }: GoneEnd): LeftOutReason => {
  const end = { table: table.id, key: displayKey(key) }
  if (walk.states.isNever(table.id, key)) return { kind: 'end barred', ...end }
  return { kind: 'end gone', ...end, canPull: walk.options.links !== 'pull' && !walk.isBarred(table, key) }
}

/** Adds the links both of whose ends will be there; says which are not, and for want of which end. Returns how many were added. */
export const addLinks = async (
  walk: Walk,
  { table, links }: TableLinks,
  onGone: (link: Link, end: GoneEnd) => void,
): Promise<number> => {
  const members = walk.membersOf(table.id)
  const judged = links.filter(({ key }) => !members.has(key))
  const gone = await findGoneEnds(walk, { table, links: judged })
  let added = 0
  for (const link of judged) {
    const end = gone.get(link.key)
    if (end !== undefined) onGone(link, end)
    else {
      added += members.add(link.key, 'whole', { because: 'link', via: link.via, from: link.from })
      note(members, link.key, link.state)
    }
  }
  return added
}

/** Per link the end that will not be there, if one will not. */
const findGoneEnds = async (walk: Walk, { table, links }: TableLinks): Promise<ReadonlyMap<string, GoneEnd>> => {
  const gone = new Map<string, GoneEnd>()
  for (const relation of table.ends ?? []) {
    const end = walk.sides.catalog.tables.get(relation.parent)
    if (end === undefined) continue
    const references = await readParents(
      walk.sides,
      { relation, child: table },
      links.map(({ key }) => key),
    )
    const there = await walk.isThere(end, [...new Set(references.rows.map(({ other }) => other))])
    const lost = references.rows.filter(({ other }) => !there.has(other))
    const states = await walk.states.read(
      end,
      lost.map(({ other }) => other),
    )
    const unmarked = lost.filter(({ other }) => states.get(other)?.state !== 'deleted')
    const found = await findByValue(walk.sides, { relation, child: table, parent: end }, unmarked)
    for (const { key, other } of lost) {
      if (!found.has(key)) gone.set(key, { table: end, key: other, state: states.get(other) })
    }
  }
  return gone
}

const pull = (walk: Walk, end: GoneEnd, link: Link): boolean => {
  if (walk.isBarred(end.table, end.key)) return false
  const relation = link.table.ends?.find(({ parent }) => parent === end.table.id) ?? link.via
  note(walk.membersOf(end.table.id), end.key, end.state)
  return walk.membersOf(end.table.id).add(end.key, 'needed', { because: 'parent', via: relation, from: link.key }) === 1
}
