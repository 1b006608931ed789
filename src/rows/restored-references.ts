/** References that follow rows which an earlier run brought back under another key. */
import { sql } from 'kysely'
import type { SharedTable } from '../catalog/shared.ts'
import { list, type Query } from '../database/names.ts'
import type { Reader } from '../database/session/reader.ts'
import { isSameNames } from '../keys/key.ts'
import { refers } from '../sql/references.ts'
import { asText, fromTable, inBatches, joinOn, keySource, ordinal } from '../sql/rows.ts'
import type { Sides } from './sides.ts'

/** Of the differing rows, those that differ only in references that follow rows restored under another key. */
export const followsRestored = async (
  sides: Sides,
  table: SharedTable,
  changed: ReadonlyMap<string, readonly string[]>,
): Promise<ReadonlySet<string>> => {
  const relations = sides.catalog.relations.filter(
    ({ child, parent, columns, parentColumns }) =>
      child === table.id &&
      columns.length === 1 &&
      (sides.restored.get(parent)?.size ?? 0) > 0 &&
      isSameNames(sides.catalog.tables.get(parent)?.identity, parentColumns),
  )
  const followed = new Set<string>()
  const references = relations.flatMap(({ columns }) => columns)
  const keys = [...changed]
    .filter(([, columns]) => columns.every((name) => references.includes(name)))
    .map(([key]) => key)
  for (const batch of inBatches(keys, 1_000)) {
    const read = async (
      reader: Reader,
      more: readonly Query[],
    ): Promise<ReadonlyMap<string, readonly (string | null)[]>> => {
      const side = table[reader.side]
      const rows = await reader.rows(sql`
        select ${list([sql`${ordinal('k')}::text`, asText('t', references), ...more])}
        from ${keySource(side, table.identity, batch)}
        join ${fromTable(side)} as t on ${joinOn(table.identity, 't', 'k')}`)
      return new Map(rows.map(([ord, ...values]) => [batch[Number(ord) - 1] ?? '', values]))
    }
    const isMeant = relations.map((relation) => sql`${refers(relation, table.backup, 'backup', 't')}::text`)
    const [live, backup] = [await read(sides.live, []), await read(sides.backup, isMeant)]
    for (const key of batch) {
      const [here, there] = [live.get(key) ?? [], backup.get(key) ?? []]
      const follows = (name: string): boolean =>
        relations.some(
          ({ parent, columns }, position) =>
            columns[0] === name &&
            there[references.length + position] === 'true' &&
            sides.restored.get(parent)?.get(there[position] ?? '') === here[position],
        )
      if (changed.get(key)?.every(follows)) followed.add(key)
    }
  }
  return followed
}
