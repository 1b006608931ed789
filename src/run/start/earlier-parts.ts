/**
 * A plan that is run in parts: triggers of a later part must not change rows that an earlier one has brought back. Such a counter is right
 * as it is, and the rows it counts are still to come; within one part it would be set back.
 */
import { sql } from 'kysely'
import type { SharedCatalog } from '../../catalog/shared.ts'
import { column, list } from '../../database/names.ts'
import type { Writer } from '../../database/session/reader.ts'
import { RowgraftError } from '../../errors.ts'
import { displayKey, packKey } from '../../keys/key.ts'
import { fromTable } from '../../sql/rows.ts'
import type { JournalHead } from '../journal/journal-head.ts'
import { readWrittenRows } from '../journal/written-rows.ts'
import { isPlanned } from '../keys/live-identity.ts'
import type { Layout } from '../stage/staged.ts'
import { mayBeUpdated } from '../verify/xact-counts.ts'
import { isWrittenByUs, tellsWriters } from '../write/row-writers.ts'

/** Live keys of the rows that parts of the plan have written, by table. */
const readEarlier = async (
  parts: readonly JournalHead[],
  tables: ReadonlySet<string>,
): Promise<ReadonlyMap<string, ReadonlySet<string>>> => {
  const keys = new Map<string, Set<string>>()
  for (const { path } of parts) {
    for await (const { table, rows } of readWrittenRows(path)) {
      if (!tables.has(table)) continue
      const known = keys.get(table) ?? new Set<string>()
      keys.set(table, known)
      for (const { live } of rows) known.add(packKey(live))
    }
  }
  return keys
}

/** Throws `verification-failed` naming rows of earlier parts that triggers of this one changed. */
export const refuseChangedParts = async (
  writer: Writer,
  layout: Layout,
  { catalog, parts }: { readonly catalog: SharedCatalog; readonly parts: readonly JournalHead[] },
): Promise<void> => {
  const changed = new Map<string, readonly string[]>()
  for (const id of new Set(parts.flatMap(({ plan }) => plan.steps.map(({ table }) => table)))) {
    const table = catalog.tables.get(id)
    if (table === undefined || !(await tellsWriters(writer, table.live))) continue
    const rows = await writer.rows(sql`
      select ${list(table.identity.map((name) => sql`${column('c', name)}::text`))}
      from ${fromTable(table.live)} as c
      where ${mayBeUpdated({ table })} and pg_catalog.age(c.xmin) <= 0 and ${isWrittenByUs(sql`c.xmin::text::bigint`)}
        and not ${isPlanned(layout, id)}`)
    if (rows.length > 0)
      changed.set(
        id,
        rows.map((row) => packKey(row)),
      )
  }
  if (changed.size === 0) return
  const earlier = await readEarlier(parts, new Set(changed.keys()))
  const found = [...changed].flatMap(([id, keys]) =>
    keys.filter((key) => earlier.get(id)?.has(key)).map((key) => `${id} ${displayKey(key)}`),
  )
  if (found.length === 0) return
  throw new RowgraftError(
    'verification-failed',
    'triggers of this part changed rows that an earlier part brought back',
    {
      detail: found.slice(0, 10).join('\n'),
      advice:
        'Take the parts back with "rowgraft undo", and restore all in one transaction: without --commit-every, or with --triggers off.',
    },
  )
}
