/**
 * Rows that live has with other values where it matters which record they are: parents that rows come back to, rows below which everything
 * is wanted, survivors, and children that were expected to be gone. What is not clear is asked, or left alone and said.
 */
import type { Relation } from '../catalog/relations.ts'
import { displayKey } from '../catalog/row.ts'
import type { SharedTable } from '../catalog/shared.ts'
import { readHabits } from '../diff/habits.ts'
import type { Sides } from '../diff/sides.ts'
import { tableOf } from '../diff/sides.ts'
import type { RowState } from '../diff/states.ts'
import type { Closure } from '../selection/closure.ts'
import { followingColumns, weighLikeness, weighMoved } from '../selection/likeness.ts'
import type { Resolved } from '../selection/resolve.ts'
import type { StateCache } from '../selection/state-cache.ts'
import type { Survivor } from '../selection/survivors.ts'
import type { ByValue } from '../selection/walk.ts'
import type { Differing, Likeness } from '../selection/weigh-columns.ts'
import type { Decider } from './finding.ts'
import { canComeBeside, changedParentFinding, type Use } from './taken-findings.ts'

/** What judging needs to know. */
export interface Judging {
  readonly sides: Sides
  readonly states: StateCache
  readonly decider: Decider
}

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

/** A row of live that is left alone because it may be another record than the backup's of that key. */
export interface Lookalike {
  readonly table: string
  /** As displayed. */
  readonly key: string
  readonly columns: readonly string[]
  /** The backup's row could come back beside it. */
  readonly canComeBeside: boolean
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
  readonly uses: ReadonlyMap<string, readonly Use[]>
  readonly anchors: readonly string[]
  /** Rows that live has marked as deleted, and that lose the mark, packed. */
  readonly revived: ReadonlySet<string>
  readonly byValue: ReadonlyMap<string, ByValue>
  /** Columns that are no sign of another record, by row. */
  readonly explained: Differing
}

