/** What a key can be bound to. Plain data. */
import type { KeyName } from '../state/keys.ts'
import type { Screen, State } from '../state/state.ts'

export type ScreenName = Screen['at']

export type Command =
  | 'up'
  | 'down'
  | 'left'
  | 'right'
  | 'page up'
  | 'page down'
  | 'half up'
  | 'half down'
  | 'first'
  | 'last'
  | 'range up'
  | 'range down'
  | 'deeper'
  | 'back'
  | 'pick'
  | 'pick all'
  | 'pick none'
  | 'invert'
  | 'range'
  | 'filter'
  | 'next'
  | 'previous'
  | 'tables'
  | 'incidents'
  | 'statement'
  | 'count everything'
  | 'count large'
  | 'sort'
  | 'read again'
  | 'along'
  | 'why'
  | 'follow'
  | 'follow suggested'
  | 'bring'
  | 'copy'
  | 'copy row'
  | 'review'
  | 'restore'
  | 'rehearse'
  | 'save plan'
  | 'save script'
  | 'swap'
  | 'undo'
  | 'answer'
  | 'help'
  | 'palette'
  | 'quit'
  | 'stop'
  | 'suspend'

export interface Binding {
  readonly keys: readonly KeyName[]
  readonly command: Command
  /** In help: what a person would say. */
  readonly does: string
  /** In the footer, in fewer words; not there without it. */
  readonly footer?: string
  readonly on: readonly ScreenName[] | 'everywhere'
  /** Why it cannot be had now; null where it can. */
  readonly unavailable?: (state: State) => string | null
}

/** Screens with something to move through. */
export const lists: readonly ScreenName[] = [
  'incidents',
  'tables',
  'rows',
  'row',
  'along',
  'review',
  'report',
  'failed',
  'runs',
]
