/** Rows of one side by their keys, in batches: whatever is to be known about each comes back with the key it was asked for. */
import { sql } from 'kysely'
import type { SharedTable } from '../catalog/shared.ts'
import { column, list, type Query } from '../database/names.ts'
import type { Row } from '../database/session/outcome.ts'
import type { Reader } from '../database/session/reader.ts'
import { batchSize, inBatches, keyedRows, ordinal } from '../sql/rows.ts'

/** What is asked about rows; expressions are over the row `t`. */
export interface Asked {
  /** Packed, as a server spells them; of those that the side lacks nothing comes back. */
  readonly keys: Iterable<string>
  /** Columns to be shown. */
  readonly columns?: readonly string[]
  /** What else is shown, after them. */
  readonly show?: readonly Query[]
  /** What else is joined with them. */
  readonly join?: Query
  /** Which of them are meant. */
  readonly where?: Query
  /** Keys per query. */
  readonly size?: number
}

/** A row, or one of those joined with it. */
export interface KeyedRow {
  readonly key: string
  /** Where its key stands among those that were asked for, from 0. */
  readonly place: number
  /** What it shows, as text. */
  readonly values: Row
}

/** Reads rows of the reader's side by key, a query per batch; in no order within one. */
export async function* readByKey(
  reader: Reader,
  table: Pick<SharedTable, 'identity' | 'live' | 'backup'>,
  { keys, columns = [], show = [], join = sql``, where = sql`true`, size = batchSize }: Asked,
): AsyncGenerator<readonly KeyedRow[]> {
  const shown = [ordinal('k'), ...columns.map((name) => column('t', name)), ...show]
  let offset = 0
  for (const batch of inBatches(keys, size)) {
    const rows = await reader.rows(sql`
      select ${list(shown.map((value) => sql`(${value})::text`))}
      from ${keyedRows(table[reader.side], table.identity, batch)}
      ${join}
      where ${where}`)
    const start = offset
    yield rows.map(([position, ...values]) => {
      const index = Number(position) - 1
      return { key: batch[index] ?? '', place: start + index, values }
    })
    offset += batch.length
  }
}

/** Of the keys given, those of rows that the reader's side has and that are meant. */
export const findKeys = async (
  reader: Reader,
  table: SharedTable,
  asked: Omit<Asked, 'columns' | 'show'>,
): Promise<ReadonlySet<string>> => {
  const found = new Set<string>()
  for await (const rows of readByKey(reader, table, asked)) for (const { key } of rows) found.add(key)
  return found
}

/** What rows show, by packed key. */
export const readShown = async (
  reader: Reader,
  table: SharedTable,
  asked: Asked,
): Promise<ReadonlyMap<string, Row>> => {
  const found = new Map<string, Row>()
  for await (const rows of readByKey(reader, table, asked)) for (const { key, values } of rows) found.set(key, values)
  return found
}
