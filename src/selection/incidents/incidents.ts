/**
 * Incidents: thousands of missing rows are a few events.
 *
 *     missing rows -> roots -> what comes along with each -> roots of one table by the condition they share -> incidents
 *
 * What comes along is told by the edge-follower of closure, so that restoring an incident brings back what it counts. Rows that live has
 * marked as deleted, where a soft-delete column is configured, are missing rows with a mark.
 */

import { columnOf } from '../../catalog/catalog.ts'
import { isBookkeeping } from '../../catalog/conventions/bookkeeping.ts'
import type { SharedTable } from '../../catalog/shared.ts'
import { findTable } from '../../catalog/shared.ts'
import type { DiffProgress } from '../../diff/diff.ts'
import type { Sides } from '../../rows/sides.ts'
import type { RowState } from '../../rows/states.ts'
import type { ChosenRows } from '../resolved.ts'
import { countRows } from './counts.ts'
import { type Group, groupRoots } from './groups.ts'
import { type MissingEdges, type MissingRows, readMissing, readMissingEdges } from './missing.ts'
import { findDeliberate, findPartial, findRefused, type LeftOutRows, leaveUnseen } from './no-incident.ts'
import type { Incident, IncidentMark, IncidentReport } from './report.ts'
import { readSurvivorCounts } from './survivors.ts'
import { findTies } from './ties.ts'
import { chooseRoots, growTrees, type Trees } from './trees.ts'
import { countUnseen } from './unseen.ts'

/** The report, and the rows to select for each id. */
export interface FoundIncidents {
  readonly report: IncidentReport
  readonly choose: (id: string) => ReadonlyMap<string, ChosenRows> | null
  /** An incident's rows of one table by packed key; null for an id that means nothing. */
  readonly rowsOf: (id: string, table: string) => ReadonlyMap<string, RowState> | null
}

export interface IncidentOptions {
  /** Tables that are not looked at. Rows of others whose parents are there are roots, as if those were not missing. */
  readonly without?: readonly string[]
}

/** Everything that is missing, in groups. */
interface Grouped {
  readonly missing: MissingRows
  readonly edges: readonly MissingEdges[]
  readonly trees: Trees
  readonly groups: readonly Group[]
  /** The group of a row, by its place; -1 where it is in none. */
  readonly groupOf: (row: number) => number
}

/** Groups everything that is missing. Both sides are read whole; memory is the keys of what is missing. */
export const findIncidents = async (
  all: Sides,
  { without = [] }: IncidentOptions = {},
  onProgress?: DiffProgress,
): Promise<FoundIncidents> => {
  const { seen: sides, unseen } = narrowSides(all, without)
  const tables = [...sides.catalog.tables.values()].filter(({ refusal }) => refusal === null)
  const { missing, written } = await readMissing(sides, tables, onProgress)
  sides.parents.keep()
  const edges = await readMissingEdges(sides, missing)
  const barred = new Set(tables.filter(isBookkeeping).map(({ id }) => id))
  const trees = await growTrees(sides, { missing, edges, barred })
  const groups = await groupRoots(sides, { missing, written }, trees.roots)
  const grouped: Grouped = { missing, edges, trees, groups, groupOf: groupFinder(trees, groups) }
  const { incidents, leftOut } = await tellGroups(sides, grouped)
  const others = [
    ...[...missing.never].map(([table, rows]) => ({ kind: 'never', id: null, table, rows }) as const),
    ...unseen.map(leaveUnseen),
    ...(await findPartial(all, tables)),
    ...(await findRefused(sides)),
  ]
  const report: IncidentReport = {
    v: 1,
    incidents: incidents.toSorted((a, b) => b.rows - a.rows || (a.table < b.table ? -1 : a.table > b.table ? 1 : 0)),
    leftOut: [...leftOut, ...others].sort((a, b) => (b.rows ?? -1) - (a.rows ?? -1)),
    unseen: await countUnseen(sides, tables),
  }
  return { report, ...findById(grouped) }
}

