/** Last looks before the first write: keys are still free, and references agree. */
import { sql } from 'kysely'
import { displayKey, fromTable } from '../catalog/row.ts'
import { column, list } from '../database/names.ts'
import type { Writer } from '../database/session.ts'
import { RowgraftError } from '../errors.ts'
import { finalValues } from './final-values.ts'
import { inRange, inserted, type Layout, type StagedTable } from './layout.ts'
import { liveIdentity, onLiveIdentity } from './live-identity.ts'

/** Throws `plan-stale` when a key that a row keeps, or was given, belongs to a live row by now. */
export const refuseTaken = async (writer: Writer, staged: StagedTable): Promise<void> => {
  const rows = inserted(staged)
  if (rows.last === 0) return
  const live = liveIdentity(staged)
  const [taken] = await writer.rows(sql`
    select ${list(staged.table.identity.map((name) => sql`${column('t', name)}::text`))}
    from ${staged.stage} as s ${live.joins}
    join ${fromTable(staged.table.live)} as t on ${onLiveIdentity(staged, 't')}
    where ${inRange('s', rows)}
    limit 1`)
  if (taken === undefined) return
  const key = displayKey(taken.map((value) => value ?? '').join('\0'))
  throw new RowgraftError(
    'plan-stale',
    `key ${key} of "${staged.table.id}" was free when the plan was made and is taken now`,
    {
      hint: 'Make the plan again: live has changed since.',
    },
  )
}

/** Throws when two references of one row give a column they share different values. */
export const refuseDisagreement = async (writer: Writer, layout: Layout, staged: StagedTable): Promise<void> => {
  const final = finalValues(layout, staged, { withOwnMap: false })
  const rows = inserted(staged)
  if (rows.last === 0) return
  const [found] = await writer.rows(sql`
    select ${list(staged.table.identity.map((name) => sql`${column('s', name)}::text`))}
    from ${staged.stage} as s ${final.joins}
    where ${inRange('s', rows)} and ${final.disagreements}
    limit 1`)
  if (found === undefined) return
  const key = displayKey(found.map((value) => value ?? '').join('\0'))
  throw new RowgraftError(
    'not-restorable',
    `row ${key} of "${staged.table.id}" has two references that share a column and moved apart`,
    {
      hint: 'Answer the conflicts of their parents alike, or leave the row out with --without.',
    },
  )
}
