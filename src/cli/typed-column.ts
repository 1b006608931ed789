/** A column as it is typed behind a flag. Pure. */

import { parseTableName } from '../data.ts'
import { RowgraftError } from '../errors.ts'

/** `gallery.updated_at` in its two parts: the table as typed, the column as the catalog has it. */
export const splitColumn = (typed: string, flag: string): { readonly table: string; readonly column: string } => {
  const match = /^(.+)\.((?:"(?:[^"]|"")+")|[^".]+)$/u.exec(typed.trim())
  if (match === null) {
    throw new RowgraftError('usage', `${flag} "${typed}" names no column`, {
      hint: `Write ${flag} <table>.<column>, for example photo.updated_at.`,
    })
  }
  return { table: match[1] ?? '', column: parseTableName(match[2] ?? '').name }
}
