/** What is missing below rows that come back only because others need them: it stays out, as nobody has asked for it. */
import { isBookkeeping } from '../catalog/conventions/bookkeeping.ts'
import type { Relation } from '../catalog/relations.ts'
import { findNeverAmong } from '../rows/never.ts'
import { countChildren, type Edge, readChildren } from '../rows/references.ts'
import type { Sides } from '../rows/sides.ts'
import { isLost, readStates } from '../rows/states.ts'
import type { Members } from '../selection/closure/members.ts'
import { type ClosureOptions, isFollowed } from '../selection/closure/options.ts'
import { wasMarked } from '../selection/closure/walk.ts'
import { inBatches, stepSize } from '../sql/rows.ts'
import type { Decision } from './decide.ts'

/** Missing rows that needed parents would bring by a relation, had they been selected. */
export interface NeededBelow {
  readonly relation: Relation
  readonly rows: number
  /** That many belonged to them in the backup: some may be in live still. */
  readonly isAtMost: boolean
  /** Packed keys of the first of those parents, and how many there are. */
  readonly parents: readonly string[]
  readonly parentCount: number
}

/** More rows than that are counted in the backup, and not looked for in live. */
const mostRead = 10_000

/** So many parents are named. */
const mostNamed = 3

/** Counts what is missing below needed rows, by the relations that would be followed from them as whole. */
export const findNeededBelow = async (
  sides: Sides,
  { closure, mapping }: Pick<Decision, 'closure' | 'mapping'>,
  options: ClosureOptions,
): Promise<readonly NeededBelow[]> => {
  const found: NeededBelow[] = []
  for (const [id, members] of closure.members) {
    const { standIns } = mapping.of(id)
    for (const edge of edgesBelow(sides, id, options)) {
      const coming = closure.members.get(edge.child.id)
      const below: NeededBelow[] = []
      for (const keys of inBatches(members.needed(), stepSize)) {
        const needed = keys.filter((key) => !standIns.has(key))
        if (needed.length > 0) below.push(await countBelow(sides, edge, { needed, coming }))
      }
      const all = addBelow(edge.relation, below)
      if (all.rows > 0) found.push(all)
    }
  }
  return found
}

const edgesBelow = ({ catalog }: Sides, id: string, options: ClosureOptions): readonly Edge[] =>
  catalog.relations.flatMap((relation) => {
    const [child, parent] = [catalog.tables.get(relation.child), catalog.tables.get(relation.parent)]
    if (relation.parent !== id || child === undefined || parent === undefined || relation.isInheritance) return []
    const isOut = child.refusal !== null || isBookkeeping(child) || options.without.has(child.id)
    const isEnd = child.ends?.some((end) => end.id === relation.id) ?? false
    const isMeant = isEnd ? options.links !== 'none' : isFollowed(relation, options, { isUnhooked: false })
    return isOut || !isMeant ? [] : [{ relation, child, parent }]
  })

const addBelow = (relation: Relation, below: readonly NeededBelow[]): NeededBelow => ({
  relation,
  rows: below.reduce((sum, { rows }) => sum + rows, 0),
  isAtMost: below.some(({ isAtMost }) => isAtMost),
  parents: below.flatMap(({ parents }) => parents).slice(0, mostNamed),
  parentCount: below.reduce((sum, { parentCount }) => sum + parentCount, 0),
})

const countBelow = async (
  sides: Sides,
  edge: Edge,
  { needed, coming }: { readonly needed: readonly string[]; readonly coming: Members | undefined },
): Promise<NeededBelow> => {
  const { relation, child } = edge
  const count = await countChildren(sides, edge, needed)
  if (count > mostRead) {
    const rows = Math.max(0, count - (coming?.size ?? 0))
    return { relation, rows, isAtMost: true, parents: needed.slice(0, mostNamed), parentCount: needed.length }
  }
  const children = count === 0 ? [] : await readChildren(sides, edge, needed)
  const open = children.filter(({ key }) => coming?.has(key) !== true)
  const states = await readStates(
    sides,
    child,
    open.map(({ key }) => key),
  )
  const never = await findNeverAmong(sides, child, states)
  const missing = open.filter(({ key }) => {
    const state = states.get(key)
    return isLost(state) && !wasMarked(state) && !never.has(key)
  })
  const parents = [...new Set(missing.map(({ other }) => other))]
  return {
    relation,
    rows: missing.length,
    isAtMost: false,
    parents: parents.slice(0, mostNamed),
    parentCount: parents.length,
  }
}
