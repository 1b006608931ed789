/** What drift between the sides does to a plan: defaults taken, other names read, names worth a note. Pure. */
import { type Catalog, type Column, columnOf, isEdited } from '../../catalog/catalog.ts'
import { isSameType } from '../../catalog/drift.ts'
import type { SharedCatalog, SharedTable } from '../../catalog/shared.ts'
import { RowgraftError } from '../../errors.ts'
import type { Plan } from '../plan.ts'
import { canonical } from '../plan.ts'
import type { Step } from '../step.ts'
import type { Note } from './note.ts'

const insertedTables = (catalog: SharedCatalog, steps: readonly Step[]): readonly SharedTable[] => {
  const ids = new Set(steps.filter(({ action }) => action === 'insert').map(({ table }) => table))
  return [...ids].flatMap((id) => catalog.tables.get(id) ?? [])
}

/** Columns only live has, in the tables inserted into. */
export const takenDefaults = (catalog: SharedCatalog, steps: readonly Step[]): Plan['defaults'] =>
  insertedTables(catalog, steps).flatMap(({ id, live, drift }) =>
    drift
      .filter((own) => own.kind === 'only in live')
      .map(({ column }) => ({ table: id, column, value: columnOf(live, column)?.default ?? 'NULL' })),
  )

/** Columns that look renamed, in the tables inserted into. */
export const likelyRenamed = (catalog: SharedCatalog, steps: readonly Step[]): readonly Note[] =>
  insertedTables(catalog, steps).flatMap(({ drift }) => drift.filter((own) => own.kind === 'looks renamed'))

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

/** The numbers of `numeric(8,2)` or `character varying(10)`; null where the type has none. */
const modifier = (type: string): readonly number[] | null => {
  const [, numbers] = /\(([\d,-]+)\)/.exec(type) ?? []
  return numbers === undefined ? null : numbers.split(',').map(Number)
}

/** True where every value of the backup's type surely fits; both have the same base type, or live's is wider. */
const surelyFits = (backup: Column, live: Column): boolean => {
  if (live.typeKind === 'enum' || (backup.typeKind === 'enum' && modifier(live.type) === null)) return !live.isDomain
  if (live.isDomain) return false
  const [theirs, mine] = [modifier(backup.type), modifier(live.type)]
  if (mine === null) return true
  if (theirs === null || backup.baseType !== live.baseType || backup.isDomain) return false
  const [width = 0, scale = 0] = theirs
  const [room = 0, digits = 0] = mine
  return digits >= scale && room - digits >= width - scale
}

const isEditedIn = (catalog: SharedCatalog, id: string, name: string): boolean => {
  const table = catalog.tables.get(id)
  return table !== undefined && isEdited(table.backup, name)
}

/** Those columns of the tables inserted into. */
export const findNarrower = (catalog: SharedCatalog, steps: readonly Step[]): Plan['narrower'] => {
  const inserted = new Set(steps.filter(({ action }) => action === 'insert').map(({ table }) => table))
  return [...inserted].flatMap((id) =>
    (catalog.tables.get(id)?.columns ?? [])
      .filter(({ name }) => !isEditedIn(catalog, id, name))
      .filter(({ live, backup }) => !isSameType(backup, live) && !surelyFits(backup, live))
      .map(({ name, live, backup }) => ({ table: id, column: name, live: live.type, backup: backup.type })),
  )
}
