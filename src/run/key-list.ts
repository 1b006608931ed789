/**
 * Rows whose key in live is not the backup's. There may be millions: a report tells the first of them, and all go as CSV (RFC 4180),
 * straight from the server, for whatever else remembers the old keys: caches, exports, other databases.
 */
import { sql } from 'kysely'
import { columnOf } from '../catalog/catalog.ts'
import { any, column, list, literal, type Query } from '../database/names.ts'
import type { Writer } from '../database/session.ts'
import { writeStream } from './journal.ts'
import type { JournalWriter } from './journal-file.ts'
import { inRange, inserted, type Layout, newColumn, oldColumn, ordinalColumn, type StagedTable } from './layout.ts'

/** How many keys of one table a report tells. */
export const mostKeys = 10_000

/** The first line of the list. */
export const keyListHead = 'table,backup,live\n'

/** The columns by which people know a row, and where the rows of the map `m` come from of which one changed. */
export const changedKeys = (staged: StagedTable): { readonly names: readonly string[]; readonly from: Query } => {
  const { table } = staged
  const names = table.primaryKey.length > 0 ? table.primaryKey : table.identity
  const differs = names.map((name) => sql`m.${newColumn(staged, name)} is distinct from m.${oldColumn(staged, name)}`)
  return { names, from: sql`from ${staged.map} as m where ${inRange('m', inserted(staged))} and ${any(differs)}` }
}

/** Types whose text has nothing in it that a list of values would have to quote. */
const plain = /^(smallint|integer|bigint|uuid|boolean|date)$/

/** A key as it is typed: values with commas between them. */
const keyText = (staged: StagedTable, names: readonly string[], valueIn: (name: string) => Query): Query => {
  if (names.length === 1) return sql`${valueIn(names[0] ?? '')}::text`
  const values = names.map((name) => {
    const value = sql`${valueIn(name)}::text`
    if (plain.test(columnOf(staged.table.live, name)?.baseType ?? '')) return value
    const quoted = sql`'"' || pg_catalog.replace(${value}, '"', '""') || '"'`
    return sql`case when ${value} ~ '[",\\s]|^$' then ${quoted} else ${value} end`
  })
  return list(values, " || ',' || ")
}

/** Every changed key: into the journal, which is on disk before the run is committed. */
export const writeKeyList = async (journal: JournalWriter, writer: Writer, layout: Layout): Promise<void> => {
  for (const staged of layout.tables.values()) {
    if (!staged.hasMap || inserted(staged).last === 0) continue
    const { names, from } = changedKeys(staged)
    const texts = [oldColumn, newColumn].map((side) => keyText(staged, names, (name) => sql`m.${side(staged, name)}`))
    const rows = await writer.copyOut(sql`
      copy (
        select ${literal(staged.table.id)}, ${list(texts)}
        ${from}
        order by ${column('m', ordinalColumn)}
      ) to stdout (format csv)`)
    await writeStream(journal, { kind: 'key list', table: staged.table.id, columns: [] }, rows)
  }
}
