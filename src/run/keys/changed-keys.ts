/**
 * Rows whose key in live is not the backup's. There may be millions: a report tells the first of them, and all go as CSV (RFC 4180) to
 * whatever else remembers the old keys: caches, exports, other databases.
 */
import { sql } from 'kysely'
import { any, column, type Query } from '../../database/names.ts'
import {
  inRange,
  inserted,
  type Layout,
  mayChangeKeys,
  newColumn,
  oldColumn,
  ordinalOf,
  type StagedTable,
} from '../stage/staged.ts'
import { liveIdentity } from './live-identity.ts'

/** How many keys of one table a report tells. */
export const mostKeys = 10_000

/** The first line of the list. */
export const keyListHead = 'table,backup,live\n'

/** The columns by which people know a row. */
export const keyNames = ({ table }: StagedTable): readonly string[] =>
  table.primaryKey.length > 0 ? table.primaryKey : table.identity

/** The keys of the inserted rows of one table of which some column changed. */
export interface ChangedKeys {
  readonly names: readonly string[]
  readonly old: (name: string) => Query
  readonly now: (name: string) => Query
  /** FROM and WHERE. */
  readonly from: Query
  readonly ordinal: Query
}

/** Null for a table whose rows keep their keys. */
export const changedKeys = (layout: Layout, staged: StagedTable): ChangedKeys | null => {
  if (!mayChangeKeys(staged) || inserted(staged).last === 0) return null
  const names = keyNames(staged)
  const isDerived = staged.keys === 'derived'
  const alias = isDerived ? 's' : 'm'
  const live = liveIdentity(layout, staged)
  const old = (name: string): Query => (isDerived ? column('s', name) : sql`m.${oldColumn(staged, name)}`)
  const now = (name: string): Query => (isDerived ? live.of(name) : sql`m.${newColumn(staged, name)}`)
  const source = isDerived ? sql`${staged.stage} as s ${live.joins}` : sql`${staged.map} as m`
  const differs = any(names.map((name) => sql`${now(name)} is distinct from ${old(name)}`))
  const from = sql`from ${source} where ${inRange(alias, inserted(staged))} and ${differs}`
  return { names, old, now, from, ordinal: ordinalOf(alias) }
}

/** A key as it is typed: values with commas between them. */
const keyText = (values: readonly string[]): string =>
  values.length === 1
    ? (values[0] ?? '')
    : values.map((value) => (/[",\s]|^$/.test(value) ? `"${value.replaceAll('"', '""')}"` : value)).join(',')

const cell = (text: string): string => (/[",\r\n]|^$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

/** One line of the list. */
export const keyLine = (table: string, backup: readonly string[], live: readonly string[]): string =>
  `${cell(table)},${cell(keyText(backup))},${cell(keyText(live))}\n`
