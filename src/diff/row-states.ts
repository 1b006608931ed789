/** States of many rows by packed key, in the order they were set. Nearly all are plainly missing or the same: those take a number. */
import { KeyIndex, NumberColumn } from '../catalog/key-index.ts'
import type { RowState } from './states.ts'

const plain: readonly RowState[] = [{ state: 'missing' }, { state: 'same' }]
const plainStates = plain.map(({ state }) => state)

/** States by packed key, to be read: few in a map, many in columns. */
export interface StatesByKey extends Iterable<readonly [string, RowState]> {
  readonly size: number
  has(key: string): boolean
  get(key: string): RowState | undefined
  keys(): Iterable<string>
}

/** States of some rows as they are judged whenever one is read. */
export class JudgedStates implements StatesByKey {
  readonly #rows: StatesByKey
  readonly #judge: (key: string, read: RowState) => RowState

  constructor(rows: StatesByKey, judge: (key: string, read: RowState) => RowState) {
    this.#rows = rows
    this.#judge = judge
  }

  get size(): number {
    return this.#rows.size
  }

  has(key: string): boolean {
    return this.#rows.has(key)
  }

  get(key: string): RowState | undefined {
    const read = this.#rows.get(key)
    return read === undefined ? undefined : this.#judge(key, read)
  }

  keys(): Iterable<string> {
    return this.#rows.keys()
  }

  *[Symbol.iterator](): Generator<readonly [string, RowState]> {
    for (const [key, read] of this.#rows) yield [key, this.#judge(key, read)]
  }
}

export class RowStates implements StatesByKey {
  readonly #keys = new KeyIndex()
  /** Positions in `plain`. */
  readonly #codes = new NumberColumn('bytes')
  readonly #others = new Map<number, RowState>()

  get size(): number {
    return this.#keys.size
  }

  has(key: string): boolean {
    return this.#keys.find(key) >= 0
  }

  get(key: string): RowState | undefined {
    return this.#at(this.#keys.find(key))
  }

  set(key: string, state: RowState): void {
    const number = this.#keys.add(key)
    const code = Object.keys(state).length > 1 ? -1 : plainStates.indexOf(state.state)
    this.#codes.set(number, Math.max(0, code))
    if (code === -1) this.#others.set(number, state)
    else this.#others.delete(number)
  }

  *keys(): Generator<string> {
    for (let number = 0; number < this.#keys.size; number++) yield this.#keys.keyAt(number)
  }

  *[Symbol.iterator](): Generator<readonly [string, RowState]> {
    for (let number = 0; number < this.#keys.size; number++) {
      const state = this.#at(number)
      if (state !== undefined) yield [this.#keys.keyAt(number), state]
    }
  }

  #at(number: number): RowState | undefined {
    return number < 0 ? undefined : (this.#others.get(number) ?? plain[this.#codes.at(number)])
  }
}
