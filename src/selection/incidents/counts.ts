/** How many rows belong to each incident, per table, and how many to none. Pure. */
import { isBookkeeping } from '../../catalog/conventions/bookkeeping.ts'
import type { SharedTable } from '../../catalog/shared.ts'
import type { Loss, MissingRows } from './missing.ts'
import type { LeftOutRows } from './no-incident.ts'
import type { IncidentTable } from './report.ts'

interface Count {
  rows: number
  marked: number
}

type Counts = Map<SharedTable, Count>

const countRow = (counts: Counts, table: SharedTable, loss: Loss): void => {
  const own = counts.get(table) ?? { rows: 0, marked: 0 }
  counts.set(table, own)
  own.rows++
  if (loss === 'marked') own.marked++
}

const toTables = (counts: Counts): readonly IncidentTable[] =>
  [...counts]
    .sort(([a, m], [b, n]) => n.rows - m.rows || (a.id < b.id ? -1 : 1))
    .map(([{ id, ends }, { rows, marked }]) => ({
      table: id,
      rows,
      isLink: ends !== null,
      ...(marked > 0 ? { marked } : {}),
    }))

/** Missing rows per group and table, most rows first; `rest` are those in no group. */
export const countRows = (
  missing: MissingRows,
  groups: number,
  groupOf: (row: number) => number,
): { readonly counts: readonly (readonly IncidentTable[])[]; readonly rest: readonly LeftOutRows[] } => {
  const counts = Array.from({ length: groups }, (): Counts => new Map())
  const [books, markedBefore]: readonly [Counts, Counts] = [new Map(), new Map()]
  for (let row = 0; row < missing.size; row++) {
    const table = missing.tableOf(row)
    const rest = missing.wasMarked(row) && !isBookkeeping(table) ? markedBefore : books
    countRow(counts[groupOf(row)] ?? rest, table, missing.lossOf(row))
  }
  const toEntries = (of: Counts, kind: 'bookkeeping' | 'marked before'): readonly LeftOutRows[] =>
    [...of].map(([{ id }, { rows }]) => ({ kind, id: null, table: id, rows }))
  return {
    counts: counts.map(toTables),
    rest: [...toEntries(books, 'bookkeeping'), ...toEntries(markedBefore, 'marked before')],
  }
}
