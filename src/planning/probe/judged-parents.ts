/**
 * Parents that rows come back to, rows below which everything is wanted, and rows that lose the mark that they are deleted: live has them
 * with other values, and they may be other records by now. What is not clear is asked, the rest is named. There may be as many as rows.
 */
import type { Relation } from '../../catalog/relations.ts'
import type { SharedTable } from '../../catalog/shared.ts'
import type { Answer } from '../../plan/finding.ts'
import { tellBatches } from '../../progress/progress.ts'
import { followingColumns, weighLikeness, weighMoved } from '../../rows/records/likeness.ts'
import type { Differing, Likeness } from '../../rows/records/weigh-columns.ts'
import { tableOf } from '../../rows/sides.ts'
import type { Closure } from '../../selection/closure/closure.ts'
import type { ByValue } from '../../selection/closure/walk.ts'
import { inBatches } from '../../sql/rows.ts'
import { differingOf, type Judging, movedOf, unhookedColumns } from './lookalikes.ts'
import { changedParentFinding, type Use } from './taken-findings.ts'

/** Live rows, changed since the backup, that rows come to refer to by one relation. */
export interface Attached {
  /** The table of the live rows. */
  readonly table: string
  readonly via: string
  /** The table of the rows that refer to them. */
  readonly child: string
  /** Columns that differ. */
  readonly columns: readonly string[]
  /** Packed. */
  readonly keys: readonly string[]
  /** How many rows come to refer to them. */
  readonly rows: number
}

type KeyLists = ReadonlyMap<string, readonly string[]>

interface ParentOptions {
  /** Rows below which everything is wanted, packed, per table. */
  readonly under: KeyLists
  /** Columns that are put back in live rows, by packed key, per table. */
  readonly updates: ReadonlyMap<string, Differing>
  readonly keys: 'auto' | 'keep' | 'new'
}

export interface JudgedParents {
  /** Rows that come back beside live's, packed, per table. */
  readonly beside: KeyLists
  /** Rows to whose live namesakes nothing is attached, packed, per table. */
  readonly refused: KeyLists
  readonly attached: readonly Attached[]
}

/** What the rows of one table are held against, and why it matters. */
interface Judged {
  readonly table: SharedTable
  readonly usesOf: (key: string) => readonly Use[]
  /** Rows that live has marked as deleted, and that lose the mark, packed. */
  readonly revived: ReadonlySet<string>
  readonly byValue: ReadonlyMap<string, ByValue>
  /** Columns that are no sign of another record, by row. */
  readonly explained: Differing
}

/** Weighs the rows, and says which live row each was held against where that has another key. */
const weigh = async (
  { sides, states }: Judging,
  { table, byValue, explained }: Judged,
  keys: readonly string[],
): Promise<{ readonly likenesses: ReadonlyMap<string, Likeness>; readonly moved: ReadonlyMap<string, string> }> => {
  const known = await states.read(
    table,
    keys.filter((key) => !byValue.has(key)),
  )
  const restored = movedOf(known)
  const values = new Map(keys.flatMap((key) => [[key, byValue.get(key)] as const]))
  const found = new Map([...values].flatMap(([key, one]) => (one === undefined ? [] : [[key, one.liveKey] as const])))
  const except = [...new Set([...values.values()].flatMap((one) => one?.columns ?? []))]
  const isFound = { isClear: true, columns: [], changed: table.identity, of: 1 }
  const likenesses = new Map([
    ...[...found.keys()].map((key) => [key, isFound] as const),
    ...(await weighLikeness({ sides, states, explained }, table, differingOf(known))),
    ...(await weighMoved(sides, table, { rows: restored, except: followingColumns(sides, table) })),
    ...(await weighMoved(sides, table, { rows: found, except })),
  ])
  return { likenesses, moved: new Map([...restored, ...found]) }
}

