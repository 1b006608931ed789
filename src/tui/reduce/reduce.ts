/**
 * The state after each action, and what is to be done. Pure: the same actions lead to the same screens.
 *
 * In come a state and an action; out goes a `Transition`. It imports everything of `tui/` but `screens/` and `effects/`.
 */
import { displayKey } from '../../data.ts'
import { packKey } from '../../keys/key.ts'
import type { Binding, Command } from '../bindings/binding.ts'
import { findBinding } from '../bindings/bindings.ts'
import { paletteEntries } from '../bindings/palette.ts'
import { currentRow } from '../models/cursor.ts'
import { rowLines } from '../models/row-lines.ts'
import { nextSort } from '../models/table-entries.ts'
import type { Action, Transition } from '../state/actions.ts'
import { beginWork, connect, giveUp } from '../state/jobs.ts'
import type { KeyName } from '../state/keys.ts'
import { countPicks } from '../state/picks.ts'
import { jobOf, type State, screenOf } from '../state/state.ts'
import { countAll, countLarge } from './counting.ts'
import { back, deeper, goAlong, goBeside, goIncidents, goKey, goReview, goTables, readAgain } from './going.ts'
import { moveBy, moveTo, pageOf, rangeBy, readInSight, settle, withScreen } from './moving.ts'
import { askLeave, askStop, help, overlayKey, palette } from './overlays.ts'
import { bring, nextPicked, pick, pickMany, pickUnder, range, sortRows, turnOption } from './picking.ts'
import { askAddress, askFilter, askStatement, paste } from './prompts.ts'
import { takeResult } from './results.ts'
import { answer, askPath, nextConflict, painted, rehearse, restoreReviewed, undoShown } from './reviewing.ts'
import { copyCommand, details, why } from './telling.ts'

const moved = (state: State): Transition => readInSight(state)

const leave = (state: State): Transition => {
  if (countPicks(state.picks) > 0) return [askLeave(state)]
  return [{ ...state, isLeaving: true }, { do: 'leave' }]
}

/** Ctrl-C: a run is asked about; other work is given up; else one leaves. */
const stop = (state: State): Transition => {
  if (jobOf(state, 'run') !== undefined) return [askStop(state)]
  // What is looked for while nobody waits is worth a word only where it is shown.
  const isShown = screenOf(state).at === 'incidents'
  const busy = state.jobs.filter(({ kind }) => kind !== 'page' && (kind !== 'overwritten' || isShown))
  if (busy.length > 0 && jobOf(state, 'connect') === undefined) {
    const [next, ...effects] = giveUp(
      state,
      state.jobs.map(({ kind }) => kind),
    )
    return [
      { ...next, isStale: true, message: { kind: 'note', text: 'stopped; ctrl-r reads again, ctrl-c leaves' } },
      ...effects,
    ]
  }
  return leave(state)
}

const follow = (state: State): Transition => {
  const screen = screenOf(state)
  const row = currentRow(state)
  if (screen.at !== 'row' || row === null || state.row === null) return [state]
  const column = rowLines(row)[screen.cursor]?.column ?? ''
  const parent = state.row.parents.find(({ columns }) => columns.includes(column))
  if (parent === undefined) return [{ ...state, message: { kind: 'note', text: `${column} refers to no row` } }]
  return goKey(state, parent.table, parent.key)
}

const copyValue = (state: State, what: 'value' | 'row'): Transition => {
  const screen = screenOf(state)
  const row = currentRow(state)
  if (row === null || (screen.at !== 'row' && screen.at !== 'rows')) return copyCommand(state)
  const column = screen.at === 'row' ? (rowLines(row)[screen.cursor]?.column ?? '') : ''
  const values = row.backup ?? row.live ?? {}
  const text = what === 'row' ? JSON.stringify(values) : (values[column] ?? '')
  return [
    {
      ...state,
      message: { kind: 'note', text: what === 'row' ? 'copied the row as JSON' : `copied the value of ${column}` },
    },
    { do: 'copy', text },
  ]
}

const along = (state: State): Transition => {
  const screen = screenOf(state)
  const row = currentRow(state)
  if (screen.at !== 'row') return goAlong(state)
  if (row !== null && (row.state === 'same' || row.state === 'changed')) {
    return goAlong(pickUnder(state, screen.table, displayKey(packKey(Object.values(row.key)))))
  }
  return countPicks(state.picks) === 0
    ? [{ ...state, message: { kind: 'note', text: 'nothing is picked yet: space picks' } }]
    : goAlong(state)
}

const sort = (state: State): Transition => {
  const screen = screenOf(state)
  if (screen.at !== 'tables') return sortRows(state)
  return [withScreen(state, { ...screen, sort: nextSort[screen.sort], cursor: 0 })]
}

