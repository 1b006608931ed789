/**
 * Rows that live has with other values where it matters which record they are: parents that rows come back to, rows below which everything
 * is wanted, survivors, and children that were expected to be gone. What is not clear is asked, or left alone and said.
 */
import { displayKey } from '../catalog/row.ts'
import type { SharedTable } from '../catalog/shared.ts'
import { type Sides, tableOf } from '../diff/sides.ts'
import type { Closure } from '../selection/closure.ts'
import { type Differing, weighLikeness } from '../selection/likeness.ts'
import type { StateCache } from '../selection/state-cache.ts'
import type { Survivor } from '../selection/survivors.ts'
import type { Decider } from './finding.ts'
import { changedParentFinding, type Use } from './taken-findings.ts'

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
  /** Columns that differ, of those that tell records apart. */
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

/** Asks about the parents, and the rows below which everything is wanted, that may be other records by now. */
export const judgeParents = async (
  { sides, states, decider }: Judging,
  closure: Closure,
  { under, updates, keys }: ParentOptions,
): Promise<JudgedParents> => {
  const uses = usesByParent(closure)
  const anchors: KeyLists = hasAnything(closure) ? under : new Map()
  const unhooked = unhookedColumns(closure)
  const beside = new Map<string, string[]>()
  const refused = new Map<string, string[]>()
  const attached: (Omit<Attached, 'keys'> & { readonly key: string })[] = []
  for (const id of new Set([...uses.keys(), ...anchors.keys()])) {
    const table = tableOf(sides.catalog, id)
    const own = uses.get(id) ?? new Map<string, readonly Use[]>()
    const read = await readDiffering(states, table, new Set([...own.keys(), ...(anchors.get(id) ?? [])]))
    const differing = without(without(read, updates.get(id)), unhooked.get(id))
    for (const [key, likeness] of await weighLikeness(sides, states, table, differing)) {
      const finding = changedParentFinding({ table, key, likeness, uses: own.get(key) ?? [], keys })
      const answer = likeness.isClear ? 'attach' : decider.decide(finding)
      if (answer === 'allocate') beside.set(id, [...(beside.get(id) ?? []), key])
      else if (answer === 'skip') refused.set(id, [...(refused.get(id) ?? []), key])
      else if (answer === 'attach' && likeness.columns.length > 0) {
        for (const use of own.get(key) ?? []) attached.push({ ...use, table: id, columns: likeness.columns, key })
      }
    }
  }
  const groups = Map.groupBy(attached, ({ via, columns }) => JSON.stringify([via, columns]))
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

/** Survivors that may be other records by now: their references are not theirs to get back. */
export const findStrangers = async (
  { sides, states }: Omit<Judging, 'decider'>,
  closure: Closure,
): Promise<ReadonlySet<Survivor>> => {
  const unhooked = unhookedColumns(closure)
  const strangers = new Set<Survivor>()
  for (const [id, own] of Map.groupBy(closure.survivors, ({ relation }) => relation.child)) {
    const table = tableOf(sides.catalog, id)
    const byKey = Map.groupBy(own, ({ key }) => key)
    const differing = without(await readDiffering(states, table, byKey.keys()), unhooked.get(id))
    for (const [key, { isClear, of }] of await weighLikeness(sides, states, table, differing)) {
      // That a reference was emptied speaks for the row: one other value does not outweigh it.
      if (!isClear && of > 1) for (const survivor of byKey.get(key) ?? []) strangers.add(survivor)
    }
  }
  return strangers
}

/** Children that live has all the same, and that may be other records by now: then the backup's are lost, and do not come along. */
export const findLookalikes = async (
  { sides, states }: Omit<Judging, 'decider'>,
  { namesakes }: Closure,
): Promise<readonly Lookalike[]> => {
  const found: Lookalike[] = []
  for (const [id, keys] of namesakes) {
    const table = tableOf(sides.catalog, id)
    const differing = await readDiffering(states, table, keys)
    for (const [key, { isClear, columns }] of await weighLikeness(sides, states, table, differing)) {
      if (!isClear) found.push({ table: id, key: displayKey(key), columns })
    }
  }
  return found
}

/** The columns that differ, of the rows that live has with other values. */
const readDiffering = async (states: StateCache, table: SharedTable, keys: Iterable<string>): Promise<Differing> => {
  const known = await states.read(table, [...keys])
  return new Map(
    [...known].flatMap(([key, state]) => (state.state === 'changed' ? [[key, state.columns] as const] : [])),
  )
}

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

/** The rows that differ in other columns than those given for each. */
const without = (differing: Differing, explained: Differing | undefined): Differing => {
  if (explained === undefined) return differing
  const rest = [...differing].map(
    ([key, columns]) => [key, columns.filter((name) => !explained.get(key)?.includes(name))] as const,
  )
  return new Map(rest.filter(([, columns]) => columns.length > 0))
}

const usesByParent = ({ attached }: Closure): ReadonlyMap<string, ReadonlyMap<string, readonly Use[]>> => {
  const uses = new Map<string, Map<string, Use[]>>()
  for (const [{ id, child, parent }, rows] of attached) {
    const own = uses.get(parent) ?? new Map<string, Use[]>()
    uses.set(parent, own)
    for (const [key, count] of rows) own.set(key, [...(own.get(key) ?? []), { via: id, child, rows: count }])
  }
  return uses
}

const hasAnything = ({ members, survivors }: Closure): boolean =>
  survivors.length > 0 || [...members.values()].some(({ size }) => size > 0)
