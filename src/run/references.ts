/** Before an undo deletes rows: nobody else may refer to them, whatever live would do with such a reference. */
import { sql } from 'kysely'
import { asText, fromTable, displayKey } from '../catalog/row.ts'
import type { SharedCatalog } from '../catalog/shared.ts'
import { all, column, list } from '../database/names.ts'
import type { Writer } from '../database/session.ts'
import { RowgraftError } from '../errors.ts'
import { inRange, onLiveIdentity } from './keys.ts'
import type { Layout } from './layout.ts'
import { deleted } from './write.ts'

/** Throws `undo-refused` naming rows that refer to a row about to be deleted and are not deleted themselves. */
export const refuseReferences = async (writer: Writer, layout: Layout, catalog: SharedCatalog): Promise<void> => {
  for (const staged of layout.tables.values()) {
    const range = deleted(staged)
    if (range.last < range.first) continue
    for (const child of catalog.live.tables) {
      for (const key of child.foreignKeys.filter(({ parent }) => parent === staged.table.id)) {
        const refers = key.columns.map(
          (name, p) => sql`${column('c', name)} = ${column('t', key.parentColumns[p] ?? '')}`,
        )
        const other = layout.tables.get(child.id)
        const dying = other === undefined ? null : deleted(other)
        const isDeleted =
          other === undefined || dying === null || dying.last < dying.first
            ? sql`false`
            : sql`exists (
                select from ${other.stage} as s
                where ${inRange('s', dying)} and ${onLiveIdentity(other, 'c')})`
        const names = other?.table.identity ?? child.columns.slice(0, 1).map(({ name }) => name)
        const rows = await writer.rows(sql`
          select ${asText('c', names)}
          from ${staged.stage} as s
          join ${fromTable(staged.table.live)} as t on ${onLiveIdentity(staged, 't')}
          join ${fromTable(child)} as c on ${all(refers)}
          where ${inRange('s', range)} and not ${isDeleted}
          order by ${list(names.map((name) => column('c', name)))}
          limit 10`)
        if (rows.length === 0) continue
        const shown = rows.map((row) => `${child.id} ${displayKey(row.map((value) => value ?? '').join('\0'))}`)
        throw new RowgraftError('undo-refused', `rows of "${child.id}" refer to rows of "${staged.table.id}" by now`, {
          detail: `They came after the run:\n${shown.join('\n')}`,
          hint: 'Live is unchanged. Delete or move these rows first, then undo again.',
        })
      }
    }
  }
}