const groupFinder = ({ roots, rootOf }: Trees, groups: readonly Group[]): Grouped['groupOf'] => {
  const groupOfRoot = new Int32Array(roots.length)
  for (const [position, group] of groups.entries()) for (const root of group.roots) groupOfRoot[root] = position
  return (row) => {
    const root = rootOf[row] ?? -1
    return root === -1 ? -1 : (groupOfRoot[root] ?? -1)
  }
}

/** Each group as an incident, or as rows that are none; with these, rows in no group. */
const tellGroups = async (
  sides: Sides,
  { missing, edges, trees, groups, groupOf }: Grouped,
): Promise<{ readonly incidents: readonly Incident[]; readonly leftOut: readonly LeftOutRows[] }> => {
  const { counts, rest } = countRows(missing, groups.length, groupOf)
  const survivors = await readSurvivorCounts(sides, trees.survivors, ({ relation, parent }) =>
    groupOf(missing.numberOf(relation.parent, parent) ?? -1),
  )
  const rootRows = new Set(trees.roots.flat())
  const ties = findTies(missing, edges, {
    ids: groups.map(({ named }) => named.id),
    incidentOf: groupOf,
    isRoot: (row) => rootRows.has(row),
    isNeeded: (row) => missing.wasMarked(row),
  })
  const incidents: Incident[] = []
  const leftOut: LeftOutRows[] = [...rest]
  for (const [position, { table, loss, roots, named }] of groups.entries()) {
    const tables = counts[position] ?? []
    const rows = tables.reduce((total, own) => total + own.rows, 0)
    const { id, label, condition, gathered } = named
    const deliberate = gathered === null ? null : findDeliberate(table, gathered, loss)
    if (deliberate !== null) {
      leftOut.push({ ...deliberate, id, table: table.id, rows })
      continue
    }
    incidents.push({
      kind: 'missing',
      id,
      table: table.id,
      label,
      ...(loss === 'marked' ? { mark: markOf(table) } : {}),
      rows,
      tables,
      survivors: survivors.get(position)?.counts ?? [],
      condition,
      when: survivors.get(position)?.when ?? null,
      roots: roots.length,
      ties: ties.get(id) ?? [],
    })
  }
  return { incidents, leftOut }
}

/** Finds the rows of an incident by its id. */
const findById = ({ missing, trees, groups, groupOf }: Grouped): Pick<FoundIncidents, 'choose' | 'rowsOf'> => ({
  choose: (id) => {
    const group = groups.find(({ named }) => named.id === id)
    return group === undefined
      ? null
      : chooseRoots(
          missing,
          group.roots.map((root) => trees.roots[root] ?? []),
        )
  },
  rowsOf: (id, table) => {
    const position = groups.findIndex(({ named }) => named.id === id)
    if (position === -1) return null
    const numbers = missing.keysOf(table).map((key) => missing.numberOf(table, key) ?? -1)
    const own = numbers.filter((row) => groupOf(row) === position)
    return new Map(own.map((row) => [missing.keyOf(row), missing.stateOf(row)]))
  },
})

const markOf = ({ backup, softDelete }: SharedTable): IncidentMark => ({
  column: softDelete ?? '',
  isFlag: columnOf(backup, softDelete ?? '')?.baseType === 'boolean',
})

/** The same sides without the tables named, and the ids of these. Throws `unknown-table`, or `not-restorable`. */
export const narrowSides = (
  sides: Sides,
  names: readonly string[],
): { readonly seen: Sides; readonly unseen: readonly string[] } => {
  const { catalog } = sides
  const unseen = new Set(names.map((name) => findTable(catalog, name).id))
  if (unseen.size === 0) return { seen: sides, unseen: [] }
  const tables = new Map([...catalog.tables].filter(([id]) => !unseen.has(id)))
  const relations = catalog.relations.filter(({ child, parent }) => !unseen.has(child) && !unseen.has(parent))
  return { seen: { ...sides, catalog: { ...catalog, tables, relations } }, unseen: [...unseen] }
}
