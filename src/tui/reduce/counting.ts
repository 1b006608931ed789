/** What is counted by itself, and what only when somebody asks: very large tables. Pure. */

import { notLookedAt } from '../models/incident-entries.ts'
import { isBeingCounted, tableEntries } from '../models/table-entries.ts'
import type { Step } from '../state/actions.ts'
import { begin } from '../state/jobs.ts'
import { isVeryLarge } from '../state/limits.ts'
import { type State, screenOf, type TableCounts } from '../state/state.ts'

/** Begins counting what is not counted yet, or all of it. A very large table is left alone until it was asked for. */
export const countAll = (state: State, states: TableCounts['states']): Step => {
  const open = (state.overview ?? []).filter((own) => {
    const known = state.counts.get(own.table)
    if (!own.restorable || isBeingCounted(state, own.table)) return false
    return known === undefined ? !isVeryLarge(own, state.limits) : states === 'everything' && known.states === 'keys'
  })
  return open.length === 0 ? [state] : begin(state, { kind: 'count', tables: open.map(({ table }) => table), states })
}

/** Looks for what is missing: in all tables, or in all but the very large ones. */
const lookForIncidents = (state: State, isAll: boolean): Step => {
  const large = isAll ? [] : (state.overview ?? []).filter((own) => isVeryLarge(own, state.limits))
  return begin(state, { kind: 'incidents', without: large.map(({ table }) => table) })
}

/** Looks once more, at what was looked at before. */
export const findIncidents = (state: State): Step =>
  lookForIncidents(state, state.incidents !== null && notLookedAt(state.incidents).length === 0)

/** Somebody asks for it: the table under the cursor; or, where incidents are told, all that are very large. */
export const countLarge = (state: State): Step => {
  const screen = screenOf(state)
  if (screen.at !== 'tables') return lookForIncidents(state, true)
  const entry = tableEntries(state, screen)[screen.cursor]
  return entry === undefined ? [state] : begin(state, { kind: 'count', tables: [entry.table], states: 'keys' })
}