/** Weighs the rows, and says which live row each was held against where that has another key. */
const weigh = async (
  { sides, states }: Judging,
  { table, uses, anchors, revived, byValue, explained }: Judged,
): Promise<{ readonly likenesses: ReadonlyMap<string, Likeness>; readonly moved: ReadonlyMap<string, string> }> => {
  const keys = [...new Set([...uses.keys(), ...anchors, ...revived])].filter((key) => !byValue.has(key))
  const known = await states.read(table, keys)
  const restored = movedOf(known)
  const found = new Map([...byValue].map(([key, { liveKey }]) => [key, liveKey]))
  const except = [...new Set([...byValue.values()].flatMap(({ columns }) => columns))]
  const alike = [...found.keys()].map(
    (key) => [key, { isClear: true, columns: [], changed: table.identity, of: 1 }] as const,
  )
  const likenesses = new Map([
    ...alike,
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
  { under, updates, keys }: ParentOptions,
): Promise<JudgedParents> => {
  const anchors: KeyLists = hasAnything(closure) ? under : new Map()
  const uses = usesByParent(closure, anchors)
  const unhooked = unhookedColumns(closure)
  const revived = new Map(
    [...closure.members].flatMap(([id, { deleted }]) => (deleted.size > 0 ? [[id, deleted]] : [])),
  )
  const beside = new Map<string, string[]>()
  const refused = new Map<string, string[]>()
  const attached: (Omit<Attached, 'keys'> & { readonly key: string })[] = []
  for (const id of new Set([...uses.keys(), ...anchors.keys(), ...revived.keys()])) {
    const own: Judged = {
      table: tableOf(judging.sides.catalog, id),
      uses: uses.get(id) ?? new Map(),
      anchors: anchors.get(id) ?? [],
      revived: revived.get(id) ?? new Set(),
      byValue: closure.byValue.get(id) ?? new Map(),
      explained: mergeColumns(updates.get(id), unhooked.get(id)),
    }
    const { likenesses, moved } = await weigh(judging, own)
    for (const [key, likeness] of likenesses) {
      const finding = changedParentFinding({
        table: own.table,
        key,
        live: moved.get(key) ?? key,
        likeness,
        uses: own.uses.get(key) ?? [],
        isRevived: own.revived.has(key),
        // Its value is the live row's: there is no place beside it.
        keys: own.byValue.has(key) ? 'keep' : keys,
      })
      // Where rows are marked as deleted, they hardly go, and their keys hardly go to others: one other value does not say so.
      const isClear = likeness.isClear || (own.revived.has(key) && likeness.of === 1)
      const answer = isClear ? 'attach' : judging.decider.decide(finding)
      if (answer === 'allocate') beside.set(id, [...(beside.get(id) ?? []), key])
      else if (answer === 'skip') refused.set(id, [...(refused.get(id) ?? []), key])
      else if (answer === 'attach') {
        for (const use of own.uses.get(key) ?? []) attached.push({ ...use, table: id, columns: likeness.changed, key })
      }
    }
  }
  const groups = Map.groupBy(attached, ({ via, child, columns }) => JSON.stringify([via, child, columns]))
  return {
    beside,
    refused,
    attached: [...groups.values()].flatMap((group) => {
      const [first] = group
      if (first === undefined) return []
      const { key: _, ...shared } = first
      const rows = group.reduce((sum, one) => sum + one.rows, 0)
      return [{ ...shared, keys: group.map(({ key }) => key), rows }]
    }),
  }
}

/**
 * Selected rows that may be other records by now, packed, per table: those that an earlier run brought back under other keys, and those of
 * which only some columns are to be put back (`columns`). What somebody rewrote in most rows is no sign of it there.
 */
export const findDoubted = async (
  { sides, states }: Omit<Judging, 'decider'>,
  { chosen }: Pick<Resolved, 'chosen'>,
  columns: readonly string[] | null,
): Promise<ReadonlyMap<string, ReadonlyMap<string, Likeness>>> => {
  const doubted = new Map<string, ReadonlyMap<string, Likeness>>()
  for (const [id, { table, states: read }] of sides.restored.size === 0 && columns === null ? [] : chosen) {
    const moved = { rows: movedOf(read), except: followingColumns(sides, table) }
    const differing = columns === null ? new Map() : differingOf(read)
    const known = differing.size === 0 ? [] : [...(columns ?? []), ...(await readHabits(sides, table)).rewritten]
    const explained = new Map([...differing.keys()].map((key) => [key, known] as const))
    const likenesses = [
      ...(await weighMoved(sides, table, moved)),
      ...(await weighLikeness({ sides, states, explained }, table, differing)),
    ]
    doubted.set(id, new Map(likenesses.filter(([, { isClear }]) => !isClear)))
  }
  return doubted
}

/** So many survivors written in one transaction make it the one that emptied their references. */
const fewestTogether = 3

/**
 * Survivors that may be other records by now: their references are not theirs to get back. One that was last written together with
 * several others of the same parent, which are the same still, had its reference emptied with theirs.
 */
export const findStrangers = async (
  { sides, states }: Omit<Judging, 'decider'>,
  closure: Closure,
): Promise<ReadonlySet<Survivor>> => {
  const unhooked = unhookedColumns(closure)
  const strangers = new Set<Survivor>()
  for (const [id, own] of Map.groupBy(closure.survivors, ({ relation }) => relation.child)) {
    const table = tableOf(sides.catalog, id)
    const byKey = Map.groupBy(own, ({ key }) => key)
    const differing = await readDiffering(states, table, byKey.keys())
    const weighing = { sides, states, explained: unhooked.get(id) ?? new Map() }
    for (const [key, { isClear }] of await weighLikeness(weighing, table, differing)) {
      if (!isClear) for (const survivor of byKey.get(key) ?? []) strangers.add(survivor)
    }
  }
  const momentOf = ({ relation, parent, age }: Survivor): string => `${relation.parent}\0${parent}\0${age}`
  const known = Map.groupBy(
    closure.survivors.filter((one) => !strangers.has(one)),
    momentOf,
  )
  const isTogether = (one: Survivor): boolean =>
    one.age !== null && (known.get(momentOf(one))?.length ?? 0) >= fewestTogether
  return new Set([...strangers].filter((one) => !isTogether(one)))
}

/** Children that live has all the same, and that may be other records by now: then the backup's are lost, and do not come along. */
export const findLookalikes = async (
  { sides, states }: Omit<Judging, 'decider'>,
  { namesakes }: Closure,
  keys: ParentOptions['keys'],
): Promise<readonly Lookalike[]> => {
  const found: Lookalike[] = []
  for (const [id, rows] of namesakes) {
    const table = tableOf(sides.catalog, id)
    const differing = await readDiffering(states, table, rows)
    for (const [key, { isClear, changed }] of await weighLikeness({ sides, states }, table, differing)) {
      if (isClear) continue
      found.push({ table: id, key: displayKey(key), columns: changed, canComeBeside: canComeBeside(table, keys) })
    }
  }
  return found
}

/** The columns that differ, of the rows that live has with other values, marked as deleted or not. */
const differingOf = (states: Iterable<readonly [string, RowState]>): Differing =>
  new Map(
    [...states].flatMap(([key, state]) =>
      state.state === 'changed' || state.state === 'deleted' ? [[key, state.columns] as const] : [],
    ),
  )

/** The live keys of rows that an earlier run brought back. */
const movedOf = (states: Iterable<readonly [string, RowState]>): ReadonlyMap<string, string> => {
  const moved = new Map<string, string>()
  for (const [key, state] of states) if (state.state === 'restored') moved.set(key, state.liveKey)
  return moved
}

const readDiffering = async (states: StateCache, table: SharedTable, keys: Iterable<string>): Promise<Differing> =>
  differingOf(await states.read(table, [...keys]))

/** The references of survivors: that they were emptied is the deletion's doing. */
const unhookedColumns = ({ survivors }: Closure): ReadonlyMap<string, Differing> => {
  const unhooked = new Map<string, Map<string, readonly string[]>>()
  for (const { relation, key } of survivors) {
    const own = unhooked.get(relation.child) ?? new Map<string, readonly string[]>()
    unhooked.set(relation.child, own)
    own.set(key, [...(own.get(key) ?? []), ...relation.columns])
  }
  return unhooked
}

/** The columns of both, by row. */
const mergeColumns = (one: Differing = new Map(), other: Differing = new Map()): Differing =>
  new Map([...one, ...[...other].map(([key, names]) => [key, [...(one.get(key) ?? []), ...names]] as const)])

const usesByParent = (
  { attached, survivors }: Closure,
  anchors: KeyLists,
): ReadonlyMap<string, ReadonlyMap<string, readonly Use[]>> => {
  const uses = new Map<string, Map<string, Use[]>>()
  const add = ({ id, parent }: Relation, child: string, key: string, rows: number): void => {
    const own = uses.get(parent) ?? new Map<string, Use[]>()
    uses.set(parent, own.set(key, [...(own.get(key) ?? []), { via: id, child, rows }]))
  }
  for (const { via, child, rows } of attached) for (const [key, count] of rows) add(via, child, key, count)
  const relinked = survivors.filter(({ relation, parent }) => anchors.get(relation.parent)?.includes(parent))
  for (const [relation, own] of Map.groupBy(relinked, (survivor) => survivor.relation)) {
    for (const [key, rows] of Map.groupBy(own, ({ parent }) => parent)) add(relation, relation.child, key, rows.length)
  }
  return uses
}

const hasAnything = ({ members, survivors }: Closure): boolean =>
  survivors.length > 0 || [...members.values()].some(({ size }) => size > 0)
