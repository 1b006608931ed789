/**
 * Incidents: thousands of missing rows are a few events.
 *
 *     missing rows -> roots -> what comes along with each -> roots of one table by the condition they share -> incidents
 *
 * What comes along is told by the edge-follower of closure, so that restoring an incident brings back what it counts.
 */
import { isBookkeeping } from '../../catalog/bookkeeping.ts'
import type { SharedTable } from '../../catalog/shared.ts'
import type { DiffProgress } from '../../diff/diff.ts'
import type { Sides } from '../../diff/sides.ts'
import { whyNever } from '../never.ts'
import { rememberParents } from '../references.ts'
import type { ChosenRows } from '../resolve.ts'
import { gatherRoots } from './conditions.ts'
import { labelColumn } from './labels.ts'
import { findDeliberate, findPartial, type LeftOutRows, leaveUnseen } from './left-out.ts'
import { type MissingRows, readMissing, readMissingEdges } from './missing.ts'
import { makeId, type Named, nameGroup, nameSingles } from './names.ts'
import { narrowSides } from './narrow.ts'
import type { Root } from './roots.ts'
import { readSurvivorCounts, type SurvivorCount } from './survivors.ts'
import { findTies, type Tie } from './ties.ts'
import { chooseRoots, growTrees } from './trees.ts'
import { countUnseen, type Unseen } from './unseen.ts'

/** Missing root rows of one table that one event explains, with everything that went with them. */
export interface Incident {
  /** What `--incident` takes. The same for as long as the same rows are missing. */
  readonly id: string
  /** The table of its roots. */
  readonly table: string
  /** What a person would call it: `photographer "Ida Lind" (41)`, `310 rows of photo`. */
  readonly label: string
  /** Missing rows, roots included. */
  readonly rows: number
  /** The same per table, most rows first. */
  readonly tables: readonly { readonly table: string; readonly rows: number; readonly isLink: boolean }[]
  /** Live rows whose reference was emptied with it. */
  readonly survivors: readonly SurvivorCount[]
  /** What separates its roots from the rows that stayed, evaluated on the backup. */
  readonly condition: IncidentCondition | null
  /** When it happened, as live prints it; null where live keeps no commit times, or nothing survived to tell. */
  readonly when: string | null
  readonly roots: number
  /** Other incidents that it hangs together with: restored alone, it brings rows of theirs along, or leaves links out. */
  readonly ties: readonly Tie[]
}

export interface IncidentCondition {
  readonly sql: string
  /** Rows of the backup for which it holds and that are missing. */
  readonly hits: number
  /** Rows of the backup for which it holds. */
  readonly of: number
  /** All of them are missing. */
  readonly isExact: boolean
  /** Nothing else of the table is missing. */
  readonly isOnly: boolean
}

export interface IncidentReport {
  readonly v: 1
  /** Largest first. */
  readonly incidents: readonly Incident[]
  readonly leftOut: readonly LeftOutRows[]
  readonly unseen: readonly Unseen[]
}

/** The report, and the rows to select for each id. */
export interface FoundIncidents {
  readonly report: IncidentReport
  readonly choose: (id: string) => ReadonlyMap<string, ChosenRows> | null
  /** Packed keys of an incident's rows of one table; null for an id that means nothing. */
  readonly rowsOf: (id: string, table: string) => readonly string[] | null
}

interface Group {
  readonly table: SharedTable
  /** Positions of roots. */
  readonly roots: readonly number[]
  readonly named: Named
}

export interface IncidentOptions {
  /** Tables that are not looked at. Rows of others whose parents are there are roots, as if those were not missing. */
  readonly without?: readonly string[]
}

