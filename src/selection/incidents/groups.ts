/** Roots of one table by what they have in common. */
import type { SharedTable } from '../../catalog/shared.ts'
import { labelColumn } from '../../rows/labels.ts'
import type { Sides } from '../../rows/sides.ts'
import { gatherRoots } from './conditions/conditions.ts'
import type { RowsWrittenSince } from './conditions/written.ts'
import type { Loss, MissingRows } from './missing.ts'
import { makeId, type Named, nameGroup, nameSingles } from './names.ts'
import type { Root } from './roots.ts'

/** Roots that one event explains. */
export interface Group {
  readonly table: SharedTable
  readonly loss: Loss
  /** Positions of roots. */
  readonly roots: readonly number[]
  readonly named: Named
}

/** The row of a root that stands for it: of a cycle, one that has a name. */
const mainRow = (missing: MissingRows, root: Root): number => {
  const rank = (row: number): string => {
    const table = missing.tableOf(row)
    return `${labelColumn(table) === null ? 1 : 0} ${table.id}`
  }
  return root.reduce((best, row) => (rank(row) < rank(best) ? row : best))
}

/** Roots of one table that were lost in the same way. */
interface Alike {
  readonly table: SharedTable
  readonly loss: Loss
  /** Packed. */
  readonly keys: string[]
  /** For each of them, its position among all roots. */
  readonly positions: number[]
}

const splitRoots = (missing: MissingRows, roots: readonly Root[]): readonly Alike[] => {
  const found = new Map<string, Alike>()
  for (const [position, root] of roots.entries()) {
    const row = root.length === 1 ? (root[0] ?? 0) : mainRow(missing, root)
    const [table, loss] = [missing.tableOf(row), missing.lossOf(row)]
    const alike = found.get(`${loss} ${table.id}`) ?? { table, loss, keys: [], positions: [] }
    found.set(`${loss} ${table.id}`, alike)
    alike.keys.push(missing.keyOf(row))
    alike.positions.push(position)
  }
  return [...found.values()]
}

/** Gathers roots into groups: those of one table that were lost in the same way and have a condition in common. */
export const groupRoots = async (
  sides: Sides,
  { missing, written }: { readonly missing: MissingRows; readonly written: RowsWrittenSince },
  roots: readonly Root[],
): Promise<readonly Group[]> => {
  const groups: Group[] = []
  for (const { table, loss, keys: own, positions } of splitRoots(missing, roots)) {
    const keys = missing.lostKeysOf(table.id, loss)
    const others = loss === 'marked' ? missing.lostKeysOf(table.id, 'gone') : []
    const isAlone = own.length === 1
    const gathered = await gatherRoots(sides, {
      table,
      loss,
      roots: own,
      missing: keys,
      others,
      isLost: (key) => missing.numberOf(table.id, key) !== undefined,
      changed: isAlone ? [] : [...written.changedIn(table)],
      again: isAlone || loss === 'marked' ? [] : [...(await written.findAgain(sides, table))],
    })
    const singles = gathered.flatMap((group) => (group.roots.length === 1 ? group.roots : []))
    const labels = await nameSingles(sides, table, { keys: singles, loss, isOnly: keys.length === 1 })
    for (const group of gathered) {
      const named = labels.get(group.roots[0] ?? '')
      groups.push({
        table,
        loss,
        roots: group.places.map((place) => positions[place] ?? 0),
        named: group.roots.length === 1 && named !== undefined ? named : await nameGroup(sides, table, group),
      })
    }
  }
  return withUniqueIds(groups)
}

/** Two ids that happen to be the same are told apart by their place. */
const withUniqueIds = (groups: readonly Group[]): readonly Group[] => {
  const seen = new Set<string>()
  return groups.map((group) => {
    let { id } = group.named
    while (seen.has(id)) id = makeId([id])
    seen.add(id)
    return { ...group, named: { ...group.named, id } }
  })
}
