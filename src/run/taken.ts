/** Last looks before the first write: keys are still free, and references agree. */
import { sql } from 'kysely'
import { asText, displayKey, fromTable } from '../catalog/row.ts'
import type { Writer } from '../database/session.ts'
import { finalValues } from './final-values.ts'
import { inRange, inserted, type Layout, type StagedTable } from './layout.ts'
import { liveIdentity, onLiveIdentity } from './live-identity.ts'

/** Throws `plan-stale` when a key that a row keeps, or was given, belongs to a live row by now. */
export const refuseTaken = async (writer: Writer, staged: StagedTable): Promise<void> => {
  const rows = inserted(staged)
  if (rows.last === 0) return
  const live = liveIdentity(staged)
  await writer.check({
    query: sql`
      select ${asText('t', staged.table.identity)}
      from ${staged.stage} as s ${live.joins}
      join ${fromTable(staged.table.live)} as t on ${onLiveIdentity(staged, 't')}
      where ${inRange('s', rows)}
      limit 1`,
    expect: { none: staged.table.identity.length },
    code: 'plan-stale',
    message: ({ row }) =>
      `key ${displayKey(row.join('\0'))} of "${staged.table.id}" was free when the plan was made and is taken now`,
    hint: 'Make the plan again: live has changed since.',
  })
}

/** Throws when two references of one row give a column they share different values. */
export const refuseDisagreement = async (writer: Writer, layout: Layout, staged: StagedTable): Promise<void> => {
  const final = finalValues(layout, staged, { withOwnMap: false })
  const rows = inserted(staged)
  if (rows.last === 0) return
  if (final.disagreements === null) return
  await writer.check({
    query: sql`
      select ${asText('s', staged.table.identity)}
      from ${staged.stage} as s ${final.joins}
      where ${inRange('s', rows)} and ${final.disagreements}
      limit 1`,
    expect: { none: staged.table.identity.length },
    code: 'not-restorable',
    message: ({ row }) =>
      `row ${displayKey(row.join('\0'))} of "${staged.table.id}" has two references that share a column and moved apart`,
    hint: 'Answer the conflicts of their parents alike, or leave the row out with --without.',
  })
}
