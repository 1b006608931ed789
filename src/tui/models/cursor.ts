/**
 * What is under the cursor. Pure.
 *
 * As in every file of `models/`, the state comes in, and out goes what is read from it alike by reducer and screens. It imports `state/` and
 * `format/`.
 */
import { displayKey } from '../../data.ts'
import type { RowReport } from '../../index.ts'
import { packKey } from '../../keys/key.ts'
import { isPicked, type RowsSource, sourceId } from '../state/picks.ts'
import { listIndex, type RowScreen, type Rows, rowsOf, type State, screenOf } from '../state/state.ts'

/** The list and the position in it that a screen is at. */
export const rowAt = (
  state: State,
  at: { readonly source: RowsSource; readonly position: number },
): { readonly rows: Rows; readonly index: number } | null => {
  const rows = rowsOf(state, at.source)
  if (rows === undefined) return null
  const index = listIndex(rows, at.position)
  return index < 0 || index >= rows.list.length ? null : { rows, index }
}

/** A row's key as people type it. */
export const typedKey = (rows: Rows, index: number): string => displayKey(packKey(rows.list.keyAt(index)))

const ofRowScreen = (state: State, screen: RowScreen): RowReport | null => {
  if (state.row !== null && state.row.table === screen.table && state.row.key === screen.key) return state.row.shown
  const at = screen.from === null ? null : rowAt(state, screen.from)
  return at === null ? null : (at.rows.values.get(at.index) ?? null)
}

/** The row that is looked at: under the cursor of the list, or side by side. Null while its values are not there. */
export const currentRow = (state: State): RowReport | null => {
  const screen = screenOf(state)
  if (screen.at === 'row') return ofRowScreen(state, screen)
  if (screen.at !== 'rows') return null
  const at = rowAt(state, { source: screen.source, position: screen.cursor })
  return at === null ? null : (at.rows.values.get(at.index) ?? null)
}

/** The columns of a changed row that are put back: all that differ, unless somebody chose. */
export const chosenColumns = (state: State, screen: RowScreen): readonly string[] => {
  const row = currentRow(state)
  if (row === null || screen.from === null) return []
  const picks = state.picks.rows.get(sourceId(screen.from.source))
  const at = rowAt(state, screen.from)
  if (at === null || picks === undefined || !isPicked(picks, at.index)) return []
  return picks.columns.get(at.index) ?? row.columns
}
