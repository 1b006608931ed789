/** Which keys the footer names, on which screen. Pure. */

import { type State, screenOf } from '../state/state.ts'
import type { Binding, Command, ScreenName } from './binding.ts'
import { bindingsAt } from './bindings.ts'

/** What the footer names, in this order, as far as it can be had and there is room. */
const footerOrder: Readonly<Record<ScreenName, readonly Command[]>> = {
  connect: ['deeper', 'swap', 'read again', 'quit'],
  incidents: ['pick', 'review', 'deeper', 'tables', 'statement', 'filter', 'count large'],
  tables: ['deeper', 'count large', 'review', 'sort', 'count everything', 'read again', 'incidents', 'filter'],
  rows: ['pick', 'pick all', 'range', 'deeper', 'along', 'review', 'back'],
  row: ['pick', 'next', 'previous', 'follow', 'copy', 'back', 'review'],
  along: ['pick', 'deeper', 'why', 'bring', 'review', 'back'],
  review: ['answer', 'rehearse', 'save plan', 'save script', 'copy', 'back'],
  run: ['stop'],
  report: ['undo', 'deeper', 'read again', 'incidents', 'quit', 'back'],
  failed: ['review', 'read again', 'incidents', 'back'],
  runs: ['undo', 'deeper', 'copy', 'back'],
}

/** The bindings that the footer of the screen names, most useful first. */
export const footerBindings = (state: State): readonly Binding[] => {
  const { at } = screenOf(state)
  const usable = bindingsAt(at).filter(
    ({ footer, unavailable }) => footer !== undefined && (unavailable?.(state) ?? null) === null,
  )
  return footerOrder[at].flatMap((command) => usable.find((binding) => binding.command === command) ?? [])
}