/** Asks about the parents, the rows below which everything is wanted, and rows marked as deleted that may be other records by now. */
export const judgeParents = async (
  judging: Judging,
  closure: Closure,
  { under, updates, keys: policy }: ParentOptions,
): Promise<JudgedParents> => {
  const anchors: KeyLists = hasAnything(closure) ? under : new Map()
  const unhooked = unhookedColumns(closure)
  const beside = new Map<string, string[]>()
  const refused = new Map<string, string[]>()
  const attached = new Map<string, Attached & { readonly keys: string[]; rows: number }>()
  for (const [id, parents] of parentsOf(closure, anchors)) {
    const own: Judged = {
      table: tableOf(judging.sides.catalog, id),
      usesOf: usesOf(closure, id, anchors.get(id) ?? []),
      revived: closure.members.get(id)?.deleted ?? new Set(),
      byValue: closure.byValue.get(id) ?? new Map(),
      explained: mergeColumns(updates.get(id), unhooked.get(id)),
    }
    const at = { stage: 'parents', table: id, total: parents.size } as const
    for (const batch of tellBatches(judging.sides.onStage, at, inBatches(parents))) {
      const { likenesses, moved } = await weigh(judging, own, batch)
      for (const [key, likeness] of likenesses) {
        const uses = own.usesOf(key)
        const answer = answerFor(judging, own, { key, live: moved.get(key) ?? key, likeness, uses, keys: policy })
        if (answer === 'allocate') pushTo(beside, id, key)
        else if (answer === 'skip') pushTo(refused, id, key)
        else if (answer === 'attach' && likeness.changed.length > 0)
          for (const use of uses) note(attached, { ...use, table: id, columns: likeness.changed }, key)
      }
    }
  }
  return { beside, refused, attached: [...attached.values()] }
}

type Asked = Pick<Parameters<typeof changedParentFinding>[0], 'key' | 'live' | 'likeness' | 'uses' | 'keys'>

/** What is clear goes there unasked. */
const answerFor = ({ decider }: Judging, { table, revived, byValue }: Judged, asked: Asked): Answer => {
  const [isRevived, isByValue] = [revived.has(asked.key), byValue.has(asked.key)]
  // Where rows are marked as deleted, they hardly go, and their keys hardly go to others; and a name that others refer to is a row's own:
  // one other value does not outweigh that.
  const isClear = asked.likeness.isClear || ((isRevived || isByValue) && asked.likeness.of === 1)
  if (isClear) return 'attach'
  // The value of a row found by it is the live row's: there is no place beside that.
  const keys = isByValue ? 'keep' : asked.keys
  return decider.decide(changedParentFinding({ ...asked, table, isRevived, keys }))
}

const pushTo = (lists: Map<string, string[]>, table: string, key: string): void => {
  const known = lists.get(table) ?? []
  lists.set(table, known)
  known.push(key)
}

const note = (
  attached: Map<string, Attached & { readonly keys: string[]; rows: number }>,
  { table, via, child, columns, rows }: Omit<Attached, 'keys'>,
  key: string,
): void => {
  const name = JSON.stringify([via, child, columns])
  const known = attached.get(name) ?? { table, via, child, columns, keys: [], rows: 0 }
  attached.set(name, known)
  known.keys.push(key)
  known.rows += rows
}

/** The rows to be judged, per table, each once. */
const parentsOf = ({ attached, members }: Closure, anchors: KeyLists): ReadonlyMap<string, ReadonlySet<string>> => {
  const parents = new Map<string, Set<string>>()
  const add = (id: string, keys: Iterable<string>): void => {
    const own = parents.get(id) ?? new Set<string>()
    for (const key of keys) own.add(key)
    if (own.size > 0) parents.set(id, own)
  }
  for (const { via, rows } of attached) add(via.parent, rows.keys())
  for (const [id, keys] of anchors) add(id, keys)
  for (const [id, { deleted }] of members) add(id, deleted)
  return parents
}

/** How many rows come to refer to a row of a table, by relation: those that come back, and live's own below a row where everything is wanted. */
const usesOf = (
  { attached, survivors }: Closure,
  id: string,
  anchors: readonly string[],
): ((key: string) => readonly Use[]) => {
  const own = attached.filter(({ via }) => via.parent === id)
  const relinked = new Map<Relation, ReadonlyMap<string, number>>()
  const wanted = new Set(anchors)
  const below = survivors.filter(({ relation, parent }) => relation.parent === id && wanted.has(parent))
  for (const [relation, rows] of Map.groupBy(below, (survivor) => survivor.relation)) {
    const byParent = Map.groupBy(rows, ({ parent }) => parent)
    relinked.set(relation, new Map([...byParent].map(([key, all]) => [key, all.length])))
  }
  const all = [...own, ...[...relinked].map(([via, rows]) => ({ via, child: via.child, rows }))]
  return (key) =>
    all.flatMap(({ via, child, rows }) => {
      const count = rows.get(key) ?? 0
      return count === 0 ? [] : [{ via: via.id, child, rows: count }]
    })
}

/** The columns of both, by row. */
const mergeColumns = (one: Differing = new Map(), other: Differing = new Map()): Differing =>
  new Map([...one, ...[...other].map(([key, names]) => [key, [...(one.get(key) ?? []), ...names]] as const)])

const hasAnything = ({ members, survivors }: Closure): boolean =>
  survivors.length > 0 || [...members.values()].some(({ size }) => size > 0)
