/** Where the cursor is: on every screen with a list, the same keys. Pure. */

import { failedLines } from '../lines/failed.ts'
import { reportLines } from '../lines/report.ts'
import { reviewLines } from '../lines/review.ts'
import { alongNodes } from '../models/along-tree.ts'
import { currentRow } from '../models/cursor.ts'
import { incidentEntries } from '../models/incident-entries.ts'
import { rowLines } from '../models/row-lines.ts'
import { tableEntries } from '../models/table-entries.ts'
import type { Transition } from '../state/actions.ts'
import { beginWork } from '../state/jobs.ts'
import { changeRows, sourceId, withRows } from '../state/picks.ts'
import { listIndex, type RowsScreen, rowsOf, type Screen, type State, screenOf, viewLength } from '../state/state.ts'

/** Lines that a screen takes beside its body: header, blank, status, rule, footer. */
export const frameLines = 5
/** Lines of the screen of rows beside the rows: title, blank, column names. */
const rowsHead = 3

export const rowsHeight = ({ size }: State): number => Math.max(1, size.rows - frameLines - rowsHead)

/** Positions that a text can be scrolled to; some lines more than there are, for what stands above it. */
const lastPage = ({ size }: State, lines: readonly unknown[]): number =>
  Math.max(1, lines.length - (size.rows - frameLines) + 4)

/** How many things the cursor can be on. */
const countItems = (state: State, screen: Screen): number => {
  switch (screen.at) {
    case 'connect':
      return 2
    case 'incidents':
      return incidentEntries(state, screen.filter).length
    case 'tables':
      return tableEntries(state, screen).length
    case 'rows': {
      const rows = rowsOf(state, screen.source)
      return rows === undefined ? 0 : viewLength(rows)
    }
    case 'row': {
      const row = currentRow(state)
      return row === null ? 0 : rowLines(row).length
    }
    case 'along':
      return state.planned === null ? 0 : alongNodes(state.planned.plan, state.chosen, state.overview).length
    case 'runs':
      return state.runs?.length ?? 0
    // Text alone: as many positions as there are lines beyond the first screenful.
    case 'review':
      return lastPage(state, reviewLines(state, state.size.columns))
    case 'report':
      return lastPage(state, reportLines(screen, state.size.columns))
    case 'failed':
      return lastPage(state, failedLines(screen, state.size.columns))
    case 'run':
      return 0
  }
}

const clamp = (position: number, count: number): number => Math.max(0, Math.min(count - 1, position))

/** The screen on top, changed. */
export const withScreen = (state: State, screen: Screen): State => ({
  ...state,
  stack: [...state.stack.slice(0, -1), screen],
})

/** Keeps the cursor in sight, and the list full. */
const scroll = (state: State, screen: RowsScreen, count: number): RowsScreen => {
  const height = rowsHeight(state)
  const cursor = clamp(screen.cursor, count)
  const highest = Math.max(0, count - height)
  const top = Math.max(0, Math.min(highest, cursor, Math.max(screen.top, cursor - height + 1)))
  return { ...screen, cursor, top }
}

/** The cursor at a position, or as near as there is one. */
export const moveTo = (state: State, position: number): State => {
  const screen = screenOf(state)
  const count = countItems(state, screen)
  if (screen.at === 'run') return state
  if (screen.at === 'connect')
    return withScreen(state, { ...screen, field: clamp(position, 2) === 0 ? 'live' : 'backup' })
  if (screen.at === 'rows')
    return withScreen(state, scroll(state, { ...screen, cursor: clamp(position, count) }, count))
  return withScreen(state, { ...screen, cursor: clamp(position, count) })
}

export const cursorOf = (screen: Screen): number =>
  screen.at === 'connect' ? (screen.field === 'live' ? 0 : 1) : screen.at === 'run' ? 0 : screen.cursor

export const moveBy = (state: State, by: number): State => moveTo(state, cursorOf(screenOf(state)) + by)

/** Lines of a page. */
export const pageOf = (state: State): number =>
  screenOf(state).at === 'rows' ? rowsHeight(state) : Math.max(1, state.size.rows - frameLines - 4)

/** After a change of size, of a view or of what is listed: cursors are where they can be. */
export const settle = (state: State): State => {
  const screen = screenOf(state)
  return screen.at === 'run' ? state : moveTo(state, cursorOf(screen))
}

/** Values kept of one list: some thousand rows around where somebody looked. */
const mostValues = 4_000

/** Reads the rows in sight, and a page on either side, unless they are there or being read. */
export const readInSight = (state: State): Transition => {
  const screen = screenOf(state)
  if (screen.at !== 'rows' || state.jobs.some(({ kind }) => kind === 'page' || kind === 'view' || kind === 'list'))
    return [state]
  const rows = rowsOf(state, screen.source)
  if (rows === undefined) return [state]
  const height = rowsHeight(state)
  const wanted = (from: number, to: number): readonly number[] => {
    const indexes: number[] = []
    for (let position = Math.max(0, from); position < Math.min(to, viewLength(rows)); position++) {
      const index = listIndex(rows, position)
      if (!rows.values.has(index)) indexes.push(index)
    }
    return indexes
  }
  if (wanted(screen.top, screen.top + height).length === 0) return [state]
  const indexes = wanted(screen.top - height, screen.top + 2 * height)
  const kept = rows.values.size > mostValues ? { ...rows, values: new Map() } : rows
  const next = { ...state, rows: new Map([...state.rows, [sourceId(screen.source), kept]]) }
  return beginWork(next, { kind: 'page', source: screen.source, list: rows.list, indexes })
}

/** Moves, and takes the rows passed over into the range that was begun. */
export const rangeBy = (state: State, by: number): Transition => {
  const screen = screenOf(state)
  if (screen.at !== 'rows') return [state]
  const begun = screen.anchor === null ? withScreen(state, { ...screen, anchor: screen.cursor }) : state
  return readInSight(pickRange(moveBy(begun, by)))
}

/** Picks every row between the beginning of the range and the cursor. */
export const pickRange = (state: State): State => {
  const screen = screenOf(state)
  if (screen.at !== 'rows' || screen.anchor === null) return state
  const rows = rowsOf(state, screen.source)
  if (rows === undefined) return state
  const [from, to] = [Math.min(screen.anchor, screen.cursor), Math.max(screen.anchor, screen.cursor)]
  const indexes = Array.from({ length: to - from + 1 }, (_, offset) => listIndex(rows, from + offset))
  const id = sourceId(screen.source)
  const picked = changeRows(state.picks.rows.get(id), rows, { indexes, change: 'on' })
  return { ...state, picks: withRows(state.picks, id, picked), isStale: true }
}
