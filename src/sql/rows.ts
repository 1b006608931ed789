/**
 * Rows by key in SQL: a list of keys becomes a row source `k` with one typed column per key column and an ordinal, joined to its
 * table. Keys travel as arrays of the server's own text, so that no number of them exceeds the protocol's parameter limit.
 *
 * Nothing here asks a server: in come tables, columns and keys, out goes SQL.
 */
import { sql } from 'kysely'
import type { Table } from '../catalog/catalog.ts'
import { type Column, type ColumnSource, columnOf, type TableSource } from '../catalog/catalog.ts'
import type { QualifiedName } from '../database/display.ts'
import {
  all,
  arrayText,
  column,
  identifier,
  list,
  literal,
  type Query,
  serverText,
  tableReference,
} from '../database/names.ts'
import { unpackKey } from '../keys/key.ts'
/** Keys per round trip. One COPY or array statement carries this many. */
export const batchSize = 10_000

/** Rows that planning goes one step with: all that hangs on them is held at once, which may be many times as many rows. */
export const stepSize = 2_000

/** The row `alias` of a table of one side. */
export interface AliasedRow {
  readonly table: Table
  readonly alias: string
}

/** An ordinary table without its inheritance children; a partitioned one through its root. An alias must follow. */
export const fromTable = (table: Table): Query => {
  if (table.source !== undefined) return readAs(table.source, table.kind, sql``)
  return stored(table, table.kind)
}

const stored = (table: QualifiedName, kind: Table['kind']): Query =>
  kind === 'partitioned' ? tableReference(table) : sql`only ${tableReference(table)}`

/** Some of a table's rows, as `t`: `method` is what TABLESAMPLE takes. */
export const fromSample = (table: Table, method: Query): Query =>
  table.source === undefined
    ? sql`${fromTable(table)} as t tablesample ${method}`
    : sql`${readAs(table.source, table.kind, sql`tablesample ${method}`)} as t`

export const typeOf = (table: Table, name: string): Query => {
  const found = columnOf(table, name)
  if (found === undefined) throw new Error(`table ${table.id} has no column ${name}`)
  return serverText(found.baseType)
}

/** The ordinal of a row source. Beside the key columns, which have the table's own names, it needs one that no table uses. */
export const ordinalName = 'rowgraft ordinal'

/** The 1-based position of a key in the list it came from. */
export const ordinal = (alias: string): Query => column(alias, ordinalName)

interface SourceOptions {
  readonly alias?: string
  readonly inline?: boolean
  readonly names?: readonly string[]
}

/** A row source of typed columns `c1..cn` and an ordinal from arrays of values; as literals where parameters are not allowed (COPY). */
const arraySource = (
  types: readonly Query[],
  values: readonly (readonly (string | null)[])[],
  { alias = 'k', inline = false, names = types.map((_, position) => `c${position + 1}`) }: SourceOptions,
): Query => {
  const arrays = types.map((type, position) => {
    const text = arrayText(values[position] ?? [])
    return sql`${inline ? literal(text) : text}::${type}[]`
  })
  return sql`unnest(${list(arrays)}) with ordinality as ${identifier(alias)}(${list([...names, ordinalName].map(identifier))})`
}

/** The values of each of so many columns; `absent` where a row is too short. */
const transpose = <T>(width: number, rows: readonly (readonly T[])[], absent: T): readonly (readonly T[])[] =>
  Array.from({ length: width }, (_, position) => rows.map((row) => row[position] ?? absent))

/** The same from rows of values. */
export const valueSource = (
  types: readonly Query[],
  rows: readonly (readonly (string | null)[])[],
  options: SourceOptions = {},
): Query => arraySource(types, transpose(types.length, rows, null), options)

/** The values of each key column; a key of one column is its value. */
const columnsOfKeys = (width: number, keys: readonly string[]): readonly (readonly string[])[] =>
  width === 1 ? [keys] : transpose(width, keys.map(unpackKey), '')

const typesOf = (table: Table, columns: readonly string[]): readonly Query[] =>
  columns.map((name) => typeOf(table, name))

/** Row source over the key columns of a table, named after them, from packed keys. */
export const keySource = (table: Table, columns: readonly string[], keys: readonly string[]): Query =>
  arraySource(typesOf(table, columns), columnsOfKeys(columns.length, keys), { names: columns })

