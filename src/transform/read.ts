/** Reads rows of the backup as text and hands them to their transform, a batch at a time. */
import { sql } from 'kysely'
import type { Table } from '../catalog/catalog.ts'
import type { SharedTable } from '../catalog/shared.ts'
import type { RowValues } from '../config/config.ts'
import { arrayText, column, identifier, list, type Query } from '../database/names.ts'
import type { Reader } from '../database/session/reader.ts'
import { RowgraftError } from '../errors.ts'
import { inBatches, keyedRows, ordinal, ordinalName, stageType } from '../sql/rows.ts'
import { type Made, type TableTransform, transformRow } from './transform.ts'

/** Rows in memory at a time. */
const rowsAtOnce = 1_000

export interface TransformedRow extends Made {
  /** Position in the list of keys, from 0. */
  readonly position: number
  readonly key: string
  /** All columns of the backup. */
  readonly raw: RowValues
  /** What was asked for besides. */
  readonly extra: readonly (string | null)[]
}

/** The text of a value as COPY would write it: a cast to text would cut the blanks at the end of character(n). */
const textOf = (table: Table, name: string): Query => {
  const found = table.columns.find((one) => one.name === name)
  const value = column('t', name)
  return found?.type.startsWith('character(')
    ? sql`case when ${value} is not null then pg_catalog.format('%s', ${value}) end`
    : sql`${value}::text`
}

/** The rows of the keys given, transformed; rows the backup lacks are absent. `extra` are expressions over `t`. */
export async function* readTransformed(
  backup: Reader,
  own: TableTransform,
  { keys, extra = [] }: { readonly keys: readonly string[]; readonly extra?: readonly Query[] },
): AsyncGenerator<readonly TransformedRow[]> {
  const { backup: table, identity } = own.table
  const names = table.columns.map(({ name }) => name)
  let offset = 0
  for (const batch of inBatches(keys, rowsAtOnce)) {
    const rows = await backup.rows(sql`
      select ${ordinal('k')}::text, ${list([...names.map((name) => textOf(table, name)), ...extra])}
      from ${keyedRows(table, identity, batch)}
      order by ${ordinal('k')}`)
    const made: TransformedRow[] = []
    for (const [ord, ...fields] of rows) {
      const index = Number(ord) - 1
      const key = batch[index] ?? ''
      const raw = Object.fromEntries(names.map((name, position) => [name, fields[position] ?? null]))
      const one = await transformRow(own, key, raw)
      made.push({ ...one, position: offset + index, key, raw, extra: fields.slice(names.length) })
    }
    yield made
    offset += batch.length
  }
}

/** The type a value is given to live as: text where the type itself could cut or round what is in it. */
const typeIn = ({ live }: SharedTable, name: string): Query => {
  const found = live.columns.find((one) => one.name === name)
  return found === undefined ? sql`text` : stageType(found)
}

/** Values that are no longer in any table, as rows of live's types: `t`, with an ordinal. */
export const transformedSource = (table: SharedTable, rows: readonly RowValues[]): Query => {
  const names = table.columns.map(({ name }) => name)
  const arrays = names.map((name) => sql`${arrayText(rows.map((row) => row[name] ?? null))}::text[]`)
  const typed = names.map((name) => sql`${column('x', name)}::${typeIn(table, name)} as ${identifier(name)}`)
  return sql`(
    select ${list(typed)}, ${ordinal('x')}
    from unnest(${list(arrays)}) with ordinality as x(${list([...names, ordinalName].map(identifier))})) as t`
}

/** Says whose value it is that a type of live's does not take. */
export const refusingValues = async <T>({ id }: SharedTable, work: () => Promise<T>): Promise<T> => {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof RowgraftError) || !/^2[23]/.test(error.sqlstate ?? '')) throw error
    throw new RowgraftError(
      'not-restorable',
      `the transform of "${id}" gives what live does not take: ${error.message}`,
      {
        detail: error.detail,
        hint: 'Correct it in the config file.',
        sqlstate: error.sqlstate,
      },
    )
  }
}

/** A row that is not written, but stands for a reference: nothing of it counts but keys and references. */
export const bareValues = ({ fixed }: TableTransform, raw: RowValues): RowValues =>
  Object.fromEntries(Object.entries(raw).map(([name, value]) => [name, fixed.has(name) ? value : null]))
