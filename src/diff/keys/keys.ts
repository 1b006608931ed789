/**
 * Rows of both sides in the order of their keys, merged: what is missing, extra, and, with digests, different. Both servers stream
 * at once, as fast as the slower one, and nothing but what differs is kept: a listing of all rows costs no memory.
 *
 * The sessions are free again when it returns. What was found is not yielded under way, because whoever takes it reads more rows.
 *
 * In come two sides of a table and whether digests are wanted, out go keys of rows that differ.
 */
import { sql } from 'kysely'
import type { Table } from '../../catalog/catalog.ts'
import type { SharedTable } from '../../catalog/shared.ts'
import { column, list, type Query } from '../../database/names.ts'
import type { Reader } from '../../database/session/reader.ts'
import { type CreationColumns, comparedColumns, tellingColumns } from '../../rows/records/records.ts'
import type { Sides } from '../../rows/sides.ts'
import { tableDigest } from '../../sql/column-digest.ts'
import { fromTable } from '../../sql/rows.ts'
import { type Block, decodeBlocks } from './blocks.ts'
import { orderOfKey, selectKey, shapeOf } from './key-shape.ts'
import { type FoundKeys, mergeBlocks, nothingFound } from './merge.ts'

/** Which rows of a table are read. */
export interface Part {
  /** What stands before the table in FROM, and how it is joined. */
  readonly join?: { readonly source: Query; readonly on: Query }
  readonly where?: Query
}

export interface KeyOptions {
  /** Also finds rows that differ: which columns could tell that one is another record. Null finds missing and extra rows only. */
  readonly creation: CreationColumns | null
  readonly part?: Part
  /** Told of rows read on both sides together. */
  readonly onRows: (rows: number) => void
}

/**
 * Fenced, each range is read by the index of the key: for thousands of ranges the planner would rather have the rows in the order of their
 * keys, and hold every range against each of them.
 */
const fromPart = (table: SharedTable, side: Table, { join, where }: Part): Query => {
  const named = [...new Set([...table.identity, ...comparedColumns(table)])].map((name) => column('t', name))
  const from =
    join === undefined
      ? sql`from ${fromTable(side)} as t`
      : sql`from ${join.source}
        cross join lateral (select ${list(named)} from ${fromTable(side)} as t where ${join.on} offset 0) as t`
  return sql`${from} ${where === undefined ? sql`` : sql`where ${where}`}`
}

/**
 * The columns that could tell that a row is another record, or marked as deleted, are digested apart from the rest, and first; without
 * any, one digest says that a row is changed and nothing else.
 */
const digestsOf = (sides: Sides, table: SharedTable, creation: CreationColumns): readonly Query[] => {
  const telling = tellingColumns(table, creation)
  const rest = comparedColumns(table).filter((name) => !telling.includes(name))
  const parts = telling.length === 0 ? [rest] : [telling, rest]
  return parts.map((columns) =>
    columns.length === 0 ? sql`0::bigint` : tableDigest({ alias: 't', table, columns }, sides.hashing),
  )
}

/** Compares the rows of `part`, or all rows, key by key. */
export const compareByKey = async (sides: Sides, table: SharedTable, options: KeyOptions): Promise<FoundKeys> => {
  const { creation, part = {}, onRows } = options
  const shape = shapeOf(table)
  const found = nothingFound(shape)
  const digests = creation === null ? [] : digestsOf(sides, table, creation)
  const stream = (reader: Reader): AsyncGenerator<Block> => {
    const side = table[reader.side]
    const query = sql`copy (
      select ${list([selectKey(shape, 't'), ...digests])}
      ${fromPart(table, side, part)}
      order by ${orderOfKey(shape, 't', sides)}
    ) to stdout (format binary)`
    return decodeBlocks(reader.copyFrames(query), shape, digests.length)
  }
  await mergeBlocks(stream(sides.live), stream(sides.backup), { shape, digests: digests.length, found, onRows })
  return found
}
