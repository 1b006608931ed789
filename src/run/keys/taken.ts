/** Last looks before the first write: keys are still free, and references agree. */
import { sql } from 'kysely'
import type { Uniqueness } from '../../catalog/catalog.ts'
import type { Writer } from '../../database/session/reader.ts'
import { RowgraftError } from '../../errors.ts'
import { displayKey, packKey } from '../../keys/key.ts'
import { asText, fromTable } from '../../sql/rows.ts'
import { inRange, inserted, type Layout, type StagedTable } from '../stage/staged.ts'
import { finalValues } from './final-values.ts'
import { liveIdentity, onLiveIdentity } from './live-identity.ts'

const isTakenNow = (key: string, { table }: StagedTable): string =>
  `key ${key} of "${table.id}" was free when the plan was made and is taken now`

const changedSince = 'Make the plan again: live has changed since.'

/** The unique index that lets no second row have the identity of one, and is named when it is tried; null where there is none. */
const guardOf = ({ table: { live, identity } }: StagedTable): Uniqueness | null => {
  if (live.kind === 'partitioned') return null // each partition's index has a name of its own
  const isGuard = ({ kind, isDeferrable, isValid, predicate, elements }: Uniqueness): boolean =>
    kind !== 'exclusion' &&
    !isDeferrable &&
    isValid &&
    predicate === null &&
    elements.length === identity.length &&
    elements.every(({ column }) => column !== null && identity.includes(column))
  return live.uniques.find(isGuard) ?? null
}

/** What a unique index has said against a row whose key is taken: `plan-stale`; null for any other error. */
export const takenKey = (tables: readonly StagedTable[], error: RowgraftError): RowgraftError | null => {
  const { sqlstate, constraint, detail = '' } = error
  const staged = tables.find((each) => constraint !== undefined && guardOf(each)?.name === constraint)
  if (sqlstate !== '23505' || staged === undefined) return null
  // In whichever language: Key (id)=(7) already exists.
  const [, key = ''] = /\)=\((.*)\)/.exec(detail) ?? []
  return new RowgraftError('plan-stale', isTakenNow(key, staged), { hint: changedSince, cause: error.cause })
}

/**
 * Throws `plan-stale` when a key that a row keeps, or was given, belongs to a live row by now. Where a unique index would say so of the
 * very row, and no trigger can have made that row meanwhile, it is left to say it.
 */
export const refuseTaken = async (writer: Writer, layout: Layout, staged: StagedTable): Promise<void> => {
  const rows = inserted(staged)
  const isLeftToServer = writer.canRead && layout.triggers.length === 0 && guardOf(staged) !== null
  if (rows.last === 0 || isLeftToServer) return
  const live = liveIdentity(layout, staged)
  await writer.check({
    query: sql`
      select ${asText('t', staged.table.identity)}
      from ${staged.stage} as s ${live.joins}
      join ${fromTable(staged.table.live)} as t on ${onLiveIdentity(layout, staged, 't')}
      where ${inRange('s', rows)}
      limit 1`,
    expect: { none: staged.table.identity.length },
    code: 'plan-stale',
    message: ({ row }) => isTakenNow(displayKey(packKey(row)), staged),
    hint: changedSince,
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
      `row ${displayKey(packKey(row))} of "${staged.table.id}" has two references that share a column and moved apart`,
    hint: 'Answer the conflicts of their parents alike, or leave the row out with --without.',
  })
}
