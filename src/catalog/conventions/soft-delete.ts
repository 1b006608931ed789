/** Soft deletes: a column that marks a row as deleted while it is still there. Pure. */
import { sql } from 'kysely'
import { column, type Query } from '../../database/names.ts'
import { RowgraftError } from '../../errors.ts'
import type { Column, Table } from '../catalog.ts'
import { columnOf } from '../catalog.ts'

const timeNames = /^(deleted|removed|discarded|trashed|archived)_?(at|on|date|time)$/i
const flagNames = /^(is_)?(deleted|removed|discarded|trashed)$/i
const timeTypes = /^(timestamp|date)/

const isMark = ({ name, baseType, notNull }: Column): boolean =>
  (timeNames.test(name) && timeTypes.test(baseType) && !notNull) || (flagNames.test(name) && baseType === 'boolean')

/** The column that looks like a soft delete by its name and type; somebody has to confirm it. */
export const recogniseSoftDelete = (live: Table, backup: Table): string | null =>
  live.columns.find((found) => isMark(found) && columnOf(backup, found.name) !== undefined)?.name ?? null

/** True where the row `alias` is marked as deleted: a flag that is true, anything else that is set. */
export const isMarked = (table: Table, name: string, alias: string): Query =>
  columnOf(table, name)?.baseType === 'boolean'
    ? sql`(${column(alias, name)} is true)`
    : sql`(${column(alias, name)} is not null)`

/** Throws `unknown-column` for a column that cannot mark rows of the table on both sides. */
export const checkSoftDelete = (
  table: { readonly id: string; readonly live: Table; readonly backup: Table },
  name: string,
): void => {
  const found = [columnOf(table.live, name), columnOf(table.backup, name)]
  if (found.every((side) => side !== undefined && (side.baseType === 'boolean' || !side.notNull))) return
  throw new RowgraftError('unknown-column', `column "${name}" of "${table.id}" cannot mark a row as deleted`, {
    detail: 'It must be on both sides, and either be a boolean or may be NULL.',
    hint: 'Name another column with --soft-delete <table>.<column>, or in the config file.',
  })
}
