/** Picking: rows, incidents, columns, and what comes along. Pure. */

import { cycleOption } from '../models/along-options.ts'
import { type AlongNode, alongNodes } from '../models/along-tree.ts'
import { chosenColumns, currentRow, rowAt } from '../models/cursor.ts'
import { incidentEntries } from '../models/incident-entries.ts'
import { rowLines } from '../models/row-lines.ts'
import type { Transition } from '../state/actions.ts'
import { beginWork } from '../state/jobs.ts'
import {
  changeRows,
  chooseColumns,
  isPickable,
  isPicked,
  noPicks,
  type PickChange,
  type Picks,
  type RowsSource,
  sourceId,
  withRows,
} from '../state/picks.ts'
import {
  type Chosen,
  listIndex,
  type RowScreen,
  type RowsScreen,
  rowsOf,
  type State,
  screenOf,
  viewLength,
} from '../state/state.ts'
import { needPlan } from './going.ts'
import { moveBy, pickRange, readInSight, withScreen } from './moving.ts'

export const withPicks = (state: State, picks: Picks): State => ({ ...state, picks, isStale: true })

const toggleIncident = (state: State, filter: string, cursor: number): State => {
  const entry = incidentEntries(state, filter)[cursor]
  if (entry === undefined) return state
  const incidents = new Map(state.picks.incidents)
  if (!incidents.delete(entry.id)) incidents.set(entry.id, entry.label)
  return withPicks(state, { ...state.picks, incidents })
}

const rowsWords = {
  extra: 'it is only in live: there is nothing to bring back',
  restored: 'an earlier run brought it back under another id',
} as const

const changeListed = (state: State, source: RowsSource, change: PickChange): State => {
  const rows = rowsOf(state, source)
  if (rows === undefined) return state
  const id = sourceId(source)
  return withPicks(state, withRows(state.picks, id, changeRows(state.picks.rows.get(id), rows, change)))
}

const toggleRow = (state: State, screen: RowsScreen): Transition => {
  if (screen.anchor !== null) {
    const picked = pickRange(state)
    return readInSight(withScreen(picked, { ...screen, anchor: null }))
  }
  const at = rowAt(state, { source: screen.source, position: screen.cursor })
  if (at === null) return [state]
  const rowState = at.rows.list.stateAt(at.index)
  if (!isPickable(rowState)) {
    const why = rowState === 'extra' || rowState === 'restored' ? rowsWords[rowState] : 'it cannot be picked'
    return readInSight(moveBy({ ...state, message: { kind: 'note', text: why } }, 1))
  }
  return readInSight(moveBy(changeListed(state, screen.source, { indexes: [at.index], change: 'flip' }), 1))
}

const changeColumns = (state: State, screen: RowScreen, columns: readonly string[]): Transition => {
  if (screen.from === null) return [{ ...state, message: { kind: 'note', text: 'pick it in the list of its table' } }]
  const at = rowAt(state, screen.from)
  if (at === null) return [state]
  const id = sourceId(screen.from.source)
  const known = state.picks.rows.get(id) ?? changeRows(undefined, at.rows, { indexes: [], change: 'on' })
  const carried = known.list === at.rows.list ? known : changeRows(undefined, at.rows, { indexes: [], change: 'on' })
  return [withPicks(state, withRows(state.picks, id, chooseColumns(carried, at.index, columns)))]
}

const toggleColumn = (state: State, screen: RowScreen): Transition => {
  const row = currentRow(state)
  if (row === null) return [state]
  if (row.state === 'missing' || row.state === 'reused' || row.state === 'deleted') {
    if (screen.from === null) return [{ ...state, message: { kind: 'note', text: 'pick it in the list of its table' } }]
    const at = rowAt(state, screen.from)
    if (at === null) return [state]
    return [changeListed(state, screen.from.source, { indexes: [at.index], change: 'flip' })]
  }
  const found = rowLines(row)[screen.cursor]
  if (row.state !== 'changed' || found === undefined || !found.isChanged) {
    return [{ ...state, message: { kind: 'note', text: 'live has the same: there is nothing to put back' } }]
  }
  const chosen = chosenColumns(state, screen)
  const columns = chosen.includes(found.column)
    ? chosen.filter((name) => name !== found.column)
    : row.columns.filter((name) => name === found.column || chosen.includes(name))
  return changeColumns(state, screen, columns)
}

const nodesOf = (state: State): readonly AlongNode[] =>
  state.planned === null ? [] : alongNodes(state.planned.plan, state.chosen, state.overview)

const withChosen = (state: State, chosen: Chosen): Transition => needPlan({ ...state, chosen, isStale: true })

const toggleNode = (state: State, node: AlongNode, by: 1 | -1): Transition => {
  const { chosen } = state
  const { toggle } = node
  if (toggle === null) {
    const text =
      node.kind === 'note' ? 'b brings it along, where that can be' : 'you picked it: leave it out where you did'
    return [{ ...state, message: { kind: 'note', text } }]
  }
  if (toggle.what === 'option') return withChosen(state, cycleOption(chosen, toggle.option, by))
  if (toggle.what === 'survivors')
    return withChosen(state, { ...chosen, relink: chosen.relink === 'none' ? 'evidence' : 'none' })
  const isOut = chosen.without.includes(toggle.table)
  const without = isOut ? chosen.without.filter((table) => table !== toggle.table) : [...chosen.without, toggle.table]
  return withChosen(state, { ...chosen, without })
}

