/**
 * Incidents: thousands of missing rows are a few events.
 *
 *     missing rows -> roots -> what comes along with each -> roots of one table by the condition they share -> incidents
 *
 * What comes along is told by the edge-follower of closure, so that restoring an incident brings back what it counts. Rows that live has
 * marked as deleted, where a soft-delete column is configured, are missing rows with a mark.
 */
import { isBookkeeping } from '../../catalog/bookkeeping.ts'
import { columnOf } from '../../catalog/catalog.ts'
import type { SharedTable } from '../../catalog/shared.ts'
import type { DiffProgress } from '../../diff/diff.ts'
import type { Sides } from '../../diff/sides.ts'
import type { RowState } from '../../diff/states.ts'
import { whyNever } from '../never.ts'
import { rememberParents } from '../references.ts'
import type { ChosenRows } from '../resolve.ts'
import { countRows } from './counts.ts'
import { groupRoots } from './groups.ts'
import { findDeliberate, findPartial, findRefused, type LeftOutRows, leaveUnseen } from './left-out.ts'
import { readMissing, readMissingEdges } from './missing.ts'
import { narrowSides } from './narrow.ts'
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
  /** By what its roots are marked as deleted; absent where live lacks them. */
  readonly mark?: IncidentMark
  /** Missing rows, roots included, and rows that are marked as deleted. */
  readonly rows: number
  /** The same per table, most rows first. */
  readonly tables: readonly IncidentTable[]
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

/** A soft-delete column. */
export interface IncidentMark {
  readonly column: string
  /** It is a boolean, and true in rows that are marked. */
  readonly isFlag: boolean
}

/** The rows of one table that belong to an incident. */
export interface IncidentTable {
  readonly table: string
  readonly rows: number
  readonly isLink: boolean
  /** Of these rows, those that live has, marked as deleted; absent where there are none. */
  readonly marked?: number
}

export interface IncidentCondition {
  readonly sql: string
  /** Rows of the backup for which it holds and that are missing; of an incident with a mark, that are marked. */
  readonly hits: number
  /** Rows of the backup for which it holds; where a table has a soft-delete column, without those that were lost before, or otherwise. */
  readonly of: number
  /** All of them are missing, or marked. */
  readonly isExact: boolean
  /** Nothing else of the table is missing, or marked. */
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
  /** An incident's rows of one table by packed key; null for an id that means nothing. */
  readonly rowsOf: (id: string, table: string) => ReadonlyMap<string, RowState> | null
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
  const rows = {
    incidentOf: groupOf,
    isRoot: (row: number) => rootRows.has(row),
    isNeeded: (row: number) => missing.wasMarked(row),
  }
  const ties = findTies(missing, edges, rows, ids)
  const incidents: Incident[] = []
  const leftOut: LeftOutRows[] = [...rest]
  for (const [position, { table, loss, roots, named }] of groups.entries()) {
    const own = counts[position] ?? []
    const sum = own.reduce((total, { rows: count }) => total + count, 0)
    const { id, label, condition, gathered } = named
    const deliberate = gathered === null ? null : findDeliberate(table, gathered, loss)
    if (deliberate !== null) {
      leftOut.push({ kind: deliberate.kind, id, table: table.id, rows: sum, why: deliberate.why })
      continue
    }
    incidents.push({
      id,
      table: table.id,
      label,
      ...(loss === 'marked' ? { mark: markOf(table) } : {}),
      rows: sum,
      tables: own,
      survivors: survivors.get(position)?.counts ?? [],
      condition,
      when: survivors.get(position)?.when ?? null,
      roots: roots.length,
      ties: ties.get(id) ?? [],
    })
  }
  for (const [table, rows] of missing.never) leftOut.push({ kind: 'never', id: null, table, rows, why: whyNever })
  leftOut.push(...unseen.map(leaveUnseen), ...(await findPartial(all, tables)), ...(await findRefused(sides)))
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
  const rowsOf = (id: string, table: string): ReadonlyMap<string, RowState> | null => {
    const position = ids.indexOf(id)
    if (position === -1) return null
    const numbers = missing.keysOf(table).map((key) => missing.numberOf(table, key) ?? -1)
    const own = numbers.filter((row) => groupOf(row) === position)
    return new Map(own.map((row) => [missing.keyOf(row), missing.stateOf(row)]))
  }
  return { report, choose, rowsOf }
}

const markOf = ({ backup, softDelete }: SharedTable): IncidentMark => ({
  column: softDelete ?? '',
  isFlag: columnOf(backup, softDelete ?? '')?.baseType === 'boolean',
})
