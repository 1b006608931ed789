/** The keys that count: more than is counted by itself, or once more. */
import { needsConnection, whyNotCount, whyNotLarge } from './availability.ts'
import type { Binding } from './binding.ts'

export const countingBindings: readonly Binding[] = [
  {
    keys: ['m'],
    command: 'count everything',
    does: 'count changed rows too',
    footer: 'changed too',
    on: ['tables'],
    unavailable: needsConnection,
  },
  {
    keys: ['M'],
    command: 'count large',
    does: 'look at very large tables too',
    footer: 'large tables too',
    on: ['incidents'],
    unavailable: whyNotLarge,
  },
  {
    keys: ['M'],
    command: 'count large',
    does: 'count this table, however large',
    footer: 'count it',
    on: ['tables'],
    unavailable: whyNotCount,
  },
  { keys: ['ctrl-r'], command: 'read again', does: 'try again', footer: 'try again', on: ['connect'] },
  { keys: ['ctrl-r'], command: 'read again', does: 'read again', footer: 'read again', on: ['tables'] },
  { keys: ['ctrl-r'], command: 'read again', does: 'count again', footer: 'count again', on: ['report', 'failed'] },
  {
    keys: ['ctrl-r'],
    command: 'read again',
    does: 'read again',
    on: ['incidents', 'rows', 'row', 'along', 'review', 'runs'],
  },
]
