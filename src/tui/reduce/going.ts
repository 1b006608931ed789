/** From screen to screen. Pure. */

import { wordDrift } from '../../format/reasons/drift.ts'
import { wordRefusal } from '../../format/reasons/refusal.ts'
import { alongNodes } from '../models/along-tree.ts'
import { currentRow, rowAt, typedKey } from '../models/cursor.ts'
import { incidentEntries, notLookedAt } from '../models/incident-entries.ts'
import { rowLines } from '../models/row-lines.ts'
import { tableEntries } from '../models/table-entries.ts'
import type { Transition } from '../state/actions.ts'
import { andThen, beginWork, connect, giveUp } from '../state/jobs.ts'
import { type RowsSource, sourceId } from '../state/picks.ts'
import { jobOf, rowsOf, type Screen, type State, screenOf } from '../state/state.ts'
import { countAll } from './counting.ts'
import { readInSight, settle, withScreen } from './moving.ts'
import { showText } from './opening.ts'

export const push = (state: State, screen: Screen): State => ({ ...state, stack: [...state.stack, screen] })

export const goIncidents = (state: State): Transition => {
  const at = state.stack.findIndex((screen) => screen.at === 'incidents')
  const first: Screen = { at: 'incidents', cursor: 0, filter: '' }
  const next: State = { ...state, stack: at === -1 ? [first] : state.stack.slice(0, at + 1) }
  // After a run they are counted again when somebody looks.
  const isCounted = state.incidents !== null || jobOf(state, 'incidents', 'tables') !== undefined
  return isCounted ? [next] : beginWork(next, { kind: 'tables' })
}

export const goTables = (state: State): Transition => {
  const at = state.stack.findIndex((screen) => screen.at === 'tables')
  const screen: Screen = { at: 'tables', cursor: 0, sort: 'missing', filter: '' }
  const next = at === -1 ? push(state, screen) : { ...state, stack: state.stack.slice(0, at + 1) }
  return countAll(next, 'keys')
}

/** The rows of a table, or of an incident. They are listed when they are not yet. */
export const goRows = (state: State, source: RowsSource): Transition => {
  const next = push(state, { at: 'rows', source, cursor: 0, top: 0, left: 0, anchor: null })
  return rowsOf(state, source) === undefined ? beginWork(next, { kind: 'list', source }) : readInSight(settle(next))
}

const goRow = (state: State, source: RowsSource, position: number): Transition => {
  const at = rowAt(state, { source, position })
  if (at === null) return [state]
  const key = typedKey(at.rows, at.index)
  const screen: Screen = { at: 'row', table: source.table, key, from: { source, position }, cursor: 0 }
  const next = screenOf(state).at === 'row' ? withScreen(state, screen) : push(state, screen)
  return beginWork(next, { kind: 'row', table: source.table, key })
}

/** A row by its key: one that a reference leads to. */
export const goKey = (state: State, table: string, key: string): Transition =>
  beginWork(push(state, { at: 'row', table, key, from: null, cursor: 0 }), { kind: 'row', table, key })

/** The next or previous row of the list that this one is of. */
export const goBeside = (state: State, by: 1 | -1): Transition => {
  const screen = screenOf(state)
  if (screen.at !== 'row' || screen.from === null) return [state]
  const { source, position } = screen.from
  const [next, ...effects] = goRow(state, source, position + by)
  // Coming back, the cursor stands where one has been.
  const stack = next.stack.map((own) =>
    own.at === 'rows' && sourceId(own.source) === sourceId(source) && next !== state
      ? { ...own, cursor: position + by }
      : own,
  )
  return [{ ...next, stack }, ...effects]
}

export const needPlan = (state: State): Transition => {
  if (!state.isStale && state.planned !== null && state.planned.undoes === null) return [state]
  const { picks, chosen, answers, incidents } = state
  const without = incidents === null ? [] : notLookedAt(incidents)
  const overwritten = (incidents?.incidents ?? []).filter(
    ({ id, kind }) => kind === 'overwritten' && picks.incidents.has(id),
  )
  const overwrote = Object.fromEntries(overwritten.map(({ id, table }) => [id, table]))
  const known = overwritten.length === 0 ? {} : { overwrote }
  return beginWork({ ...state, isStale: false }, { kind: 'plan', picks, chosen, answers, without, ...known })
}

export const goAlong = (state: State): Transition => needPlan(push(state, { at: 'along', cursor: 0 }))

export const goReview = (state: State): Transition =>
  needPlan(push(state, { at: 'review', cursor: 0, conflict: 0, undoes: null, painted: null }))

export const goUndo = (state: State, run: string | null): Transition =>
  beginWork(
    push({ ...state, planned: null }, { at: 'review', cursor: 0, conflict: 0, undoes: run ?? '', painted: null }),
    {
      kind: 'undo',
      run,
    },
  )

export const goRuns = (state: State): Transition => beginWork(push(state, { at: 'runs', cursor: 0 }), { kind: 'runs' })

const valueLines = (text: string | null | undefined): readonly string[] =>
  text === null ? ['∅ (NULL)'] : text === undefined ? ['(not there)'] : text.split(/(?<!\\)\\n/)

