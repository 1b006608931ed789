/** What drift between the sides does to a plan: defaults taken, other names read, names worth a word. Pure. */
import { type Catalog, columnOf } from '../catalog/catalog.ts'
import type { SharedCatalog, SharedTable } from '../catalog/shared.ts'
import { RowgraftError } from '../errors.ts'
import { canonical } from './canonical.ts'
import type { Plan, Step } from './plan.ts'

const insertedTables = (catalog: SharedCatalog, steps: readonly Step[]): readonly SharedTable[] => {
  const ids = new Set(steps.filter(({ action }) => action === 'insert').map(({ table }) => table))
  return [...ids].flatMap((id) => catalog.tables.get(id) ?? [])
}

/** Columns only live has, in the tables inserted into. */
export const takenDefaults = (catalog: SharedCatalog, steps: readonly Step[]): Plan['defaults'] =>
  insertedTables(catalog, steps).flatMap(({ id, live, drift }) =>
    drift
      .filter(({ kind }) => kind === 'only in live')
      .map(({ column }) => ({ table: id, column, value: columnOf(live, column)?.default ?? 'NULL' })),
  )

/** Columns that look renamed, in the tables inserted into. */
export const renameHints = (catalog: SharedCatalog, steps: readonly Step[]): Plan['hints'] =>
  insertedTables(catalog, steps).flatMap(({ id, drift }) =>
    drift.filter(({ kind }) => kind === 'looks renamed').map(({ text }) => `${id}: ${text}`),
  )

/** The sources of the tables that are not read from the backup as their names say. */
export const usedSources = (backup: Catalog, ids: readonly string[]): Plan['sources'] =>
  Object.fromEntries(
    ids.flatMap((id) => {
      const source = backup.tables.find((table) => table.id === id)?.source
      return source === undefined ? [] : [[id, source]]
    }),
  )

/** Throws `plan-stale` where the backup's tables would be read otherwise than when the plan was made. */
export const refuseOtherSources = (plan: Plan, backup: Catalog): void => {
  const now = usedSources(backup, Object.keys(plan.fingerprints))
  const id = Object.keys(plan.fingerprints).find((one) => canonical(plan.sources[one]) !== canonical(now[one]))
  if (id === undefined) return
  throw new RowgraftError('plan-stale', `"${id}" is read from the backup otherwise than when the plan was made`, {
    detail: 'The config file maps other names now, or transforms other tables.',
    hint: 'Run it with the same config file, or make the plan again.',
  })
}
