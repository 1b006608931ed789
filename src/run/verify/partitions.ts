/** A row that no partition is meant for falls into the default one, silently, and out of everybody's sight. */
import { sql } from 'kysely'
import { column } from '../../database/names.ts'
import type { Writer } from '../../database/session/reader.ts'
import { displayKey, packKey } from '../../keys/key.ts'
import { asText, fromTable } from '../../sql/rows.ts'
import { isInDefault } from '../../sql/tree.ts'
import { liveIdentity, onLiveIdentity } from '../keys/live-identity.ts'
import { defaultColumn, watchesPartitions } from '../stage/columns.ts'
import { inRange, inserted, type Layout } from '../stage/staged.ts'

/** Throws `rolled-back` when a row landed in a DEFAULT partition that it was not in before, naming both. Rows of an undo
 * have no such mark: they go back to where they were. */
export const refuseDefaultPartitions = async (writer: Writer, layout: Layout): Promise<void> => {
  for (const staged of layout.tables.values()) {
    const range = inserted(staged)
    if (!watchesPartitions(staged.table) || range.last === 0) continue
    const live = liveIdentity(layout, staged)
    await writer.check({
      query: sql`
        select t.tableoid::pg_catalog.regclass::text, ${asText('t', staged.table.identity)}
        from ${staged.stage} as s ${live.joins}
        join ${fromTable(staged.table.live)} as t on ${onLiveIdentity(layout, staged, 't')}
        where ${inRange('s', range)}
          and ${isInDefault('t')} and not ${column('s', defaultColumn)}
        limit 1`,
      expect: { none: staged.table.identity.length + 1 },
      code: 'rolled-back',
      message: ({ row: [partition, ...key] }) =>
        `row ${displayKey(packKey(key))} of "${staged.table.id}" fell into the default partition ${partition}`,
      detail: 'No partition of live is made for it: it was dropped, or never there.',
      advice: 'Create the partition first, or leave the row out.',
    })
  }
}
