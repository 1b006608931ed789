/**
 * What hangs together: the edge-follower of closure, run from the roots of everything that is missing, tells for each missing row with
 * which root it comes along. Rows that come along with none (a sibling survived, unhooked) are roots as well, and it runs again.
 */
import type { SharedTable } from '../../catalog/shared.ts'
import { type Sides, tableOf } from '../../rows/sides.ts'
import { nothingDecided, StateCache } from '../../rows/state-cache.ts'
import { type Closure, followEdges } from '../closure/closure.ts'
import { defaultClosureOptions } from '../closure/options.ts'
import type { Survivor } from '../closure/survivors.ts'
import type { ChosenRows } from '../resolved.ts'
import type { MissingEdges, MissingRows } from './missing.ts'
import { findRoots, type Root } from './roots.ts'

/** Roots, and the rows that come along with each. */
export interface Trees {
  readonly roots: readonly Root[]
  /** For each missing row the position of its root; -1 where it has none. */
  readonly rootOf: readonly number[]
  readonly survivors: readonly Survivor[]
}

/** What trees are grown of. */
export interface Ground {
  readonly missing: MissingRows
  readonly edges: readonly MissingEdges[]
  /** Ids of tables whose rows are no roots; they may come along. */
  readonly barred: ReadonlySet<string>
}

/** Grows a tree from each root. Rows that the backup has marked as deleted are none: they come along with the row that needs them. */
export const growTrees = async (sides: Sides, { missing, edges, barred }: Ground): Promise<Trees> => {
  const states = await adoptStates(sides, missing)
  const mayBeRoot = Array.from(
    { length: missing.size },
    (_, row) => !barred.has(missing.tableOf(row).id) && !missing.wasMarked(row),
  )
  const decided = { excluded: new Map(), matched: new Map(), refused: new Map() }
  const terms = { sides, states, decided, options: defaultClosureOptions, present: findPresent(sides, missing) }
  const updated = { rows: new Map(), isPartial: () => false }
  const roots: Root[] = []
  let rootOf: readonly number[] = mayBeRoot.map(() => -1)
  let survivors: readonly Survivor[] = []
  for (;;) {
    const found = findRoots(mayBeRoot.length, edges, (row) => mayBeRoot[row] === true && rootOf[row] === -1)
    if (found.length === 0) return { roots, rootOf, survivors }
    for (const root of found) roots.push(root)
    const resolved = { chosen: chooseRoots(missing, roots), under: new Map() }
    const closure = await followEdges(terms, resolved, updated)
    survivors = closure.survivors
    addReused(sides, missing, closure)
    rootOf = traceRoots(missing, roots, closure)
  }
}

/** Tables none of whose rows is missing, nor any above them. */
const findPresent = ({ catalog }: Sides, missing: MissingRows): ReadonlySet<string> => {
  const absent = new Set(missing.tables.map(({ id }) => id))
  for (let before = -1; before !== absent.size; ) {
    before = absent.size
    for (const { child, parent } of catalog.relations) if (absent.has(parent)) absent.add(child)
  }
  return new Set([...catalog.tables.keys()].filter((id) => !absent.has(id)))
}

/** The states that are known already: those of everything missing. */
const adoptStates = async (sides: Sides, missing: MissingRows): Promise<StateCache> => {
  const states = new StateCache(sides, nothingDecided)
  for (const table of missing.tables) await states.adopt(table, missing.statesOf(table.id))
  return states
}

/** The rows of roots as a selection has them. */
export const chooseRoots = (missing: MissingRows, roots: readonly Root[]): ReadonlyMap<string, ChosenRows> => {
  const chosen = new Map<string, { readonly table: SharedTable; readonly rows: number[] }>()
  for (const root of roots) {
    for (const row of root) {
      const table = missing.tableOf(row)
      const own = chosen.get(table.id) ?? { table, rows: [] }
      chosen.set(table.id, own)
      own.rows.push(row)
    }
  }
  return new Map([...chosen].map(([id, { table, rows }]) => [id, { table, states: missing.statesOf(id, rows) }]))
}

/** Rows below a reused parent are reused as well, which only the follower finds out. */
const addReused = (sides: Sides, missing: MissingRows, closure: Closure): void => {
  for (const [id, members] of closure.members) {
    const table = tableOf(sides.catalog, id)
    for (const { key } of members.wholes()) {
      missing.add(table, key, members.reused.has(key) ? { state: 'reused', columns: [] } : { state: 'missing' })
    }
  }
}

/** Follows every whole row back to the root it comes from. */
const traceRoots = (missing: MissingRows, roots: readonly Root[], closure: Closure): readonly number[] => {
  const origins = new Int32Array(missing.size).fill(-1)
  for (const [id, members] of closure.members) {
    for (const { key, via, from } of members.wholes()) {
      const row = missing.numberOf(id, key)
      if (row === undefined || via === null || from === null) continue
      origins[row] = missing.numberOf(via.parent, from) ?? -1
    }
    for (const { key, via, from } of members.entries()) {
      const row = missing.numberOf(id, key)
      if (row === undefined || via === null || from === null || !missing.wasMarked(row)) continue
      origins[row] = missing.numberOf(via.child, from) ?? -1
    }
  }
  const rootOf: number[] = Array.from({ length: missing.size }, () => -1)
  for (const [position, root] of roots.entries()) for (const row of root) rootOf[row] = position
  const path: number[] = []
  for (let start = 0; start < missing.size; start++) {
    let row = start
    while (rootOf[row] === -1 && origins[row] !== -1) {
      path.push(row)
      row = origins[row] ?? row
    }
    const root = rootOf[row] ?? -1
    for (let member = path.pop(); member !== undefined; member = path.pop()) rootOf[member] = root
  }
  return rootOf
}
