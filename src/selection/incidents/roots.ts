/**
 * The roots of what is missing: rows none of whose parents is missing, and cycles of rows that nothing missing leads into.
 *
 * Rows that are reached from a root are settled by a walk; what no walk reaches hangs below a cycle. Tarjan's algorithm, from child to
 * parent and without recursion (a list of 100,000 rows is 100,000 deep), finds the groups that have no parent outside of themselves.
 */
import type { MissingEdges } from './missing.ts'

/** Rows that are one root: a single one, or a cycle. Numbers of missing rows. */
export type Root = readonly number[]

/** For each row the rows at the other end of its edges, all in one array. */
interface Neighbours {
  readonly start: Int32Array
  readonly rows: Int32Array
}

type Pair = readonly [from: number, to: number]

const collectNeighbours = (size: number, pairs: () => Iterable<Pair>): Neighbours => {
  const start = new Int32Array(size + 1)
  for (const [from] of pairs()) start[from + 1] = (start[from + 1] ?? 0) + 1
  for (let row = 0; row < size; row++) start[row + 1] = (start[row + 1] ?? 0) + (start[row] ?? 0)
  const next = start.slice()
  const rows = new Int32Array(start[size] ?? 0)
  for (const [from, to] of pairs()) {
    const place = next[from] ?? 0
    rows[place] = to
    next[from] = place + 1
  }
  return { start, rows }
}

const neighboursOf = ({ start, rows }: Neighbours, row: number): Int32Array =>
  rows.subarray(start[row] ?? 0, start[row + 1] ?? 0)

/** The roots among the rows for which `isOpen` holds; edges to other rows do not count. */
export const findRoots = (
  size: number,
  edges: readonly MissingEdges[],
  isOpen: (row: number) => boolean,
): readonly Root[] => {
  function* pairs(direction: 'up' | 'down'): Generator<Pair> {
    for (const { isFollowed, children, parents } of edges) {
      if (!isFollowed) continue
      for (const [position, child] of children.entries()) {
        const parent = parents[position] ?? child
        if (isOpen(child) && isOpen(parent)) yield direction === 'up' ? [child, parent] : [parent, child]
      }
    }
  }
  const up = collectNeighbours(size, () => pairs('up'))
  const down = collectNeighbours(size, () => pairs('down'))
  const reached = new Uint8Array(size)
  const roots: Root[] = []
  const walk: number[] = []
  for (let row = 0; row < size; row++) {
    if (!isOpen(row) || neighboursOf(up, row).length > 0) continue
    roots.push([row])
    walk.push(row)
  }
  for (let row = walk.pop(); row !== undefined; row = walk.pop()) {
    if (reached[row] === 1) continue
    reached[row] = 1
    for (const child of neighboursOf(down, row)) if (reached[child] === 0) walk.push(child)
  }
  const isLeft = (row: number): boolean => isOpen(row) && reached[row] === 0
  return [...roots, ...findTopCycles(size, up, isLeft)]
}

/** Strongly connected groups of the rows left that have no parent outside of themselves. */
const findTopCycles = (size: number, up: Neighbours, isLeft: (row: number) => boolean): readonly Root[] => {
  const order = new Int32Array(size).fill(-1)
  const low = new Int32Array(size)
  const group = new Int32Array(size).fill(-1)
  const stack: number[] = []
  const groups: number[][] = []
  let visited = 0
  for (let start = 0; start < size; start++) {
    if (!isLeft(start) || order[start] !== -1) continue
    const path: { readonly row: number; readonly parents: Int32Array; next: number }[] = []
    const enter = (row: number): void => {
      order[row] = visited
      low[row] = visited++
      stack.push(row)
      path.push({ row, parents: neighboursOf(up, row), next: 0 })
    }
    enter(start)
    for (let step = path.at(-1); step !== undefined; step = path.at(-1)) {
      const { row } = step
      const parent = step.parents[step.next++]
      if (parent !== undefined) {
        if (order[parent] === -1) enter(parent)
        else if (group[parent] === -1) low[row] = Math.min(low[row] ?? 0, order[parent] ?? 0)
        continue
      }
      path.pop()
      const below = path.at(-1)?.row
      if (below !== undefined) low[below] = Math.min(low[below] ?? 0, low[row] ?? 0)
      if (low[row] !== order[row]) continue
      const rows = stack.splice(stack.lastIndexOf(row))
      for (const member of rows) group[member] = groups.length
      groups.push(rows)
    }
  }
  return groups.filter((rows, number) =>
    rows.every((row) => neighboursOf(up, row).every((parent) => group[parent] === number)),
  )
}
