/** What a person calls a row: its title, name or slug, and its key. */
import { sql } from 'kysely'
import type { SharedTable } from '../../catalog/shared.ts'
import { all, column, list } from '../../database/names.ts'
import { displayKey, packKey, unpackKey } from '../../keys/key.ts'
import { readShown } from '../../rows/by-key.ts'
import { isText, labelColumn, labelNames, labelTable, shorten } from '../../rows/labels.ts'
import type { Sides } from '../../rows/sides.ts'
import { fromTable, typeOf } from '../../sql/rows.ts'
import type { RowCondition } from './conditions/condition.ts'
import { writeEqual } from './conditions/writing.ts'

/** A column that alone tells rows apart and reads well: a slug, an e-mail address. */
const naturalKey = (table: SharedTable): string | null => {
  const single = table.live.uniques.filter(
    ({ kind, columns, predicate }) => kind === 'unique' && columns.length === 1 && predicate === null,
  )
  return single.flatMap(({ columns }) => columns).find((name) => labelNames.test(name) && isText(table, name)) ?? null
}

const writeLabel = (table: SharedTable, key: string, name: string | null): string =>
  name === null || name.trim() === '' || name === key
    ? `${labelTable(table)} ${displayKey(key)}`
    : `${labelTable(table)} "${shorten(name)}" (${displayKey(key)})`

/** One root on its own. */
export interface Single {
  /** `photographer "Ida Lind" (41)` */
  readonly label: string
  /** The condition that names it, and nothing else: `slug = 'pets'`. */
  readonly sql: string
}

/** Labels of rows of one table of the backup, by packed key. */
export const labelRows = async (
  sides: Sides,
  table: SharedTable,
  keys: readonly string[],
): Promise<ReadonlyMap<string, Single>> => {
  const [label, natural] = [labelColumn(table), naturalKey(table)]
  const show = [label, natural].map((name) => (name === null ? sql`null` : column('t', name)))
  return new Map(
    [...(await readShown(sides.backup, table, { keys, show }))].map(([key, [name = null, unique = null]]) => {
      const condition =
        natural === null || unique === null
          ? writeEqual(table, table.identity, unpackKey(key))
          : writeEqual(table, [natural], [unique])
      return [key, { label: writeLabel(table, key, name), sql: condition }]
    }),
  )
}

/** The row that all rows behind a condition refer to, if the backup has it, and its table is looked at. */
export const labelParent = async (
  sides: Sides,
  parent: NonNullable<RowCondition['parent']>,
): Promise<string | null> => {
  const { relation, values } = parent
  const table = sides.catalog.tables.get(relation.parent)
  if (table === undefined) return null
  const matches = relation.parentColumns.map((name, position) =>
    relation.compared[position] === 'value'
      ? sql`${column('t', name)} = ${values[position] ?? ''}::${typeOf(table.backup, name)}`
      : sql`${column('t', name)}::text = ${values[position] ?? ''}`,
  )
  const [row] =
    table.identity.length === 0
      ? []
      : await sides.backup.rows(sql`
          select ${list(table.identity.map((name) => sql`${column('t', name)}::text`))}
          from ${fromTable(table.backup)} as t
          where ${all(matches)}`)
  if (row === undefined) return null
  const key = packKey(row)
  return (await labelRows(sides, table, [key])).get(key)?.label ?? null
}
