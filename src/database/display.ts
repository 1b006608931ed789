/** Identifiers as people read and type them. Never for SQL: names enter that through names.ts alone. */

/** A schema-qualified name, exactly as the catalog stores it (not quoted, not folded). */
export interface QualifiedName {
  readonly schema: string
  readonly name: string
}

/** A word as a shell takes it: in single quotes where it must be. For commands that people are told to type. */
export const shellWord = (word: string): string =>
  /^[\w.,:/=@+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`

const plainName = /^[a-z_][a-z0-9_$]*$/

/** An identifier as psql would take it: bare where that is possible, else quoted. For people, never for SQL. */
export const displayName = (name: string): string => (plainName.test(name) ? name : `"${name.replaceAll('"', '""')}"`)

/** `schema.table` as psql would take it. Also the id of a table everywhere in plans and JSON. */
export const displayTable = (table: QualifiedName): string => `${displayName(table.schema)}.${displayName(table.name)}`

/** Reserved words: they can be names of tables and columns only in quotes, or behind a dot. */
const reserved = new Set(
  `all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate collation column
  concurrently constraint create cross current_catalog current_date current_role current_schema current_time
  current_timestamp current_user default deferrable desc distinct do else end except false fetch for foreign freeze from full
  grant group having ilike in initially inner intersect into is isnull join lateral leading left like limit localtime
  localtimestamp natural not notnull null offset on only or order outer overlaps placing primary references returning right
  select session_user similar some symmetric system_user table tablesample then to trailing true union unique user using
  variadic verbose when where window with`.split(/\s+/),
)

export const isReserved = (name: string): boolean => reserved.has(name)

/** An identifier that stands alone, without its schema or table: reserved words are quoted as well. For people. */
export const displayAlone = (name: string): string => (isReserved(name) ? `"${name}"` : displayName(name))
