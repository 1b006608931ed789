/** What the role lacks for a plan, as the GRANT statements that would give it. Pure. */
import { type Catalog, columnOf, type Table } from '../../catalog/catalog.ts'
import { isReadable } from '../../catalog/drift.ts'
import { displayAlone, displayTable } from '../../database/display.ts'
import { RowgraftError } from '../../errors.ts'
import type { PlanUse } from '../step.ts'

/** Rows can be locked by who may update some column of theirs. */
const canLock = (table: Table): boolean => table.canUpdate || table.columns.some(({ canUpdate }) => canUpdate)

/** Every missing privilege on live, one GRANT each; empty when the plan may be run. */
export const missingGrants = (live: Catalog, { steps, sequences, standIns }: PlanUse): readonly string[] => {
  const role = displayAlone(live.user)
  const grants: string[] = []
  if (!live.canStage) grants.push(`grant temporary on database ${displayAlone(live.database)} to ${role};`)
  for (const step of steps) {
    const table = live.tables.find(({ id }) => id === step.table)
    if (table === undefined) continue
    const lacking = (may: 'canInsert' | 'canUpdate'): readonly string[] =>
      table[may] ? [] : step.columns.filter((name) => columnOf(table, name)?.[may] === false)
    // Rows are staged whole, as the types live has.
    for (const { typeGrant } of table.columns) if (typeGrant !== null) grants.push(`grant ${typeGrant} to ${role};`)
    if (step.action === 'insert' && lacking('canInsert').length > 0) {
      grants.push(`grant insert on ${table.id} to ${role};`)
    }
    if (step.action === 'update' && lacking('canUpdate').length > 0) {
      grants.push(`grant update (${lacking('canUpdate').map(displayAlone).join(', ')}) on ${table.id} to ${role};`)
    }
    if (step.action === 'delete' && !table.canDelete) grants.push(`grant delete on ${table.id} to ${role};`)
    if (step.action !== 'delete') continue
    // Whoever refers to a row that is to be deleted is looked for: the server would delete it too, or empty its reference.
    for (const child of live.tables.filter((each) => each.foreignKeys.some(({ parent }) => parent === table.id))) {
      if (!isReadable(child)) grants.push(`grant select on ${child.id} to ${role};`)
    }
  }
  // Rows are locked before they are deleted or stand in for others.
  const locked = new Set([...steps.filter(({ action }) => action === 'delete'), ...standIns].map(({ table }) => table))
  for (const table of live.tables) {
    if (locked.has(table.id) && !canLock(table)) grants.push(`grant update on ${table.id} to ${role};`)
  }
  for (const { table, column, sequence: name } of sequences) {
    const counted = live.tables.find(({ id }) => id === table)
    if (name === null && counted !== undefined && !counted.canUpdate && !counted.canDelete) {
      grants.push(`grant update on ${table} to ${role};`)
    }
    const sequence = columnOf(live.tables.find(({ id }) => id === table) ?? { columns: [] }, column)?.sequence
    if (sequence && !sequence.canUse) {
      grants.push(`grant usage, select on sequence ${displayTable(sequence)} to ${role};`)
    }
  }
  return [...new Set(grants)]
}

/** Throws `missing-privileges` with every GRANT that a plan lacks. */
export const refuseMissing = (live: Catalog, use: PlanUse): void => {
  const grants = use.steps.length === 0 ? [] : missingGrants(live, use)
  if (grants.length === 0) return
  throw new RowgraftError('missing-privileges', `role "${live.user}" may not do this on live`, {
    detail: grants.join('\n'),
    hint: 'Have these granted, or connect with a role that has them.',
  })
}
