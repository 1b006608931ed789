/** Table names as psql takes them, and names of types as the server prints them. Pure. */
import { displayTable, type QualifiedName } from '../database/display.ts'
import { RowgraftError } from '../errors.ts'

/** What a table is called, by whoever may leave its schema out. */
export interface TableName {
  readonly schema?: string
  readonly name: string
}

/** A table as typed: `photo`, `public.photo`, `"Odd Name"`. Throws `usage`. */
export const parseTableName = (text: string): TableName => {
  const parts: string[] = []
  let rest = text.trim()
  for (;;) {
    const match = /^(?:"((?:[^"]|"")+)"|([^\s".]+))(\.|$)/u.exec(rest)
    if (match === null) {
      throw new RowgraftError('usage', `"${text}" is not a table name`, {
        hint: 'Write it as psql takes it: photo, public.photo or "Odd Name".',
      })
    }
    parts.push(match[1]?.replaceAll('""', '"') ?? (match[2] ?? '').toLowerCase())
    if (match[3] !== '.') break
    rest = rest.slice(match[0].length)
  }
  const [first, second] = parts
  if (first === undefined || parts.length > 2) {
    throw new RowgraftError('usage', `"${text}" is not a table name`, {
      hint: 'Write schema.table, with each part quoted if it has dots or upper case in it.',
    })
  }
  return second === undefined ? { name: first } : { schema: first, name: second }
}

/** True where a name can mean the table. */
export const isCalled = ({ schema, name }: TableName, table: QualifiedName): boolean =>
  table.name === name && (schema === undefined || table.schema === schema)

/** The table that a name, typed or parsed, means among some: of several the one in `public`. Throws `unknown-table` for several others. */
export const tableNamed = <T extends QualifiedName>(
  tables: readonly T[],
  wanted: string | TableName,
): T | undefined => {
  const name = typeof wanted === 'string' ? parseTableName(wanted) : wanted
  const matches = tables.filter((table) => isCalled(name, table))
  const [only] = matches.length > 1 ? matches.filter(({ schema }) => schema === 'public') : matches
  if (only !== undefined || matches.length === 0) return only
  throw new RowgraftError(
    'unknown-table',
    `the name "${typeof wanted === 'string' ? wanted : wanted.name}" fits several tables`,
    { hint: `Name the schema: ${matches.map(displayTable).join(' or ')}.` },
  )
}

/** The schema and the rest of a type's name as the server prints it under an empty search_path. */
const qualified = /^("(?:[^"]|"")*"|[^".\s]+)\.(.*)$/s

/** The schema of a type; null for one of the server's own. */
export const schemaOf = (type: string): string | null => {
  const [, schema] = qualified.exec(type) ?? []
  return schema === undefined ? null : schema.replace(/^"(.*)"$/s, '$1').replaceAll('""', '"')
}

/** `citext` for `extensions.citext`. */
export const withoutSchema = (type: string): string => qualified.exec(type)?.[2] ?? type
