/** Both sides as if the backup held what the user gives, with the transforms of the tables they share. Pure. */
import { type Edits, editCatalog, resolveEdits } from '../catalog/edits.ts'
import type { SharedCatalog } from '../catalog/shared.ts'
import type { Transform } from '../config/config.ts'
import { bindTransforms, type Transforms, transformedTables } from './transform.ts'

/** Transforms by table, as the config file names them. */
export type GivenTransforms = Readonly<Record<string, Transform>> | undefined

export interface Edited {
  readonly catalog: SharedCatalog
  readonly transforms: Transforms
}

/** Throws `unknown-table`, `unknown-column` or `usage` for what cannot be given. */
export const withEdits = (catalog: SharedCatalog, given: GivenTransforms, edits: Partial<Edits>): Edited => {
  const transformed = [...transformedTables(catalog.live.tables, given ?? {}).keys()]
  const edited = editCatalog(catalog, resolveEdits(catalog, { set: [], mapEnum: [], ...edits, transformed }))
  return { catalog: edited, transforms: bindTransforms(edited, given ?? {}) }
}
