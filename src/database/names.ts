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
import type { QualifiedName } from './display.ts'
/** A piece of SQL with its parameters bound; every statement and fragment in rowgraft is one. */
export type Query = RawBuilder<unknown>

const withCompiler = (createQueryCompiler: () => PostgresQueryCompiler): Kysely<Record<string, never>> =>
  new Kysely({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler,
    },
  })

const compiler = withCompiler(() => new PostgresQueryCompiler())

class LiteralCompiler extends PostgresQueryCompiler {
  protected override appendValue(value: unknown): void {
    this.appendImmediateValue(value)
  }
}

const literalCompiler = withCompiler(() => new LiteralCompiler())

/** Compiles a query to text and parameters. */
export const compile = (query: Query): { readonly sql: string; readonly parameters: readonly unknown[] } =>
  query.compile(compiler)

/** Compiles a query for COPY, which takes no parameters: everything in it must be a literal. */
export const compileInline = (query: Query): string => {
  const { sql: text, parameters } = compile(query)
  if (parameters.length > 0) throw new Error('COPY takes no parameters')
  return text
}

/** Compiles a query to text with every parameter as a quoted literal, of the type its place gives it: for a script. */
export const compileLiteral = (query: Query): string => query.compile(literalCompiler).sql

/** An identifier, quoted. */
export const identifier = (name: string): Query => sql.id(name)

/** A column of a table alias: `"t"."slug"`. */
export const column = (alias: string, name: string): Query => sql.id(alias, name)

/** A schema-qualified table, quoted. */
export const tableReference = (table: QualifiedName): Query => sql.id(table.schema, table.name)

/** A string literal, quoted; for statements that take no parameters (COPY). */
export const literal = (value: string): Query => sql.lit(value)

/** The same as text: for SQL that is written out, to be run by others or in a body of code. */
export const quote = (text: string): string => `'${text.replaceAll("'", "''")}'`

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

const quoted = (value: string | null): string => (value === null ? 'NULL' : `"${value.replace(/[\\"]/g, '\\$&')}"`)

/** One column of values as the text of a PostgreSQL array: `{"a",NULL,"b\"c"}`. */
export const arrayText = (values: readonly (string | null)[]): string => {
  // Millions of keys that need no escape are put together without looking at each.
  const isPlain = values.length > 0 && !values.includes(null) && !/[\\"]/.test(values.join(''))
  return isPlain ? `{"${values.join('","')}"}` : `{${values.map(quoted).join(',')}}`
}