/** The same as literals, from the values of each column: for COPY, which takes no parameters. */
export const literalSource = (
  table: Table,
  columns: readonly string[],
  values: readonly (readonly string[])[],
): Query => arraySource(typesOf(table, columns), values, { names: columns, inline: true })

/** `t.a = k.a and t.b = k.b` */
export const joinOn = (columns: readonly string[], left: string, right: string): Query =>
  all(columns.map((name) => sql`${column(left, name)} = ${column(right, name)}`))

/**
 * ` and t.a between 1 and 9 and t.b between 4 and 7`: what the values of key columns span where they are integers. It says nothing that the
 * join with the keys does not; but where they lie together, as a sorted batch does, the server then reads a range of an index instead of
 * key by key, or all of the table.
 */
export const inValueRange = (
  { table, alias }: AliasedRow,
  columns: readonly string[],
  values: readonly (readonly string[])[],
): Query => {
  if ((values[0]?.length ?? 0) < fewest) return sql``
  const ranges = columns.flatMap((name, part) => {
    if (!/^(smallint|integer|bigint)$/.test(columnOf(table, name)?.baseType ?? '')) return []
    let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
    for (const text of values[part] ?? []) {
      const value = Number(text)
      if (value < least) least = value
      if (value > most) most = value
    }
    // Others are no exact numbers.
    if (!Number.isSafeInteger(least) || !Number.isSafeInteger(most)) return []
    const [from, to] = [least, most].map((bound) => sql`${literal(String(bound))}::bigint`)
    return [sql` and ${column(alias, name)} between ${from} and ${to}`]
  })
  return list(ranges, '')
}

/** The same of packed keys. */
export const inKeyRange = (row: AliasedRow, columns: readonly string[], keys: readonly string[]): Query =>
  keys.length < fewest ? sql`` : inValueRange(row, columns, columnsOfKeys(columns.length, keys))

/** Rows of a table by packed key, as a row source: the keys `k`, joined with their rows `t`. */
export const keyedRows = (table: Table, identity: readonly string[], keys: readonly string[]): Query => sql`
  ${keySource(table, identity, keys)}
  join ${fromTable(table)} as t on ${joinOn(identity, 't', 'k')} ${inKeyRange({ table, alias: 't' }, identity, keys)}`

/** `t.a::text, t.b::text` */
export const asText = (alias: string, columns: readonly string[]): Query =>
  list(columns.map((name) => sql`${column(alias, name)}::text`))

/** Splits a list, or whatever yields one item after the other, into batches. */
export function* inBatches<T>(items: Iterable<T>, size: number = batchSize): Generator<readonly T[]> {
  if (Array.isArray(items)) {
    for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size)
    return
  }
  let batch: T[] = []
  for (const item of items) {
    batch.push(item)
    if (batch.length < size) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

/** Keys from which on their range is worth a word. */
const fewest = 100

/** Every column set: under MATCH SIMPLE a reference with a NULL in it is none. */
export const isSet = (alias: string, columns: readonly string[]): Query =>
  all(columns.map((name) => sql`${column(alias, name)} is not null`))

const read = ({ column: name, value, labels }: ColumnSource): Query => {
  if (value !== undefined) return value === null ? sql`null::text` : sql`${literal(value)}::text`
  const own = column('o', name ?? '')
  if (labels === undefined) return own
  const cases = Object.entries(labels).map(([from, to]) => sql`when ${literal(from)} then ${literal(to)}`)
  return sql`case ${own}::text ${list(cases, ' ')} else ${own}::text end`
}

/** The rows of a table that is read as another one, as a row source without an alias. `sample` follows the table. */
export const readAs = (source: TableSource, kind: Table['kind'], sample: Query): Query => {
  const columns = Object.entries(source.columns).map(([name, one]) => sql`${read(one)} as ${identifier(name)}`)
  return sql`(select ${list([sql`o.tableoid`, ...columns])} from ${stored(source, kind)} as o ${sample})`
}

/** True for types whose own definition could round or cut what they are given: composites, and arrays of domains or composites. */
export const isStagedAsText = (column: Column): boolean =>
  column.typeKind === 'composite' || (column.typeKind === 'array' && column.isDomain)

/** The type a column is staged as: live's base type, else text. */
export const stageType = (column: Column): Query =>
  isStagedAsText(column) ? serverText('text') : serverText(column.baseType)
