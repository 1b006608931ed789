/** Tables and columns as a config file names them. Pure. */

import { columnOf } from '../../catalog/catalog.ts'
import { RefusedError } from '../../catalog/refusal/refusal.ts'
import { findTable, type SharedCatalog, type SharedTable } from '../../catalog/shared.ts'
import { RowgraftError } from '../../errors.ts'
import type { Sides } from '../../rows/sides.ts'

/** A config file that says what cannot be. */
export const refuseConfig = (message: string, hint: string, detail?: string): RowgraftError =>
  new RowgraftError('bad-file', `the config file: ${message}`, { detail, hint })

/** The table of both sides that a key of the config names. Throws `unknown-table` or `not-restorable`, naming the key. */
export const namedTable = (catalog: SharedCatalog, name: string, key: string): SharedTable => {
  try {
    return findTable(catalog, name)
  } catch (error) {
    if (!(error instanceof RowgraftError)) throw error
    const { code, detail, hint } = error
    const message = `"${key}" in the config file: ${error.message}`
    if (error instanceof RefusedError)
      throw new RefusedError('not-restorable', message, { refusal: error.refusal, hint })
    throw new RowgraftError(code, message, { detail, hint })
  }
}

/** Throws `unknown-column` unless a table has the columns on both sides. */
export const checkConfigColumns = (table: SharedTable, columns: readonly string[], key: string): void => {
  const lacks = (name: string): string | null => {
    if (columnOf(table.live, name) === undefined) return 'live'
    return columnOf(table.backup, name) === undefined ? 'the backup' : null
  }
  if (columns.length === 0) throw refuseConfig(`"${key}" names no column of "${table.id}"`, 'Name at least one column.')
  for (const name of columns) {
    const side = lacks(name)
    if (side === null) continue
    throw new RowgraftError('unknown-column', `"${key}" in the config file: "${table.id}" has no column "${name}"`, {
      detail: `It is not in ${side}.`,
      hint: `Its columns are ${table.columns.map((own) => own.name).join(', ')}.`,
    })
  }
}

/** A snapshot of each side. */
export type Snapshots = Pick<Sides, 'live' | 'backup' | 'withUserSearchPath'>
