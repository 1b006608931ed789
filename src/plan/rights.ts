/** What the role lacks for a plan, as the GRANT statements that would give it. Pure. */
import { type Catalog, columnOf } from '../catalog/catalog.ts'
import { displayName, displayTable } from '../database/names.ts'
import type { PlanSequence, Step } from './plan.ts'

/** Every missing privilege on live, one GRANT each; empty when the plan may be run. */
export const missingGrants = (
  live: Catalog,
  steps: readonly Step[],
  sequences: readonly PlanSequence[],
): readonly string[] => {
  const role = displayName(live.user)
  const grants: string[] = []
  if (!live.canStage) grants.push(`grant temporary on database ${displayName(live.database)} to ${role};`)
  for (const step of steps) {
    const table = live.tables.find(({ id }) => id === step.table)
    if (table === undefined) continue
    const lacking = (may: 'canInsert' | 'canUpdate'): readonly string[] =>
      table[may] ? [] : step.columns.filter((name) => columnOf(table, name)?.[may] === false)
    if (step.action === 'insert' && lacking('canInsert').length > 0) {
      grants.push(`grant insert on ${table.id} to ${role};`)
    }
    if (step.action === 'update' && lacking('canUpdate').length > 0) {
      grants.push(`grant update (${lacking('canUpdate').map(displayName).join(', ')}) on ${table.id} to ${role};`)
    }
    if (step.action === 'delete' && !table.canDelete) grants.push(`grant delete on ${table.id} to ${role};`)
    // Rows are locked before they are deleted, which needs UPDATE on some column.
    if (step.action === 'delete' && !table.canUpdate && !table.columns.some(({ canUpdate }) => canUpdate)) {
      grants.push(`grant update on ${table.id} to ${role};`)
    }
  }
  for (const { table, column, sequence: name } of sequences) {
    const locked = live.tables.find(({ id }) => id === table)
    if (name === null && locked !== undefined && !locked.canUpdate && !locked.canDelete) {
      grants.push(`grant update on ${table} to ${role};`)
    }
    const sequence = columnOf(live.tables.find(({ id }) => id === table) ?? { columns: [] }, column)?.sequence
    if (sequence && !sequence.canUse) {
      grants.push(`grant usage, select on sequence ${displayTable(sequence)} to ${role};`)
    }
  }
  return [...new Set(grants)]
}