/** Left and right on the tree: only options turn. */
export const turnOption = (state: State, by: 1 | -1): Transition => {
  const screen = screenOf(state)
  const node = screen.at === 'along' ? nodesOf(state)[screen.cursor] : undefined
  return node?.kind === 'option' ? toggleNode(state, node, by) : [state]
}

/** Space. */
export const pick = (state: State): Transition => {
  const screen = screenOf(state)
  switch (screen.at) {
    case 'incidents':
      return [moveBy(toggleIncident(state, screen.filter, screen.cursor), 1)]
    case 'rows':
      return toggleRow(state, screen)
    case 'row':
      return toggleColumn(state, screen)
    case 'along': {
      const node = nodesOf(state)[screen.cursor]
      return node === undefined ? [state] : toggleNode(state, node, 1)
    }
    default:
      return [state]
  }
}

function* viewIndexes(state: State, screen: RowsScreen): Generator<number> {
  const rows = rowsOf(state, screen.source)
  if (rows === undefined) return
  for (let position = 0; position < viewLength(rows); position++) yield listIndex(rows, position)
}

/** All in view, none of them, or the others. */
export const pickMany = (state: State, change: PickChange['change']): Transition => {
  const screen = screenOf(state)
  if (screen.at === 'rows') return [changeListed(state, screen.source, { indexes: viewIndexes(state, screen), change })]
  if (screen.at === 'row') {
    const row = currentRow(state)
    if (row === null || row.state !== 'changed') return [state]
    const chosen = chosenColumns(state, screen)
    const columns =
      change === 'on' ? row.columns : change === 'off' ? [] : row.columns.filter((name) => !chosen.includes(name))
    return changeColumns(state, screen, columns)
  }
  if (screen.at !== 'incidents') return [state]
  // What was picked by a statement, or elsewhere, is dropped with the rest: here one begins anew.
  if (change === 'off')
    return [withPicks({ ...state, message: { kind: 'note', text: 'nothing is picked any more' } }, noPicks)]
  const incidents = new Map(state.picks.incidents)
  for (const { id, label, incident } of incidentEntries(state, screen.filter)) {
    if (incidents.has(id)) {
      if (change === 'flip') incidents.delete(id)
    } else if (incident !== null) incidents.set(id, label)
  }
  return [withPicks(state, { ...state.picks, incidents })]
}

/** Begins a range, or picks what it holds. */
export const range = (state: State): Transition => {
  const screen = screenOf(state)
  if (screen.at !== 'rows') return [state]
  if (screen.anchor === null) return [withScreen(state, { ...screen, anchor: screen.cursor })]
  return [withScreen(pickRange(state), { ...screen, anchor: null })]
}

/** The next or previous row of the list that is picked. */
export const nextPicked = (state: State, by: 1 | -1): Transition => {
  const screen = screenOf(state)
  const rows = screen.at === 'rows' ? rowsOf(state, screen.source) : undefined
  if (screen.at !== 'rows' || rows === undefined) return [state]
  const picks = state.picks.rows.get(sourceId(screen.source))
  for (let position = screen.cursor + by; position >= 0 && position < viewLength(rows); position += by) {
    if (isPicked(picks, listIndex(rows, position))) return readInSight(moveBy(state, position - screen.cursor))
  }
  return [{ ...state, message: { kind: 'note', text: 'no other row is picked that way' } }]
}

/** Brings along what the line under the cursor says is left out. */
export const bring = (state: State): Transition => {
  const screen = screenOf(state)
  const node = screen.at === 'along' ? nodesOf(state)[screen.cursor] : undefined
  switch (node?.bring) {
    case 'links':
      return withChosen(state, { ...state.chosen, links: 'pull' })
    case 'survivors':
      return withChosen(state, { ...state.chosen, relink: 'all' })
    case 'children':
      return withChosen(state, { ...state.chosen, children: 'all' })
    default:
      return [{ ...state, message: { kind: 'note', text: 'there is nothing to bring along here' } }]
  }
}

/** A row that is still there: what is missing below it is picked, and shown. */
export const pickUnder = (state: State, table: string, key: string): State => {
  const isKnown = state.picks.under.some((row) => row.table === table && row.key === key)
  return isKnown ? state : withPicks(state, { ...state.picks, under: [...state.picks.under, { table, key }] })
}

export const sortRows = (state: State): Transition => {
  const screen = screenOf(state)
  const rows = screen.at === 'rows' ? rowsOf(state, screen.source) : undefined
  if (screen.at !== 'rows' || rows === undefined) return [state]
  const names = rows.list.columns.map(({ name }) => name)
  const sort = rows.sort
  const at = sort === null ? -1 : names.indexOf(sort.column)
  const next =
    sort !== null && !sort.descending
      ? { column: sort.column, descending: true }
      : names[at + 1] === undefined
        ? null
        : { column: names[at + 1] ?? '', descending: false }
  return beginWork(state, { kind: 'view', source: screen.source, list: rows.list, filter: rows.filter, sort: next })
}
