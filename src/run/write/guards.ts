/** Locks the live rows a plan relies on, after the transfer, and checks that they are still what the plan saw. */
import { sql } from 'kysely'
import { all, column, list, type Query } from '../../database/names.ts'
import type { Writer } from '../../database/session/reader.ts'
import type { ErrorCode } from '../../errors.ts'
import { displayKey, packKey } from '../../keys/key.ts'
import { keptDigest, storedColumns } from '../../sql/images.ts'
import { asText, batchSize, fromTable, inBatches } from '../../sql/rows.ts'
import { liveIdentity, onLiveIdentity } from '../keys/live-identity.ts'
import {
  inRange,
  type Layout,
  type OrdinalRange,
  ordinalOf,
  type StagedStep,
  type StagedTable,
} from '../stage/staged.ts'
import { writtenAt } from './row-writers.ts'
import { stillEmpty } from './write.ts'

/** How a refused guard is told: a plan is stale, an undo is refused. */
export interface Refusal {
  readonly code: Extract<ErrorCode, 'plan-stale' | 'undo-refused'>
  readonly hint: string
}

const lock = async (
  writer: Writer,
  layout: Layout,
  { staged, range, strength }: { readonly staged: StagedTable; readonly range: OrdinalRange; readonly strength: Query },
): Promise<void> => {
  const live = liveIdentity(layout, staged)
  await writer.execute(sql`
    select pg_catalog.count(*)::text
    from (
      select 1
      from ${fromTable(staged.table.live)} as t
      join (select s.* from ${staged.stage} as s where ${inRange('s', range)}) as s on true ${live.joins}
      where ${onLiveIdentity(layout, staged, 't')}
      for ${strength} of t
    ) as locked`)
}

const nameRow =
  (staged: StagedTable) =>
  (key: readonly string[]): string =>
    `${staged.table.id} ${displayKey(packKey(key))}`

/** Locks every row that is updated, deleted or stands in. Throws when one of them is gone. */
export const lockRows = async (writer: Writer, layout: Layout, refusal: Refusal): Promise<void> => {
  for (const staged of layout.tables.values()) {
    const wanted = [
      ...staged.standIns.map(({ range }) => ({ range, strength: sql`key share` })),
      ...staged.steps.flatMap(({ step, range }) =>
        step.action === 'insert'
          ? []
          : [{ range, strength: step.action === 'delete' ? sql`update` : sql`no key update` }],
      ),
    ]
    for (const { range, strength } of wanted) {
      await lock(writer, layout, { staged, range, strength })
      const rows = range.last - range.first + 1
      await writer.check({
        query: goneRows(layout, staged, range),
        expect: { none: staged.table.identity.length },
        ...refusal,
        message: ({ count }) => `${count} of ${rows} live rows of "${staged.table.id}" are gone`,
        nameRow: nameRow(staged),
      })
    }
  }
}

const goneRows = (layout: Layout, staged: StagedTable, range: OrdinalRange): Query => {
  const live = liveIdentity(layout, staged)
  return sql`
    select ${asText('s', staged.table.identity)}
    from ${staged.stage} as s ${live.joins}
    where ${inRange('s', range)}
      and not exists (select from ${fromTable(staged.table.live)} as t where ${onLiveIdentity(layout, staged, 't')})
    order by ${ordinalOf('s')}`
}

/** Compares locked rows with the digests of the plan, and survivors with emptiness. Throws naming the rows. */
export const checkGuards = async (writer: Writer, layout: Layout, refusal: Refusal): Promise<void> => {
  for (const staged of layout.tables.values()) {
    const guarded = staged.steps.filter(({ step }) => (step.guards ?? []).length > 0 || step.because === 'survivor')
    if (guarded.length === 0) continue
    const at = await writtenAt(writer, staged.table.live, 't')
    for (const part of guarded) {
      const changed = [
        ...changedRows(layout, staged, { ...part, at }),
        ...(part.step.because === 'survivor' ? [filledRows(layout, staged, { ...part, at })] : []),
      ]
      for (const query of changed) {
        await writer.check({
          query,
          expect: { none: staged.table.identity.length + 1 },
          ...refusal,
          message: ({ count }) =>
            `${count === '1' ? 'a live row' : `${count} live rows`} of "${staged.table.id}" changed since`,
          nameRow: (row) => {
            const [key, when = ''] = [row.slice(0, -1), row.at(-1)]
            return `${nameRow(staged)(key)}${when === '' ? '' : `, written ${when}`}`
          },
        })
      }
    }
  }
}

interface Guarded extends StagedStep {
  /** When a row `t` was written, as text. */
  readonly at: Query
}

/** Rows that no longer have the image the plan saw, batch by batch. */
const changedRows = (layout: Layout, staged: StagedTable, { step, range, at }: Guarded): readonly Query[] => {
  const live = liveIdentity(layout, staged)
  return [...inBatches(step.guards ?? [])].map((batch, index) => {
    const digests = `{${batch.map((guard) => (guard === '' ? 'NULL' : guard)).join(',')}}`
    const offset = String(range.first - 1 + index * batchSize)
    return sql`
      select ${asText('t', staged.table.identity)}, ${at}
      from pg_catalog.unnest(${digests}::bigint[]) with ordinality as guard(digest, position)
      join ${staged.stage} as s on ${ordinalOf('s')} = guard.position + ${offset}::bigint ${live.joins}
      join ${fromTable(staged.table.live)} as t on ${onLiveIdentity(layout, staged, 't')}
      where ${keptDigest('t', staged.table.live, staged.table.identity)} is distinct from guard.digest
      order by ${ordinalOf('s')}`
  })
}

const filledRows = (layout: Layout, staged: StagedTable, { step, range, at }: Guarded): Query => {
  const live = liveIdentity(layout, staged)
  return sql`
    select ${asText('t', staged.table.identity)}, ${at}
    from ${staged.stage} as s ${live.joins}
    join ${fromTable(staged.table.live)} as t on ${onLiveIdentity(layout, staged, 't')}
    where ${inRange('s', range)} and not ${stillEmpty(layout, staged, step)}
    order by ${ordinalOf('s')}`
}

/** Keeps the images of the rows that are about to be updated or deleted, in the transaction. */
export const keepImages = async (writer: Writer, layout: Layout): Promise<void> => {
  for (const staged of layout.tables.values()) {
    const ranges = staged.steps.filter(({ step }) => step.action !== 'insert').map(({ range }) => range)
    const live = liveIdentity(layout, staged)
    const stored = storedColumns(staged.table.live).map((name) => column('t', name))
    const wanted =
      ranges.length === 0
        ? sql`false`
        : sql`(${list(
            ranges.map((range) => inRange('s', range)),
            ' or ',
          )})`
    await writer.execute(sql`
      create temporary table ${staged.before} on commit drop as
      select ${ordinalOf('s')}, ${list(stored)}
      from ${staged.stage} as s ${live.joins}
      join ${fromTable(staged.table.live)} as t on ${onLiveIdentity(layout, staged, 't')}
      where ${all([wanted])}`)
  }
}
