/**
 * The one table of keys: input, footer, help and docs are made of it.
 *
 * In comes the state; out goes which keys there are, and why one cannot be had. It imports `state/` and `models/`.
 */

import type { KeyName } from '../state/keys.ts'
import { type State, screenOf } from '../state/state.ts'
import {
  countOpen,
  isBusyRunning,
  needsBackupOfPlan,
  needsConnection,
  needsPicks,
  whyNoScript,
  whyNotFollow,
  whyNotRehearse,
  whyNotRestore,
  whyNoUndo,
} from './availability.ts'
import { type Binding, lists, type ScreenName } from './binding.ts'
import { countingBindings } from './counting.ts'
import { movingBindings } from './moving.ts'

const looking: readonly ScreenName[] = ['incidents', 'tables', 'rows', 'row', 'along', 'report', 'failed', 'runs']

export const bindings: readonly Binding[] = [
  { keys: ['space'], command: 'pick', does: 'pick, and one down', footer: 'pick', on: ['incidents', 'rows'] },
  { keys: ['space'], command: 'pick', does: 'pick the row; of a changed one this column', footer: 'pick', on: ['row'] },
  { keys: ['space'], command: 'pick', does: 'leave out, or take along again', footer: 'leave out', on: ['along'] },
  { keys: ['enter'], command: 'deeper', does: 'type the address', footer: 'type', on: ['connect'] },
  { keys: ['enter'], command: 'deeper', does: 'look into it', footer: 'look', on: ['incidents'] },
  { keys: ['enter'], command: 'deeper', does: 'its rows, or why there are none', footer: 'rows', on: ['tables'] },
  { keys: ['enter'], command: 'deeper', does: 'look at the row, both sides', footer: 'look', on: ['rows'] },
  { keys: ['enter'], command: 'deeper', does: 'read the whole value', footer: 'whole value', on: ['row'] },
  { keys: ['enter'], command: 'deeper', does: 'the rows of the table', footer: 'rows', on: ['along'] },
  { keys: ['enter'], command: 'deeper', does: 'everything it says, in full', footer: 'details', on: ['report'] },
  { keys: ['enter'], command: 'deeper', does: 'what became of the run', footer: 'report', on: ['runs'] },
  { keys: ['a'], command: 'pick all', does: 'pick all in view', footer: 'all', on: ['rows'] },
  { keys: ['a'], command: 'pick all', does: 'pick all', on: ['incidents', 'row'] },
  { keys: ['A'], command: 'pick none', does: 'drop all picks', on: ['incidents'] },
  { keys: ['A'], command: 'pick none', does: 'pick none', on: ['rows', 'row'] },
  { keys: ['*'], command: 'invert', does: 'pick the others instead', on: ['incidents', 'rows', 'row'] },
  { keys: ['v'], command: 'range', does: 'begin or end a range', footer: 'range', on: ['rows'] },
  { keys: ['shift-up'], command: 'range up', does: 'range upwards', on: ['rows'] },
  { keys: ['shift-down'], command: 'range down', does: 'range downwards', on: ['rows'] },
  {
    keys: ['t'],
    command: 'tables',
    does: 'all tables',
    footer: 'tables',
    on: ['incidents'],
    unavailable: needsConnection,
  },
  {
    keys: ['t'],
    command: 'tables',
    does: 'all tables',
    on: ['tables', 'rows', 'row', 'along', 'report', 'failed', 'runs'],
    unavailable: needsConnection,
  },
  {
    keys: ['s'],
    command: 'statement',
    does: 'paste the statement you regret',
    footer: 'paste the statement',
    on: ['incidents', 'tables'],
    unavailable: needsConnection,
  },
  { keys: ['o'], command: 'sort', does: 'sort by the next column', footer: 'sort', on: ['tables'] },
  { keys: ['o'], command: 'sort', does: 'sort by the next column, then back', on: ['rows'] },
  ...countingBindings,
  {
    keys: ['i'],
    command: 'incidents',
    does: 'what was lost',
    footer: 'incidents',
    on: ['tables', 'report', 'failed', 'runs'],
    unavailable: needsConnection,
  },
  {
    keys: ['i'],
    command: 'incidents',
    does: 'what was lost',
    on: ['rows', 'row', 'along'],
    unavailable: needsConnection,
  },
  { keys: ['/'], command: 'filter', does: 'filter as you type', footer: 'filter', on: ['incidents', 'tables', 'rows'] },
  { keys: ['n'], command: 'next', does: 'next row', footer: 'next', on: ['row'] },
  { keys: ['N'], command: 'previous', does: 'previous row', footer: 'previous', on: ['row'] },
  { keys: ['n'], command: 'next', does: 'next question', on: ['review'] },
  { keys: ['N'], command: 'previous', does: 'previous question', on: ['review'] },
  { keys: ['n'], command: 'next', does: 'next row that is picked', on: ['rows'] },
  { keys: ['N'], command: 'previous', does: 'previous row that is picked', on: ['rows'] },
  {
    keys: ['c'],
    command: 'along',
    does: 'what comes along',
    footer: 'along',
    on: ['incidents', 'rows'],
    unavailable: needsPicks,
  },
  {
    keys: ['c'],
    command: 'along',
    does: 'what comes along; of a row that is still there: what is missing below it',
    on: ['row'],
    unavailable: needsConnection,
  },
  { keys: ['f'], command: 'follow', does: 'follow the reference to its row', footer: 'follow', on: ['row'] },
  {
    keys: ['F'],
    command: 'follow suggested',
    does: 'follow relations that nobody declared, by names and values',
    on: ['incidents', 'tables'],
    unavailable: whyNotFollow,
  },
  { keys: ['w'], command: 'why', does: 'how well the condition tells what is gone', on: ['incidents'] },
  { keys: ['w'], command: 'why', does: 'why it comes along, with constraints', footer: 'why', on: ['along'] },
  { keys: ['w'], command: 'why', does: 'why these rows are in the plan', on: ['review'] },
  { keys: ['b'], command: 'bring', does: 'bring along what was left out', footer: 'bring along', on: ['along'] },
  {
    keys: ['r'],
    command: 'review',
    does: 'review what would be written',
    footer: 'review',
    on: ['incidents', 'tables', 'rows', 'row', 'along', 'failed'],
    unavailable: needsPicks,
  },
  {
    keys: ['1', '2', '3', '4'],
    command: 'answer',
    does: 'answer the question',
    footer: 'answer',
    on: ['review'],
    unavailable: (state) => (countOpen(state) === 0 ? 'no question is open' : null),
  },
  {
    keys: ['R'],
    command: 'restore',
    does: 'restore: write to live, verified before commit',
    footer: 'restore',
    on: ['review'],
    unavailable: whyNotRestore,
  },
  {
    keys: ['x'],
    command: 'rehearse',
    does: 'rehearse: everything, verified, and rolled back',
    footer: 'rehearse',
    on: ['review'],
    unavailable: whyNotRehearse,
  },
  {
    keys: ['e'],
    command: 'save plan',
    does: 'save the plan for rowgraft restore',
    footer: 'save plan',
    on: ['review'],
    unavailable: needsBackupOfPlan,
  },
  {
    keys: ['S'],
    command: 'save script',
    does: 'write it as one SQL script for psql',
    footer: 'sql script',
    on: ['review'],
    unavailable: whyNoScript,
  },
  { keys: ['y'], command: 'copy', does: 'copy the command that does the same', footer: 'copy command', on: ['review'] },
  { keys: ['y'], command: 'copy', does: 'copy the value', footer: 'copy', on: ['row'] },
  { keys: ['y'], command: 'copy', does: 'copy the row as JSON', on: ['rows'] },
  { keys: ['y'], command: 'copy', does: 'copy the command that restores it', on: ['incidents'] },
  { keys: ['y'], command: 'copy', does: 'copy the undo command', on: ['report', 'runs'] },
  { keys: ['Y'], command: 'copy row', does: 'copy the row as JSON', on: ['row'] },
  { keys: ['x'], command: 'swap', does: 'swap the sides', footer: 'swap sides', on: ['connect'] },
  {
    keys: ['u'],
    command: 'undo',
    does: 'undo this run, by way of its own review',
    footer: 'undo',
    on: ['report', 'runs'],
    unavailable: whyNoUndo,
  },
  {
    keys: ['u'],
    command: 'undo',
    does: 'earlier runs, to undo one',
    on: ['incidents', 'tables', 'rows', 'along'],
    unavailable: needsConnection,
  },
  ...movingBindings,
  {
    keys: ['esc', 'backspace'],
    command: 'back',
    does: 'back',
    footer: 'back',
    on: ['rows', 'row', 'along', 'review', 'runs', 'failed', 'report'],
  },
  {
    keys: ['esc', 'backspace'],
    command: 'back',
    does: 'stop what is being read, or back',
    on: ['connect', 'incidents', 'tables'],
  },
  { keys: ['?'], command: 'help', does: 'all keys', footer: 'help', on: 'everywhere' },
  { keys: [':'], command: 'palette', does: 'commands by name', on: 'everywhere' },
  {
    keys: ['q'],
    command: 'quit',
    does: 'leave',
    footer: 'leave',
    on: ['connect', 'report'],
    unavailable: isBusyRunning,
  },
  {
    keys: ['q'],
    command: 'quit',
    does: 'leave',
    on: [...looking.filter((at) => at !== 'report'), 'review'],
    unavailable: isBusyRunning,
  },
  { keys: ['ctrl-c'], command: 'stop', does: 'stop what runs, else leave', footer: 'stop', on: ['run'] },
  { keys: ['ctrl-c'], command: 'stop', does: 'stop what runs, else leave', on: ['connect', ...lists] },
  { keys: ['ctrl-z'], command: 'suspend', does: 'back to the shell; fg returns', on: 'everywhere' },
]

const isOn = ({ on }: Binding, at: ScreenName): boolean => on === 'everywhere' || on.includes(at)

/** The bindings of a screen. */
export const bindingsAt = (at: ScreenName): readonly Binding[] => bindings.filter((binding) => isOn(binding, at))

/** What a key is bound to on the screen that is shown. */
export const findBinding = (state: State, key: KeyName): Binding | undefined =>
  bindingsAt(screenOf(state).at).find(({ keys }) => keys.includes(key))
