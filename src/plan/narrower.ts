/** Columns of live that may not take what the backup holds: their type is another one, and not surely a wider one. Pure. */
import type { Column } from '../catalog/catalog.ts'
import type { SharedCatalog } from '../catalog/shared.ts'
import { isEdited } from '../catalog/source.ts'
import type { Plan, Step } from './plan.ts'

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
      .filter(({ live, backup }) => live.type !== backup.type && !surelyFits(backup, live))
      .map(({ name, live, backup }) => ({ table: id, column: name, live: live.type, backup: backup.type })),
  )
}
