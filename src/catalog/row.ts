/**
 * Rows by key in SQL: a list of keys becomes a row source `k` with one typed column per key column and an ordinal, joined to its
 * table. Keys travel as arrays of the server's own text, so that no number of them exceeds the protocol's parameter limit.
 */
import { sql } from 'kysely'
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
import type { Table } from './catalog.ts'
import { columnOf } from './catalog.ts'
import { unpackKey } from './key.ts'
import { readAs } from './source.ts'

export { displayKey, type Key, packKey, unpackKey } from './key.ts'

/** Keys per round trip. One COPY or array statement carries this many. */
export const batchSize = 10_000

/** Rows that planning goes one step with: all that hangs on them is held at once, which may be many times as many rows. */
export const stepSize = 2_000

/** An ordinary table without its inheritance children; a partitioned one through its root. An alias must follow. */
export const fromTable = (table: Table): Query => {
  if (table.source !== undefined) return readAs(table.source, table.kind, sql``)
  return table.kind === 'partitioned' ? tableReference(table) : sql`only ${tableReference(table)}`
}

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

/** A row source of typed columns `c1..cn` and an ordinal from packed keys; as a literal where parameters are not allowed (COPY). */
export const valueSource = (
  types: readonly Query[],
  rows: readonly (readonly (string | null)[])[],
  options: { readonly alias?: string; readonly inline?: boolean; readonly names?: readonly string[] } = {},
): Query => {
  const columns = types.map((_, position) => rows.map((row) => row[position] ?? null))
  return columnSource(types, columns, { names: types.map((_, position) => `c${position + 1}`), ...options })
}

const columnSource = (
  types: readonly Query[],
  columns: readonly (readonly (string | null)[])[],
  options: { readonly alias?: string; readonly inline?: boolean; readonly names: readonly string[] },
): Query => {
  const arrays = types.map((type, position) => {
    const text = arrayText(columns[position] ?? [])
    return sql`${options.inline ? literal(text) : text}::${type}[]`
  })
  const alias = identifier(options.alias ?? 'k')
  return sql`unnest(${list(arrays)}) with ordinality as ${alias}(${list([...options.names, ordinalName].map(identifier))})`
}

/** Row source over the key columns of a table, named after them. */
export const keySource = (
  table: Table,
  columns: readonly string[],
  keys: readonly string[],
  options: { readonly inline?: boolean } = {},
): Query => {
  const types = columns.map((name) => typeOf(table, name))
  // A key of one column is its value.
  if (columns.length === 1) return columnSource(types, [keys], { ...options, names: columns })
  return valueSource(types, keys.map(unpackKey), { ...options, names: columns })
}

/** `t.a = k.a and t.b = k.b` */
export const joinOn = (columns: readonly string[], left: string, right: string): Query =>
  all(columns.map((name) => sql`${column(left, name)} = ${column(right, name)}`))

/**
 * ` and t.a between 1 and 9 and t.b between 4 and 7`: what the keys given span in columns of integers. It says nothing that the join with
 * the keys does not; but where they lie together, as a sorted batch does, the server then reads a range of an index instead of key by
 * key, or all of the table.
 */
export const inKeyRange = (alias: string, table: Table, columns: readonly string[], keys: readonly string[]): Query => {
  if (keys.length < fewest) return sql``
  const parts = keys.map(unpackKey)
  const ranges = columns.flatMap((name, part) => {
    if (!/^(smallint|integer|bigint)$/.test(columnOf(table, name)?.baseType ?? '')) return []
    let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
    for (const key of parts) {
      const value = Number(key[part])
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
