/** Looking for incidents without some tables: nothing of them is read, and no reference leads to them. Pure. */
import { findTable } from '../../catalog/shared.ts'
import { parseTableName } from '../../catalog/table-name.ts'
import type { Sides } from '../../diff/sides.ts'

/** The same sides without the tables named, and the ids of these. Throws `unknown-table`, or `not-restorable`. */
export const narrowSides = (
  sides: Sides,
  names: readonly string[],
): { readonly seen: Sides; readonly unseen: readonly string[] } => {
  const { catalog } = sides
  const unseen = new Set(names.map((name) => findTable(catalog, parseTableName(name)).id))
  if (unseen.size === 0) return { seen: sides, unseen: [] }
  const tables = new Map([...catalog.tables].filter(([id]) => !unseen.has(id)))
  const relations = catalog.relations.filter(({ child, parent }) => !unseen.has(child) && !unseen.has(parent))
  return { seen: { ...sides, catalog: { ...catalog, tables, relations } }, unseen: [...unseen] }
}