/** Groups everything that is missing. Both sides are read whole; memory is the keys of what is missing. */
export const findIncidents = async (
  all: Sides,
  { without = [] }: IncidentOptions = {},
  onProgress?: DiffProgress,
): Promise<FoundIncidents> => {
  const { seen: sides, unseen } = narrowSides(all, without)
  const tables = [...sides.catalog.tables.values()].filter(({ refusal }) => refusal === null)
  const missing = await readMissing(sides, tables, onProgress)
  rememberParents(sides)
  const edges = await readMissingEdges(sides, missing)
  const barred = new Set(tables.filter(isBookkeeping).map(({ id }) => id))
  const trees = await growTrees(sides, missing, edges, barred)
  const groups = await groupRoots(sides, missing, trees.roots)
  const groupOfRoot = new Int32Array(trees.roots.length)
  for (const [position, { roots }] of groups.entries()) for (const root of roots) groupOfRoot[root] = position
  const groupOf = (row: number): number => {
    const root = trees.rootOf[row] ?? -1
    return root === -1 ? -1 : (groupOfRoot[root] ?? -1)
  }
  const { counts, rest } = countRows(missing, groups.length, groupOf)
  const survivors = await readSurvivorCounts(sides, trees.survivors, ({ relation, parent }) =>
    groupOf(missing.numberOf(relation.parent, parent) ?? -1),
  )
  const ids = groups.map(({ named }) => named.id)
  const rootRows = new Set(trees.roots.flat())
  const ties = findTies(missing, edges, { incidentOf: groupOf, isRoot: (row) => rootRows.has(row) }, ids)
  const incidents: Incident[] = []
  const leftOut: LeftOutRows[] = []
  for (const [position, { table, roots, named }] of groups.entries()) {
    const own = [...(counts[position] ?? [])].sort(([a, m], [b, n]) => n - m || (a.id < b.id ? -1 : 1))
    const rows = own.reduce((sum, [, count]) => sum + count, 0)
    const { id, label, condition, gathered } = named
    const deliberate = gathered === null ? null : findDeliberate(table, gathered)
    if (deliberate !== null) {
      leftOut.push({ kind: deliberate.kind, id, table: table.id, rows, why: deliberate.why })
      continue
    }
    incidents.push({
      id,
      table: table.id,
      label,
      rows,
      tables: own.map(([each, count]) => ({ table: each.id, rows: count, isLink: each.ends !== null })),
      survivors: survivors.get(position)?.counts ?? [],
      condition,
      when: survivors.get(position)?.when ?? null,
      roots: roots.length,
      ties: ties.get(id) ?? [],
    })
  }
  for (const [table, rows] of rest) {
    leftOut.push({ kind: 'bookkeeping', id: null, table: table.id, rows, why: 'bookkeeping of a framework' })
  }
  for (const [table, rows] of missing.never) leftOut.push({ kind: 'never', id: null, table, rows, why: whyNever })
  leftOut.push(...unseen.map(leaveUnseen), ...(await findPartial(all, tables)))
  const report: IncidentReport = {
    v: 1,
    incidents: incidents.sort((a, b) => b.rows - a.rows || (a.table < b.table ? -1 : a.table > b.table ? 1 : 0)),
    leftOut: leftOut.sort((a, b) => (b.rows ?? -1) - (a.rows ?? -1)),
    unseen: await countUnseen(sides, tables),
  }
  const choose = (id: string): ReadonlyMap<string, ChosenRows> | null => {
    const group = groups[ids.indexOf(id)]
    return group === undefined
      ? null
      : chooseRoots(
          missing,
          group.roots.map((root) => trees.roots[root] ?? []),
        )
  }
  const rowsOf = (id: string, table: string): readonly string[] | null => {
    const position = ids.indexOf(id)
    return position === -1
      ? null
      : missing.keysOf(table).filter((key) => groupOf(missing.numberOf(table, key) ?? -1) === position)
  }
  return { report, choose, rowsOf }
}

/** The row of a root that stands for it: of a cycle, one that has a name. */
const mainRow = (missing: MissingRows, root: Root): number => {
  const rank = (row: number): string => {
    const table = missing.tableOf(row)
    return `${labelColumn(table) === null ? 1 : 0} ${table.id}`
  }
  return root.reduce((best, row) => (rank(row) < rank(best) ? row : best))
}

const groupRoots = async (sides: Sides, missing: MissingRows, roots: readonly Root[]): Promise<readonly Group[]> => {
  const byTable = new Map<SharedTable, Map<string, number>>()
  for (const [position, root] of roots.entries()) {
    const row = root.length === 1 ? (root[0] ?? 0) : mainRow(missing, root)
    const table = missing.tableOf(row)
    byTable.set(table, (byTable.get(table) ?? new Map<string, number>()).set(missing.keyOf(row), position))
  }
  const groups: Group[] = []
  for (const [table, positions] of byTable) {
    const keys = missing.keysOf(table.id)
    const gathered = await gatherRoots(sides, { table, roots: [...positions.keys()], missing: keys })
    const singles = gathered.flatMap((group) => (group.roots.length === 1 ? group.roots : []))
    const labels = await nameSingles(sides, table, singles, keys.length === 1)
    for (const group of gathered) {
      const named = labels.get(group.roots[0] ?? '')
      groups.push({
        table,
        roots: group.roots.map((key) => positions.get(key) ?? 0),
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

/** Missing rows per group and table; `rest` are those in no group. */
const countRows = (
  missing: MissingRows,
  groups: number,
  groupOf: (row: number) => number,
): {
  readonly counts: readonly ReadonlyMap<SharedTable, number>[]
  readonly rest: ReadonlyMap<SharedTable, number>
} => {
  const counts = Array.from({ length: groups }, () => new Map<SharedTable, number>())
  const rest = new Map<SharedTable, number>()
  for (let row = 0; row < missing.size; row++) {
    const table = missing.tableOf(row)
    const own = counts[groupOf(row)] ?? rest
    own.set(table, (own.get(table) ?? 0) + 1)
  }
  return { counts, rest }
}
