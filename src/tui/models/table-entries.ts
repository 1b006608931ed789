/** What the screen of tables lists, in its order. Pure. */
import type { TableOverview } from '../../index.ts'
import { isVeryLarge } from '../state/limits.ts'
import type { State, TableCounts, TablesSort } from '../state/state.ts'

export interface TableEntry extends TableOverview {
  /** Null while it has not been counted. */
  readonly counts: TableCounts | null
}

/** It is being counted, or will be. */
export const isBeingCounted = ({ jobs }: State, table: string): boolean =>
  jobs.some(({ tables }) => tables.includes(table))

/** It is very large, and nobody has asked for it. */
export const isPutOff = (state: State, entry: TableEntry): boolean =>
  entry.counts === null && isVeryLarge(entry, state.limits) && !isBeingCounted(state, entry.table)

const weight = ({ counts, size }: TableEntry, sort: TablesSort): number => {
  if (counts === null) return sort === 'rows' ? (size?.rows ?? -1) : -1
  const { missing, changed, extra } = counts.diff
  return { missing, changed, extra, rows: counts.liveRows ?? 0, name: 0 }[sort]
}

/** Restorable tables first, by what is asked for; among equals the ones with differences, then by name. */
export const tableEntries = (
  { overview, counts }: State,
  { sort, filter }: { readonly sort: TablesSort; readonly filter: string },
): readonly TableEntry[] =>
  (overview ?? [])
    .filter(({ table }) => filter === '' || table.toLowerCase().includes(filter.toLowerCase()))
    .map((table) => ({ ...table, counts: counts.get(table.table) ?? null }))
    .sort(
      (a, b) =>
        Number(b.restorable) - Number(a.restorable) ||
        weight(b, sort) - weight(a, sort) ||
        (sort === 'name'
          ? 0
          : weight(b, 'changed') - weight(a, 'changed') || weight(b, 'extra') - weight(a, 'extra')) ||
        (a.table < b.table ? -1 : 1),
    )

export const nextSort: Readonly<Record<TablesSort, TablesSort>> = {
  missing: 'changed',
  changed: 'extra',
  extra: 'rows',
  rows: 'name',
  name: 'missing',
}
