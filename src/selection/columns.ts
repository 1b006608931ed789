/** Columns that somebody wants put back: whether they can be. Pure. */
import { columnOf } from '../catalog/catalog.ts'
import type { SharedTable } from '../catalog/shared.ts'
import { RowgraftError } from '../errors.ts'

/** Throws `unknown-column` for one that the table does not have on both sides, that the server alone writes, or that is part of the key. */
export const checkColumns = (table: SharedTable, columns: readonly string[]): void => {
  const names = new Set(table.columns.map(({ name }) => name))
  const unknown = columns.find((name) => !names.has(name))
  if (unknown !== undefined) {
    throw new RowgraftError('unknown-column', `table "${table.id}" has no column "${unknown}" on both sides`, {
      hint: `Its columns are ${[...names].join(', ')}.`,
    })
  }
  const fixed = columns.find((name) => columnOf(table.live, name)?.identity === 'always')
  if (fixed !== undefined) {
    throw new RowgraftError('unknown-column', `column "${fixed}" of "${table.id}" is written by the server alone`, {
      detail: 'It is GENERATED ALWAYS AS IDENTITY.',
      hint: 'Name other columns with --columns.',
    })
  }
  const key = columns.find((name) => table.identity.includes(name) || table.primaryKey.includes(name))
  if (key !== undefined) {
    throw new RowgraftError('unknown-column', `column "${key}" is part of the key of "${table.id}"`, {
      hint: 'Name other columns with --columns: the key is how the row is found.',
    })
  }
}
