/** States of many rows by packed key, in the order they were set. Nearly all are plainly missing or the same: those take a number. */
import { KeyIndex, KeySequence, type KeySet } from '../keys/key-index.ts'
import { NumberColumn } from '../keys/number-column.ts'
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

/** States of some rows without those dropped, however many: no copy of the rest. */
export class StatesWithout implements StatesByKey {
  readonly #rows: StatesByKey
  readonly #dropped: KeySet

  /** The rows dropped are among the others. */
  constructor(rows: StatesByKey, dropped: KeySet) {
    this.#rows = rows
    this.#dropped = dropped
  }

  get size(): number {
    return this.#rows.size - this.#dropped.size
  }

  has(key: string): boolean {
    return this.#rows.has(key) && !this.#dropped.has(key)
  }

  get(key: string): RowState | undefined {
    return this.#dropped.has(key) ? undefined : this.#rows.get(key)
  }

  *keys(): Generator<string> {
    for (const key of this.#rows.keys()) if (!this.#dropped.has(key)) yield key
  }

  *[Symbol.iterator](): Generator<readonly [string, RowState]> {
    for (const row of this.#rows) if (!this.#dropped.has(row[0])) yield row
  }
}

/** Stands in the column of codes for a state that is none of the plain ones; 0 for none at all. */
const other = plain.length + 1

export class RowStates implements StatesByKey {
  readonly #index: KeyIndex
  readonly #keys: KeySequence
  /** Positions in `plain`, plus 1. */
  readonly #codes = new NumberColumn()
  readonly #others = new Map<number, RowState>()

  /** The index may be shared. */
  constructor(index = new KeyIndex()) {
    this.#index = index
    this.#keys = new KeySequence(index)
  }

  get size(): number {
    return this.#keys.length
  }

  has(key: string): boolean {
    return this.get(key) !== undefined
  }

  get(key: string): RowState | undefined {
    return this.#at(this.#index.find(key))
  }

  set(key: string, state: RowState): void {
    const number = this.#index.add(key)
    if (this.#codes.at(number) === 0) this.#keys.push(number)
    const isPlain = Object.keys(state).length === 1
    this.#codes.set(number, isPlain ? plainStates.indexOf(state.state) + 1 : other)
    if (isPlain) this.#others.delete(number)
    else this.#others.set(number, state)
  }

  keys(): Iterable<string> {
    return this.#keys
  }

  *[Symbol.iterator](): Generator<readonly [string, RowState]> {
    for (let position = 0; position < this.#keys.length; position++) {
      const state = this.#at(this.#keys.numberAt(position))
      if (state !== undefined) yield [this.#keys.at(position), state]
    }
  }

  #at(number: number): RowState | undefined {
    return number < 0 ? undefined : (plain[this.#codes.at(number) - 1] ?? this.#others.get(number))
  }
}
