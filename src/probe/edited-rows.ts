/** How many values of the rows to be written are not the backup's own. */
import { sql } from 'kysely'
import { fromTable, inBatches, joinOn, keySource } from '../catalog/row.ts'
import type { SharedTable } from '../catalog/shared.ts'
import { withoutEdits } from '../catalog/source.ts'
import { arrayText, column } from '../database/names.ts'
import type { Sides } from '../diff/sides.ts'

/** How many of the rows hold each label that is mapped. */
export const countMapped = async (
  sides: Sides,
  table: SharedTable,
  name: string,
  keys: readonly string[],
): Promise<ReadonlyMap<string, number>> => {
  const labels = Object.keys(table.backup.source?.columns[name]?.labels ?? {})
  const counts = new Map(labels.map((label) => [label, 0]))
  const own = sql`${column('t', name)}::text`
  for (const batch of inBatches(keys)) {
    const rows = await sides.backup.rows(sql`
      select ${own}, pg_catalog.count(*)::text
      from ${keySource(table.backup, table.identity, batch)}
      join ${fromTable(withoutEdits(table.backup))} as t on ${joinOn(table.identity, 't', 'k')}
      where ${own} = any (${arrayText(labels)}::text[])
      group by 1`)
    for (const [label, rowCount] of rows) counts.set(label ?? '', (counts.get(label ?? '') ?? 0) + Number(rowCount))
  }
  return counts
}
