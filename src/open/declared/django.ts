/**
 * Django's own tables: content types and permissions are recognised by their names, whatever their ids are on either side, and generic
 * foreign keys are followed to the table that Django gives a model by default.
 */
import { sql } from 'kysely'
import { columnOf } from '../../catalog/catalog.ts'
import { isBookkeeping } from '../../catalog/conventions/bookkeeping.ts'
import type { DeclaredKey } from '../../catalog/declared.ts'
import type { NamedRow, SharedCatalog, SharedTable } from '../../catalog/shared.ts'
import { type FollowedReference, findGenericKeys } from '../../catalog/typed-references.ts'
import { displayName } from '../../database/display.ts'
import { column } from '../../database/names.ts'
import type { Reader } from '../../database/session/reader.ts'
import { shortName } from '../../sql/references.ts'
import { fromTable } from '../../sql/rows.ts'
import type { Snapshots } from './names.ts'

/** Rows by their names: `photos.photo`, or `photos.photo.add_photo`. */
type Named = ReadonlyMap<string, string>

const has = (table: SharedTable, columns: readonly string[]): boolean =>
  table.hidden === null &&
  [table.live, table.backup].every((side) => columns.every((name) => columnOf(side, name) !== undefined))

/** The tables of content types, one per schema. */
export const findContentTypes = (catalog: SharedCatalog): readonly SharedTable[] =>
  [...catalog.tables.values()].filter(
    (table) => table.name === 'django_content_type' && has(table, ['id', 'app_label', 'model']),
  )

const readContentTypes = async (reader: Reader, table: SharedTable): Promise<Named> => {
  const rows = await reader.rows(sql`
    select t.app_label || '.' || t.model, t.id::text from ${fromTable(table[reader.side])} as t`)
  return new Map(rows.map(([name, id]) => [name ?? '', id ?? '']))
}

const readPermissions = async (reader: Reader, table: SharedTable, types: SharedTable): Promise<Named> => {
  const rows = await reader.rows(sql`
    select c.app_label || '.' || c.model || '.' || t.codename, t.id::text
    from ${fromTable(table[reader.side])} as t
    join ${fromTable(types[reader.side])} as c on c.id = t.content_type_id`)
  return new Map(rows.map(([name, id]) => [name ?? '', id ?? '']))
}

/** Backup rows whose id live gives to another name, or does not have; by id. */
const compareNames = (live: Named, backup: Named): ReadonlyMap<string, NamedRow> =>
  new Map([...backup].map(([name, id]) => [id, { name, live: live.get(name) ?? null }] as const))

/** Content types and permissions of the backup by id, with what live calls the same. */
export const readNamedRows = async (
  sides: Snapshots,
  catalog: SharedCatalog,
): Promise<ReadonlyMap<string, ReadonlyMap<string, NamedRow>>> => {
  const found = new Map<string, ReadonlyMap<string, NamedRow>>()
  for (const types of findContentTypes(catalog)) {
    found.set(
      types.id,
      compareNames(await readContentTypes(sides.live, types), await readContentTypes(sides.backup, types)),
    )
    const permissions = [...catalog.tables.values()].find(
      (table) => table.name === 'auth_permission' && table.schema === types.schema,
    )
    if (permissions === undefined || !has(permissions, ['id', 'content_type_id', 'codename'])) continue
    const [live, backup] = [
      await readPermissions(sides.live, permissions, types),
      await readPermissions(sides.backup, permissions, types),
    ]
    found.set(permissions.id, compareNames(live, backup))
  }
  return found
}

/** The table that Django gives a model where nobody says otherwise. */
const tableOfModel = (catalog: SharedCatalog, types: SharedTable, model: string): SharedTable | null => {
  const name = model.replace('.', '_')
  const found = [...catalog.tables.values()].filter((table) => table.name === name)
  return found.find(({ schema }) => schema === types.schema) ?? (found.length === 1 ? (found[0] ?? null) : null)
}

/** Content types that rows of the backup refer to. */
const readUsed = async (
  reader: Reader,
  types: SharedTable,
  { table, typeColumn }: { readonly table: SharedTable; readonly typeColumn: string },
): Promise<readonly string[]> => {
  const rows = await reader.rows(sql`
    select c.id::text from ${fromTable(types.backup)} as c
    where exists (select from ${fromTable(table.backup)} as t where ${column('t', typeColumn)} = c.id)
    order by c.id`)
  return rows.map(([id]) => id ?? '')
}

/** Generic foreign keys, one relation per model that is in use; and which of their types are followed. */
export const readGenericKeys = async (
  sides: Snapshots,
  catalog: SharedCatalog,
  named: ReadonlyMap<string, ReadonlyMap<string, NamedRow>>,
): Promise<{ readonly relations: readonly DeclaredKey[]; readonly references: readonly FollowedReference[] }> => {
  const relations: DeclaredKey[] = []
  const references: FollowedReference[] = []
  for (const types of findContentTypes(catalog)) {
    const names = named.get(types.id) ?? new Map<string, NamedRow>()
    for (const table of catalog.tables.values()) {
      if (table.hidden !== null || isBookkeeping(table)) continue
      for (const pair of findGenericKeys(table, types.id, catalog.relations)) {
        const followed: string[] = []
        for (const id of await readUsed(sides.backup, types, { table, typeColumn: pair.typeColumn })) {
          const model = names.get(id)
          const parent = model === undefined ? null : tableOfModel(catalog, types, model.name)
          if (model === undefined || parent === null || parent.primaryKey.length !== 1) continue
          followed.push(id)
          relations.push({
            name: `${displayName(pair.idColumn)} -> ${shortName(parent)} (generic)`,
            child: table.id,
            columns: [pair.idColumn],
            parent: parent.id,
            parentColumns: parent.primaryKey,
            onDelete: 'cascade',
            condition: { by: 'value', column: pair.typeColumn, backup: id, live: model.live },
          })
        }
        references.push({
          ...pair,
          followed,
          names: Object.fromEntries([...names].map(([id, { name }]) => [id, name])),
        })
      }
    }
  }
  return { relations, references }
}
