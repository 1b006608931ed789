/**
 * The only door through which an identifier or a literal enters SQL.
 *
 * Kysely builds and quotes; `session.ts` executes. Kysely's string identifiers misparse real table names (`a.b`, `x as y`), so
 * user identifiers are only ever given as `sql.id` parts, and never as text.
 */
import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type RawBuilder,
  sql,
} from 'kysely'

/** A piece of SQL with its parameters bound; every statement and fragment in rowgraft is one. */
export type Query = RawBuilder<unknown>

/** A schema-qualified name, exactly as the catalog stores it (not quoted, not folded). */
export interface QualifiedName {
  readonly schema: string
  readonly name: string
}

const compiler = new Kysely<Record<string, never>>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
})

/** Compiles a query to text and parameters. */
export const compile = (query: Query): { readonly sql: string; readonly parameters: readonly unknown[] } =>
  query.compile(compiler)

/** An identifier, quoted. */
export const identifier = (name: string): Query => sql.id(name)

/** A column of a table alias: `"t"."slug"`. */
export const column = (alias: string, name: string): Query => sql.id(alias, name)

/** A schema-qualified table, quoted. */
export const tableReference = (table: QualifiedName): Query => sql.id(table.schema, table.name)

/** A string literal, quoted; for statements that take no parameters (COPY). */
export const literal = (value: string): Query => sql.lit(value)

/** Text that is SQL already: expressions and type names the server itself printed (`pg_get_expr`, `format_type`). */
export const serverText = (text: string): Query => sql.raw(text)

/** Joins fragments with commas, or with the separator given. */
export const list = (parts: readonly Query[], separator = ', '): Query => sql.join([...parts], sql.raw(separator))

/** Joins conditions with `and`; no condition is `true`. */
export const all = (conditions: readonly Query[]): Query =>
  conditions.length === 0 ? sql`true` : sql`(${list(conditions, ' and ')})`

/** Joins conditions with `or`; no condition is `false`. */
export const any = (conditions: readonly Query[]): Query =>
  conditions.length === 0 ? sql`false` : sql`(${list(conditions, ' or ')})`

/** One column of values as the text of a PostgreSQL array: `{"a",NULL,"b\"c"}`. */
export const arrayText = (values: readonly (string | null)[]): string =>
  `{${values.map((value) => (value === null ? 'NULL' : `"${value.replace(/[\\"]/g, '\\$&')}"`)).join(',')}}`

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

/** An identifier that stands alone, without its schema or table: reserved words are quoted as well. For people. */
export const displayAlone = (name: string): string => (reserved.has(name) ? `"${name}"` : displayName(name))