const swap = (state: State): Transition => {
  const { live, backup } = state.addresses
  return [
    {
      ...state,
      addresses: { live: backup, backup: live, profile: null },
      passwords: {},
      message: { kind: 'note', text: 'swapped; ctrl-r connects' },
    },
  ]
}

const sideways = (state: State, by: 1 | -1): Transition => {
  const screen = screenOf(state)
  if (screen.at !== 'rows') return turnOption(state, by)
  return [withScreen(state, { ...screen, left: Math.max(0, screen.left + by) })]
}

const beside = (state: State, by: 1 | -1): Transition => {
  switch (screenOf(state).at) {
    case 'row':
      return goBeside(state, by)
    case 'review':
      return nextConflict(state, by)
    default:
      return nextPicked(state, by)
  }
}

const goDeeper = (state: State): Transition => {
  const screen = screenOf(state)
  if (screen.at === 'connect') return [askAddress(state, screen.field)]
  if (screen.at === 'report') return details(state)
  if (screen.at === 'runs') {
    const run = state.runs?.[screen.cursor]
    return run === undefined ? [state] : beginWork(state, { kind: 'verify', run: run.run })
  }
  return deeper(state)
}

/** Opens both sides again, with what is suggested followed. */
const followSuggested = (state: State): Transition =>
  connect({
    ...state,
    follow: 'suggested',
    connection: { state: 'opening', error: null },
    stack: [{ at: 'connect', field: 'live' }],
  })

const commands: Readonly<Record<Command, (state: State, key: KeyName) => Transition>> = {
  up: (state) => moved(moveBy(state, -1)),
  down: (state) => moved(moveBy(state, 1)),
  left: (state) => sideways(state, -1),
  right: (state) => sideways(state, 1),
  'page up': (state) => moved(moveBy(state, -pageOf(state))),
  'page down': (state) => moved(moveBy(state, pageOf(state))),
  'half up': (state) => moved(moveBy(state, -Math.ceil(pageOf(state) / 2))),
  'half down': (state) => moved(moveBy(state, Math.ceil(pageOf(state) / 2))),
  first: (state) => moved(moveTo(state, 0)),
  last: (state) => moved(moveTo(state, Number.MAX_SAFE_INTEGER)),
  'range up': (state) => rangeBy(state, -1),
  'range down': (state) => rangeBy(state, 1),
  deeper: goDeeper,
  back,
  pick,
  'pick all': (state) => pickMany(state, 'on'),
  'pick none': (state) => pickMany(state, 'off'),
  invert: (state) => pickMany(state, 'flip'),
  range,
  filter: (state) => [askFilter(state)],
  next: (state) => beside(state, 1),
  previous: (state) => beside(state, -1),
  tables: goTables,
  incidents: goIncidents,
  statement: (state) => [askStatement(state)],
  'count everything': (state) => countAll(state, 'everything'),
  'count large': countLarge,
  sort,
  'read again': readAgain,
  along,
  why,
  follow,
  'follow suggested': followSuggested,
  bring,
  copy: (state) => copyValue(state, screenOf(state).at === 'rows' ? 'row' : 'value'),
  'copy row': (state) => copyValue(state, 'row'),
  review: goReview,
  restore: restoreReviewed,
  rehearse,
  'save plan': (state) => askPath(state, 'plan'),
  'save script': (state) => askPath(state, 'script'),
  swap,
  undo: undoShown,
  answer,
  help: (state) => [help(state)],
  palette: (state) => [palette(state)],
  quit: leave,
  stop,
  suspend: (state) => [state, { do: 'suspend' }],
}

const pressed = (before: State, key: KeyName): Transition => {
  if (before.isLeaving) return [before]
  const { overlay } = before
  if (overlay?.kind === 'palette' && key === 'enter') {
    const chosen = paletteEntries(before, overlay)[overlay.cursor]
    const state = { ...before, overlay: null }
    return chosen === undefined ? [state] : perform(state, chosen, chosen.keys[0] ?? '')
  }
  if (overlay !== null) return overlayKey(before, overlay, key)
  const binding = findBinding(before, key)
  return binding === undefined ? [before] : perform(before, binding, key)
}

const perform = (before: State, binding: Binding, key: KeyName): Transition => {
  const state = { ...before, message: null }
  const lacking = binding.unavailable?.(state) ?? null
  if (lacking !== null) return [{ ...state, message: { kind: 'note', text: `${key}: ${lacking}` } }]
  return commands[binding.command](state, key)
}

export const reduce = (state: State, action: Action): Transition => {
  switch (action.type) {
    case 'key':
      return pressed(state, action.key)
    case 'paste':
      return paste(state, action.text)
    case 'resize':
      return readInSight(settle({ ...state, size: action.size, isBlank: true }))
    case 'tick':
      return [{ ...state, now: action.now }]
    case 'painted':
      return [painted(state, action.state)]
    case 'end':
      return [{ ...state, isLeaving: true }, { do: 'leave' }]
    case 'result':
      return takeResult(state, action)
  }
}
