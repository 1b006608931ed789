/** Steps that logical replication would not let through. Pure. */
import type { Catalog } from '../../catalog/catalog.ts'
import { type ErrorCode, RowgraftError } from '../../errors.ts'
import type { Plan } from '../plan.ts'
import type { Step } from '../step.ts'

/** What publishes updates or deletes of a table without a replica identity. */
const publicationOf = (catalog: Catalog, table: string, action: 'update' | 'delete'): string | null => {
  const found = catalog.tables.find(({ id }) => id === table)?.unpublishable ?? null
  return found?.[action] ? found.name : null
}

/** Throws where a step updates or deletes rows of a table that is published without a replica identity. */
export const refuseUnpublishable = (
  catalog: Catalog,
  steps: readonly Step[],
  code: Extract<ErrorCode, 'not-restorable' | 'undo-refused'>,
): void => {
  for (const { table, action } of steps) {
    const publication = action === 'insert' ? null : publicationOf(catalog, table, action)
    if (publication === null) continue
    const why = `publication "${publication}" publishes ${action}s of it, and it has no replica identity`
    throw new RowgraftError(code, `live does not let rows of "${table}" be ${action}d: ${why}`, {
      hint: `Give it one first, for example: alter table ${table} replica identity full;`,
    })
  }
}

/** Tables whose inserted rows no undo could delete as live is, with what publishes them. */
export const listNotUndoable = (catalog: Catalog, steps: readonly Step[]): Plan['notUndoable'] =>
  [...new Set(steps.filter(({ action }) => action === 'insert').map(({ table }) => table))].flatMap((table) => {
    const publication = publicationOf(catalog, table, 'delete')
    return publication === null ? [] : [{ table, publication }]
  })
