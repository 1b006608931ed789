/** What is said of tables that refer to one another by name alone, where incidents may be parts of one. */
import type { LikelyReference } from '../../catalog/conventions/likely-references.ts'
import type { IncidentReport } from '../../selection/incidents/report.ts'
import { formatTable } from '../names.ts'
import { plural } from '../quantities.ts'

/**
 * How many tables refer to which one by the names of their columns, as far as both have missing rows: one of several incidents may be a
 * part of another. Null where that cannot be.
 */
export const formatLikely = ({ incidents }: IncidentReport, likely: readonly LikelyReference[]): string | null => {
  if (incidents.length < 2) return null
  const missing = new Set(incidents.flatMap(({ tables }) => tables.map(({ table }) => table)))
  const told = likely.filter(({ child, parent }) => child !== parent && missing.has(child) && missing.has(parent))
  const parents = [...Map.groupBy(told, ({ parent }) => parent)].map(([parent, own]) => ({
    parent,
    children: new Set(own.map(({ child }) => child)).size,
  }))
  const [most, ...more] = parents.sort((a, b) => b.children - a.children)
  if (most === undefined) return null
  const others = more.length === 0 ? '' : `, and others to ${plural(more.length, 'table')} more`
  return `${plural(most.children, 'table')} ${most.children === 1 ? 'refers' : 'refer'} to ${formatTable(most.parent)}${others} by name alone: no constraint says so`
}
