/** The state, whoever watches it, and a clock that runs while something is under way. */

import { reduce } from './reduce/reduce.ts'
import type { Action, Effect } from './state/actions.ts'
import type { State } from './state/state.ts'

/** Milliseconds between two movements of a spinner. */
const tickEvery = 250

export class Store {
  #state: State
  #clock: NodeJS.Timeout | null = null
  readonly #watchers = new Set<() => void>()
  readonly #perform: (effect: Effect) => void

  constructor(state: State, perform: (effect: Effect) => void) {
    this.#state = state
    this.#perform = perform
  }

  readonly read = (): State => this.#state

  readonly watch = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  readonly dispatch = (action: Action): void => {
    // What begins, begins now: the clock may have stood still since the last action.
    const isTimed = action.type === 'key' || action.type === 'paste'
    const [state, ...effects] = reduce(isTimed ? { ...this.#state, now: Date.now() } : this.#state, action)
    const isChanged = state !== this.#state
    this.#state = state
    if (isChanged) for (const watcher of this.#watchers) watcher()
    this.#wind()
    for (const effect of effects) this.#perform(effect)
  }

  close(): void {
    if (this.#clock !== null) clearInterval(this.#clock)
    this.#clock = null
    this.#watchers.clear()
  }

  /** Nothing moves while nothing is under way. */
  #wind(): void {
    const isBusy = this.#state.jobs.length > 0
    if (isBusy && this.#clock === null) {
      this.#clock = setInterval(() => this.dispatch({ type: 'tick', now: Date.now() }), tickEvery)
    } else if (!isBusy && this.#clock !== null) {
      clearInterval(this.#clock)
      this.#clock = null
    }
  }
}
