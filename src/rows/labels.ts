/** What a person calls a row: the column that names it, and its value. */
import type { SharedTable } from '../catalog/shared.ts'
import { displayName } from '../database/display.ts'
import { readShown } from './by-key.ts'
import type { Sides } from './sides.ts'

export const labelNames =
  /^(title|name|full_?name|display_?name|user_?name|login|handle|label|subject|headline|slug|email|code|sku|reference)$/i

const order =
  'title name full_name fullname display_name displayname username user_name login handle label subject headline slug email code sku reference'.split(
    ' ',
  )

const textual = /^(text|character varying|character|name|(.*\.)?"?citext"?)$/

export const isText = (table: SharedTable, name: string): boolean =>
  table.columns.some((own) => own.name === name && textual.test(own.backup.baseType))

/** The column that names a row for people, if the table has one. */
export const labelColumn = (table: SharedTable): string | null => {
  const fitting = table.columns.map(({ name }) => name).filter((name) => labelNames.test(name) && isText(table, name))
  const rank = (name: string): number => order.indexOf(name.toLowerCase())
  const [best] = fitting.sort((a, b) => rank(a) - rank(b))
  return best ?? table.columns.find(({ name }) => /_(name|title)$/i.test(name) && isText(table, name))?.name ?? null
}

/** A table as a label names it: schema `public` goes without saying. */
export const labelTable = ({ schema, name }: SharedTable): string =>
  schema === 'public' ? displayName(name) : `${displayName(schema)}.${displayName(name)}`

const longest = 60

export const shorten = (text: string): string =>
  [...text].length <= longest ? text : `${[...text].slice(0, longest - 1).join('')}…`

/** What people call some rows of the backup, by packed key; rows without a name are absent. */
export const nameRows = async (
  sides: Sides,
  table: SharedTable,
  keys: readonly string[],
): Promise<ReadonlyMap<string, string>> => {
  const label = labelColumn(table)
  if (label === null || keys.length === 0) return new Map()
  const shown = await readShown(sides.backup, table, { keys, columns: [label] })
  return new Map([...shown].flatMap(([key, [name]]) => (name == null ? [] : [[key, shorten(name)] as const])))
}
