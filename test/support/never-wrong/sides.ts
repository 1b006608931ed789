/** What a side holds: every row of every table of a case, by its key, as the server's text. */
import type pg from 'pg'
import type { TextRow } from '../queries.ts'
import { pack } from './rows.ts'
import { list, type Table } from './schema.ts'

/** Rows by packed key, per position of a table. */
export type Side = readonly ReadonlyMap<string, TextRow>[]

export const keyIn = (row: TextRow, columns: readonly string[]): readonly string[] | null => {
  const values = columns.map((name) => row[name] ?? null)
  return values.some((value) => value === null) ? null : values.map((value) => value ?? '')
}

export const readSide = async (client: pg.Client, tables: readonly Table[]): Promise<Side> => {
  const sides: ReadonlyMap<string, TextRow>[] = []
  for (const { sql, identity } of tables) {
    const { rows } = await client.query<TextRow>(`select * from ${sql} order by ${list(identity)}`)
    sides.push(new Map(rows.map((row) => [pack(keyIn(row, identity) ?? []), row])))
  }
  return sides
}

/** The columns in which two rows differ. */
export const differing = (one: TextRow, other: TextRow): readonly string[] =>
  Object.keys(one).filter((name) => one[name] !== other[name])
