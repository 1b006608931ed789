/** References of the config file whose table depends on a column: Rails' polymorphic associations, and Django models with tables of other names. */
import { columnOf } from '../../catalog/catalog.ts'
import type { Condition, DeclaredKey } from '../../catalog/declared.ts'
import type { NamedRow, SharedCatalog, SharedTable } from '../../catalog/shared.ts'
import type { FollowedReference } from '../../catalog/typed-references.ts'
import type { PolymorphicRelation } from '../../config/config.ts'
import { displayName } from '../../database/display.ts'
import { shortName } from '../../sql/references.ts'
import { checkConfigColumns, namedTable, refuseConfig } from './names.ts'

const key = 'polymorphic'

/** The content types that a type column holds the ids of; null where it holds the types themselves. */
const namesOf = (
  catalog: SharedCatalog,
  table: SharedTable,
  typeColumn: string,
): ReadonlyMap<string, NamedRow> | null => {
  const relation = catalog.relations.find(
    ({ child, columns }) => child === table.id && columns.length === 1 && columns[0] === typeColumn,
  )
  return relation === undefined ? null : (catalog.named.get(relation.parent) ?? null)
}

/** The column that says of what a row is, and the content types that it holds the ids of. */
interface TypeColumn {
  readonly table: SharedTable
  readonly typeColumn: string
  readonly names: ReadonlyMap<string, NamedRow> | null
}

const conditionOf = ({ table, typeColumn, names }: TypeColumn, type: string): Condition => {
  if (names === null) {
    const labels = columnOf(table.backup, typeColumn)?.enumLabels
    if (labels && !labels.includes(type)) {
      throw refuseConfig(
        `"${key}": "${typeColumn}" of "${table.id}" has no label "${type}"`,
        `Its labels are ${labels.join(', ')}.`,
      )
    }
    return { by: 'value', column: typeColumn, backup: type, live: type }
  }
  const [id, row] = [...names].find(([, { name }]) => name === type) ?? []
  if (id === undefined || row === undefined) {
    throw refuseConfig(
      `"${key}": the backup has no content type "${type}"`,
      'A content type is named as app_label.model.',
    )
  }
  return { by: 'value', column: typeColumn, backup: id, live: row.live }
}

/** Relations of the `polymorphic` key, one per type. `catalog` knows content types. Throws for what is not there. */
export const readPolymorphic = (
  catalog: SharedCatalog,
  references: readonly PolymorphicRelation[],
): { readonly relations: readonly DeclaredKey[]; readonly references: readonly FollowedReference[] } => {
  const relations: DeclaredKey[] = []
  const followed: FollowedReference[] = []
  for (const { from, typeColumn, idColumn, types } of references) {
    const table = namedTable(catalog, from, key)
    checkConfigColumns(table, [typeColumn, idColumn], key)
    const names = namesOf(catalog, table, typeColumn)
    const texts: string[] = []
    for (const [type, to] of Object.entries(types)) {
      const parent = namedTable(catalog, to, key)
      if (parent.primaryKey.length !== 1) {
        throw refuseConfig(
          `"${key}" refers from "${table.id}" to "${parent.id}", whose primary key has ${parent.primaryKey.length} columns`,
          'Only a key of one column can be referred to.',
        )
      }
      const condition = conditionOf({ table, typeColumn, names }, type)
      if (condition.by === 'value') texts.push(condition.backup)
      relations.push({
        name: `${displayName(idColumn)} -> ${shortName(parent)} (${type})`,
        child: table.id,
        columns: [idColumn],
        parent: parent.id,
        parentColumns: parent.primaryKey,
        onDelete: 'cascade',
        condition,
      })
    }
    const labels = names === null ? {} : Object.fromEntries([...names].map(([id, { name }]) => [id, name]))
    followed.push({ table: table.id, typeColumn, idColumn, followed: texts, names: labels })
  }
  return { relations, references: followed }
}

/** What the config file says of a pair of columns, or of one type of it, goes before what Django's conventions say. */
export const joinTyped = (
  said: { readonly relations: readonly DeclaredKey[]; readonly references: readonly FollowedReference[] },
  found: { readonly relations: readonly DeclaredKey[]; readonly references: readonly FollowedReference[] },
): { readonly relations: readonly DeclaredKey[]; readonly references: readonly FollowedReference[] } => {
  const typeOf = ({ child, columns, condition }: DeclaredKey): string =>
    JSON.stringify([child, columns, condition?.by === 'value' ? condition.backup : null])
  const saidTypes = new Set(said.relations.map(typeOf))
  const isSame = (a: FollowedReference, b: FollowedReference): boolean =>
    a.table === b.table && a.typeColumn === b.typeColumn && a.idColumn === b.idColumn
  return {
    relations: [...said.relations, ...found.relations.filter((relation) => !saidTypes.has(typeOf(relation)))],
    references: [
      ...said.references.map((own) => {
        const others = found.references.filter((other) => isSame(own, other)).flatMap(({ followed }) => followed)
        return { ...own, followed: [...new Set([...own.followed, ...others])] }
      }),
      ...found.references.filter((other) => !said.references.some((own) => isSame(own, other))),
    ],
  }
}
