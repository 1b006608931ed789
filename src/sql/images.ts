/** Which columns make up the image of a row, and its digest that is kept. */
import { sql } from 'kysely'
import type { Table } from '../catalog/catalog.ts'
import type { SharedTable } from '../catalog/shared.ts'
import { isAllKey } from '../catalog/spelling.ts'
import type { Query } from '../database/names.ts'
import { digestOf, rowImage } from './column-digest.ts'

/** Columns whose values travel, in a fixed order. */
export const imageColumns = (table: SharedTable): readonly string[] => table.columns.map(({ name }) => name).sort()

/** Columns of live's own image of a row: everything it stores. */
export const storedColumns = (table: Table): readonly string[] =>
  table.columns
    .filter(({ generated }) => generated === null)
    .map(({ name }) => name)
    .sort()

/** A digest of a live row, lasting over server upgrades; that of a row that is nothing but its key is always the same. */
export const keptDigest = (alias: string, table: Table, identity: readonly string[]): Query =>
  isAllKey(table, identity) ? sql`0::bigint` : digestOf(rowImage(alias, storedColumns(table)), 'sha256')

/** True for tables whose rows are known when their keys are: no digest of them is pinned. */
export const pinsNothing = (table: SharedTable): boolean =>
  isAllKey(table.live, table.identity) && isAllKey(table.backup, table.identity)
