/** Where incidents hang together: rows that refer to rows of another incident. */
import type { MissingEdges, MissingRows } from './missing.ts'

/** What another incident has to do with this one. */
export interface Tie {
  /** The id of the other one. */
  readonly incident: string
  /**
   * `brings`: restoring this one brings rows of the other along; they need each other. `awaits`: links counted here come back
   * only when the other one is back as well.
   */
  readonly how: 'brings' | 'awaits'
  /** The table of these rows, and how many of them refer or are referred to. */
  readonly table: string
  readonly rows: number
}

/** What is known of the incidents and of the rows in them. */
export interface TiedRows {
  /** The ids of the incidents. */
  readonly ids: readonly string[]
  /** The incident of a row, by its place among the ids, or -1. */
  readonly incidentOf: (row: number) => number
  /** It comes along with no parent. */
  readonly isRoot: (row: number) => boolean
  /** It comes along with rows that need it, and brings none of its children. */
  readonly isNeeded: (row: number) => boolean
}

/** The ties of each incident, by its id. */
export const findTies = (
  missing: MissingRows,
  edges: readonly MissingEdges[],
  { ids, incidentOf, isRoot, isNeeded }: TiedRows,
): ReadonlyMap<string, readonly Tie[]> => {
  const noted = new Map<
    string,
    { readonly mine: number; readonly tie: Omit<Tie, 'rows'>; readonly rows: Set<number> }
  >()
  const note = (mine: number, other: number, how: Tie['how'], row: number): void => {
    const table = missing.tableOf(row).id
    const id = `${mine} ${other} ${how} ${table}`
    const known = noted.get(id) ?? { mine, tie: { incident: ids[other] ?? '', how, table }, rows: new Set<number>() }
    noted.set(id, known)
    known.rows.add(row)
  }
  for (const { relation, isFollowed, children, parents } of edges) {
    for (const [position, child] of children.entries()) {
      const parent = parents[position] ?? child
      const [mine, other] = [incidentOf(child), incidentOf(parent)]
      if (mine === other || mine === -1 || other === -1) continue
      const isEnd = missing.tableOf(child).ends?.some(({ id }) => id === relation.id) ?? false
      if (isEnd && !isRoot(child)) note(mine, other, 'awaits', child)
      else {
        note(mine, other, 'brings', parent)
        if (isFollowed && !isRoot(child) && !isNeeded(child) && !isNeeded(parent)) note(other, mine, 'brings', child)
      }
    }
  }
  const ties = new Map<string, Tie[]>()
  for (const { mine, tie, rows: own } of noted.values()) {
    const id = ids[mine] ?? ''
    ties.set(id, [...(ties.get(id) ?? []), { ...tie, rows: own.size }])
  }
  return ties
}
