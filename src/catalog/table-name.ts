/** Table names as psql takes them. Pure. */
import { displayTable, type QualifiedName } from '../database/display.ts'
import { RowgraftError } from '../errors.ts'

/** A table as typed: `photo`, `public.photo`, `"Odd Name"`. Throws `usage`. */
export const parseTableName = (text: string): { readonly schema?: string; readonly name: string } => {
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

/** The table that a typed name means among those of one side: of several the one in `public`. Throws `unknown-table` for several others. */
export const tableNamed = <T extends QualifiedName>(tables: readonly T[], typed: string): T | undefined => {
  const { schema, name } = parseTableName(typed)
  const matches = tables.filter((table) => table.name === name && (schema === undefined || table.schema === schema))
  const [only, ...others] = matches.length > 1 ? matches.filter((table) => table.schema === 'public') : matches
  if (matches.length > 1 && (only === undefined || others.length > 0)) {
    throw new RowgraftError('unknown-table', `the name "${typed}" fits several tables`, {
      hint: `Name the schema: ${matches.map(displayTable).join(' or ')}.`,
    })
  }
  return only
}
