/** The commands of a screen by name: what `:` offers, narrowed by what is typed. */

import type { Overlay } from '../state/overlay.ts'
import { type State, screenOf } from '../state/state.ts'
import type { Binding, Command } from './binding.ts'
import { bindingsAt } from './bindings.ts'

/** What has a name of its own and needs no key to say more: moving does not, nor does an answer. */
const isNamed = ({ command }: Binding): boolean => !unnamed.has(command)

const unnamed: ReadonlySet<Command> = new Set<Command>([
  'up',
  'down',
  'left',
  'right',
  'page up',
  'page down',
  'half up',
  'half down',
  'first',
  'last',
  'range up',
  'range down',
  'answer',
  'palette',
])

/** Those whose words hold everything typed, in the order of the table of keys. */
export const paletteEntries = (state: State, { filter }: Extract<Overlay, { kind: 'palette' }>): readonly Binding[] => {
  const words = filter.toLowerCase().split(/\s+/)
  return bindingsAt(screenOf(state).at).filter((binding) => {
    const text = `${binding.command} ${binding.does}`.toLowerCase()
    return isNamed(binding) && words.every((word) => text.includes(word))
  })
}
