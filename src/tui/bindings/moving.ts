/** The keys that move: the same on every screen. */
import { type Binding, lists } from './binding.ts'

export const movingBindings: readonly Binding[] = [
  { keys: ['down', 'j'], command: 'down', does: 'down', on: ['connect', ...lists] },
  { keys: ['up', 'k'], command: 'up', does: 'up', on: ['connect', ...lists] },
  { keys: ['right', 'l'], command: 'right', does: 'columns further right', on: ['rows'] },
  { keys: ['left', 'h'], command: 'left', does: 'columns further left', on: ['rows'] },
  { keys: ['right', 'l'], command: 'right', does: 'open or turn on', on: ['along'] },
  { keys: ['left', 'h'], command: 'left', does: 'turn off', on: ['along'] },
  { keys: ['pagedown'], command: 'page down', does: 'a page down', on: lists },
  { keys: ['pageup'], command: 'page up', does: 'a page up', on: lists },
  { keys: ['ctrl-d'], command: 'half down', does: 'half a page down', on: lists },
  { keys: ['ctrl-u'], command: 'half up', does: 'half a page up', on: lists },
  { keys: ['g', 'home'], command: 'first', does: 'to the first', on: lists },
  { keys: ['G', 'end'], command: 'last', does: 'to the last', on: lists },
]
