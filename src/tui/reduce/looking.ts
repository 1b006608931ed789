/** What is under the cursor. Pure. */
import { displayKey } from '../../data.ts'
import type { RowReport } from '../../index.ts'
import { listIndex, type RowScreen, type Rows, type RowsSource, rowsOf, type State, screenOf } from '../state.ts'

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
export const typedKey = (rows: Rows, index: number): string => displayKey(rows.list.keyAt(index).join('\0'))

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
