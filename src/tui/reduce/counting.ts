/** What is counted by itself, and what only when somebody asks: very large tables. Pure. */

import { notLookedAt } from '../models/incident-entries.ts'
import { isBeingCounted, tableEntries } from '../models/table-entries.ts'
import type { Transition } from '../state/actions.ts'
import { beginWork } from '../state/jobs.ts'
import { isVeryLarge } from '../state/limits.ts'
import { type State, screenOf, type TableCounts } from '../state/state.ts'

/** Begins counting what is not counted yet, or all of it. A very large table is left alone until it was asked for. */
export const countAll = (state: State, states: TableCounts['states']): Transition => {
  const open = (state.overview ?? []).filter((own) => {
    const known = state.counts.get(own.table)
    if (!own.restorable || isBeingCounted(state, own.table)) return false
    return known === undefined ? !isVeryLarge(own, state.limits) : states === 'everything' && known.states === 'keys'
  })
  return open.length === 0
    ? [state]
    : beginWork(state, { kind: 'count', tables: open.map(({ table }) => table), states })
}

/** Looks for overwritten rows, in the tables that were looked at for what is missing: the smallest first. */
export const lookForOverwritten = (state: State): Transition => {
  const { incidents, overview } = state
  if (incidents === null || overview === null) return [state]
  const left = new Set(notLookedAt(incidents))
  const tables = overview
    .filter(({ table, restorable }) => restorable && !left.has(table))
    .sort((a, b) => (a.size?.bytes ?? 0) - (b.size?.bytes ?? 0))
    .map(({ table, size }) => ({ table, rows: Math.max(1, size?.rows ?? 1) }))
  const total = tables.reduce((sum, { rows }) => sum + rows, 0)
  return tables.length === 0 ? [state] : beginWork(state, { kind: 'overwritten', tables, done: 0, total })
}

/** Looks for what is missing, in the tables looked at before: all, or all but the very large ones. */
export const lookAgain = (state: State): Transition => {
  const isAll = state.incidents !== null && notLookedAt(state.incidents).length === 0
  const large = isAll ? [] : (state.overview ?? []).filter((own) => isVeryLarge(own, state.limits))
  return beginWork(state, { kind: 'incidents', without: large.map(({ table }) => table) })
}

/** Somebody asks for it: the table under the cursor; or, where incidents are told, all that are very large. */
export const countLarge = (state: State): Transition => {
  const screen = screenOf(state)
  if (screen.at !== 'tables') return beginWork(state, { kind: 'incidents', without: [] })
  const entry = tableEntries(state, screen)[screen.cursor]
  return entry === undefined ? [state] : beginWork(state, { kind: 'count', tables: [entry.table], states: 'keys' })
}