const wholeValue = (state: State, cursor: number): Transition => {
  const row = currentRow(state)
  const found = row === null ? undefined : rowLines(row)[cursor]
  if (found === undefined) return [state]
  const sides: readonly string[] = found.isSame
    ? valueLines(found.backup)
    : [
        'live',
        ...valueLines(found.live).map((text) => `  ${text}`),
        '',
        'backup',
        ...valueLines(found.backup).map((text) => `  ${text}`),
      ]
  return [showText(state, found.column, sides)]
}

const tableDeeper = (state: State, screen: Extract<Screen, { at: 'tables' }>): Transition => {
  const entry = tableEntries(state, screen)[screen.cursor]
  if (entry === undefined) return [state]
  if (entry.restorable) return goRows(state, { table: entry.table, incident: null })
  const why = entry.refusal === null ? 'it cannot be restored' : wordRefusal(entry.refusal)
  return [showText(state, entry.table, [why, '', ...entry.drift.map(wordDrift)])]
}

/** Enter. */
export const deeper = (state: State): Transition => {
  const screen = screenOf(state)
  switch (screen.at) {
    case 'incidents': {
      const entry = incidentEntries(state, screen.filter)[screen.cursor]
      return entry === undefined ? [state] : goRows(state, { table: entry.table, incident: entry.id })
    }
    case 'tables':
      return tableDeeper(state, screen)
    case 'rows':
      return goRow(state, screen.source, screen.cursor)
    case 'row':
      return wholeValue(state, screen.cursor)
    case 'along': {
      const node =
        state.planned === null ? undefined : alongNodes(state.planned.plan, state.chosen, state.overview)[screen.cursor]
      return node === undefined || node.table === '' ? [state] : goRows(state, { table: node.table, incident: null })
    }
    default:
      return [state]
  }
}

/** Escape: what is being read is given up first; then back. */
export const back = (state: State): Transition => {
  const screen = screenOf(state)
  if (screen.at === 'rows' && screen.anchor !== null) return [withScreen(state, { ...screen, anchor: null })]
  const rows = screen.at === 'rows' ? rowsOf(state, screen.source) : undefined
  const isReading =
    jobOf(state, 'view', 'list', 'row', 'statement', 'verify', 'incidents', 'overwritten', 'count', 'tables') !==
    undefined
  const isHere = state.stack.length === 1 || (screen.at === 'rows' && jobOf(state, 'view', 'list') !== undefined)
  if (isReading && isHere) {
    const [next, ...effects] = giveUp(state, [
      'view',
      'list',
      'row',
      'statement',
      'verify',
      'incidents',
      'overwritten',
      'count',
      'tables',
    ])
    const noted: State = { ...next, message: { kind: 'note', text: 'stopped; ctrl-r reads again' } }
    if (screen.at === 'rows' && rows === undefined) return [{ ...noted, stack: state.stack.slice(0, -1) }, ...effects]
    return [noted, ...effects]
  }
  if (screen.at === 'rows' && rows !== undefined && (rows.filter !== '' || rows.sort !== null)) {
    const plain = { ...rows, view: null, filter: '', sort: null }
    return readInSight(settle({ ...state, rows: new Map([...state.rows, [sourceId(screen.source), plain]]) }))
  }
  if ((screen.at === 'tables' || screen.at === 'incidents') && screen.filter !== '')
    return [settle(withScreen(state, { ...screen, filter: '' }))]
  if (state.stack.length === 1) return [state]
  const gone =
    screen.at === 'along' || screen.at === 'review' ? giveUp(state, ['plan', 'undo']) : giveUp(state, ['row', 'page'])
  return andThen(gone, (own) => {
    // An undo's plan is of no use anywhere else; one that was given up must be made again.
    const lost = screen.at === 'review' && screen.undoes !== null ? { planned: null, isStale: true } : {}
    const isGivenUp = jobOf(state, 'plan') !== undefined
    const next = {
      ...own,
      ...lost,
      ...(isGivenUp ? { isStale: true } : {}),
      stack: own.stack.slice(0, -1),
      message: null,
    }
    return readInSight(settle(next))
  })
}

/** Reads what the screen shows once more. */
export const readAgain = (state: State): Transition => {
  const screen = screenOf(state)
  if (screen.at === 'connect') return connect(state)
  if (screen.at === 'runs') return beginWork(state, { kind: 'runs' })
  if (screen.at === 'rows') return beginWork(state, { kind: 'list', source: screen.source })
  if (screen.at === 'row') return beginWork(state, { kind: 'row', table: screen.table, key: screen.key })
  if (screen.at === 'along' || (screen.at === 'review' && screen.undoes === null))
    return needPlan({ ...state, isStale: true })
  if (screen.at === 'review' && screen.undoes !== null)
    return beginWork({ ...state, planned: null }, { kind: 'undo', run: screen.undoes === '' ? null : screen.undoes })
  // Which tables are very large is known first; the incidents follow.
  const [next, ...effects] = beginWork({ ...state, counts: new Map(), isStale: true }, { kind: 'tables' })
  if (screen.at === 'report' || screen.at === 'failed')
    return [{ ...next, stack: [{ at: 'incidents', cursor: 0, filter: '' }] }, ...effects]
  return [next, ...effects]
}
