/** Before an undo deletes rows: nobody else may refer to them, whatever live would do with such a reference. */

import { sql } from 'kysely'
import { primaryKeyOf, type Table } from '../catalog/catalog.ts'
import { asText, displayKey, fromTable } from '../catalog/row.ts'
import type { SharedCatalog } from '../catalog/shared.ts'
import { all, column, displayTable, list, literal, type Query } from '../database/names.ts'
import type { Writer } from '../database/session.ts'
import { RowgraftError } from '../errors.ts'
import type { Layout } from './layout.ts'
import { inRange } from './layout.ts'
import { onLiveIdentity } from './live-identity.ts'
import { deleted } from './write.ts'

/** The table by every name a foreign key may call it: one can refer to a single partition. */
const namesOf = async (writer: Writer, table: Table): Promise<ReadonlySet<string>> => {
  if (table.kind !== 'partitioned') return new Set([table.id])
  const rows = await writer.rows(sql`
    select n.nspname, c.relname
    from pg_catalog.pg_partition_tree(pg_catalog.format('%I.%I', ${literal(table.schema)}, ${literal(table.name)})::pg_catalog.regclass) as p
    join pg_catalog.pg_class c on c.oid = p.relid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace`)
  return new Set([table.id, ...rows.map(([schema, name]) => displayTable({ schema: schema ?? '', name: name ?? '' }))])
}

/** What a row of a child table is called by: its primary key, or else the reference itself, which no type need be able to order. */
const shownColumns = (
  child: Table,
  references: readonly string[],
): { readonly names: readonly string[]; readonly order: Query } => {
  const key = primaryKeyOf(child)?.columns ?? []
  if (key.length === 0) return { names: references, order: sql`` }
  return { names: key, order: sql`order by ${list(key.map((name) => column('c', name)))}` }
}

/** Throws `undo-refused` naming rows that refer to a row about to be deleted and are not deleted themselves. */
export const refuseReferences = async (writer: Writer, layout: Layout, catalog: SharedCatalog): Promise<void> => {
  for (const staged of layout.tables.values()) {
    const range = deleted(staged)
    if (range.last < range.first) continue
    const parents = await namesOf(writer, staged.table.live)
    for (const child of catalog.live.tables) {
      for (const key of child.foreignKeys.filter(({ parent }) => parents.has(parent))) {
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
        const { names, order } = shownColumns(child, key.columns)
        const rows = await writer.rows(sql`
          select ${asText('c', names)}
          from ${staged.stage} as s
          join ${fromTable(staged.table.live)} as t on ${onLiveIdentity(staged, 't')}
          join ${fromTable(child)} as c on ${all(refers)}
          where ${inRange('s', range)} and not ${isDeleted}
          ${order}
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
