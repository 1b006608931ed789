/**
 * Packed keys numbered in the order they were added. Millions of keys as JavaScript strings in maps take some hundred bytes each; here
 * they stand in columns, found again by open addressing: about 10 bytes for an integer. Whatever else is kept of the same rows is a
 * column over these numbers: so a key is kept once, however many keep something by it.
 */
import type { Keys } from './key.ts'
import { IntegerKeys, type KeyStore, TextKeys } from './key-store.ts'
import { NumberColumn } from './number-column.ts'

const none = -1

/** Slots are at most three quarters full. */
const isFull = (keys: number, slots: number): boolean => keys * 4 > slots * 3

export class KeyIndex {
  #store: KeyStore = new IntegerKeys()
  #slots = new Int32Array(64).fill(none)
  #size = 0

  get size(): number {
    return this.#size
  }

  /** The number of a key; -1 if it was never added. */
  find(key: string): number {
    return this.#store.look(key) ? (this.#slots[this.#slot()] ?? none) : none
  }

  /** The number of a key, which is added if it is new: then it is the size before. */
  add(key: string): number {
    if (!this.#store.look(key)) {
      this.#store = this.#asText()
      this.#spread(this.#slots.length)
      this.#store.look(key)
    }
    const slot = this.#slot()
    const known = this.#slots[slot] ?? none
    if (known !== none) return known
    this.#store.put(this.#size)
    this.#slots[slot] = this.#size++
    if (isFull(this.#size, this.#slots.length)) this.#spread(this.#slots.length * 2)
    return this.#size - 1
  }

  /** The key of a number. */
  keyAt(number: number): string {
    return this.#store.keyAt(number)
  }

  /** The slot that holds the key looked at, or the free one where it belongs. */
  #slot(): number {
    const slots = this.#slots
    const mask = slots.length - 1
    for (let slot = this.#store.hash() & mask; ; slot = (slot + 1) & mask) {
      const number = slots[slot] ?? none
      if (number === none || this.#store.isAt(number)) return slot
    }
  }

  #asText(): TextKeys {
    const keys = new TextKeys()
    for (let number = 0; number < this.#size; number++) {
      keys.look(this.#store.keyAt(number))
      keys.put(number)
    }
    return keys
  }

  #spread(length: number): void {
    const slots = new Int32Array(length).fill(none)
    for (let number = 0; number < this.#size; number++) {
      let slot = this.#store.hashAt(number) & (length - 1)
      // All keys differ: the first free slot is theirs.
      while (slots[slot] !== none) slot = (slot + 1) & (length - 1)
      slots[slot] = number
    }
    this.#slots = slots
  }
}

/** An index per table, for all who keep something of its rows. */
export class KeyIndexes {
  readonly #indexes = new Map<string, KeyIndex>()

  of(table: string): KeyIndex {
    const known = this.#indexes.get(table)
    if (known !== undefined) return known
    const made = new KeyIndex()
    this.#indexes.set(table, made)
    return made
  }
}

/** Some keys of an index in an order of their own, by their numbers. */
export class KeySequence implements Keys {
  readonly #index: KeyIndex
  readonly #numbers = new NumberColumn()
  #length = 0

  constructor(index: KeyIndex) {
    this.#index = index
  }

  get length(): number {
    return this.#length
  }

  push(number: number): void {
    this.#numbers.set(this.#length++, number)
  }

  numberAt(position: number): number {
    return this.#numbers.at(position)
  }

  at(position: number): string {
    return this.#index.keyAt(this.#numbers.at(position))
  }

  *[Symbol.iterator](): Generator<string> {
    for (let position = 0; position < this.#length; position++) yield this.at(position)
  }
}

/** A set of packed keys, however many. */
export class KeySet {
  readonly #index: KeyIndex
  readonly #isIn = new NumberColumn()
  #size = 0

  /** The index may be shared. */
  constructor(index = new KeyIndex()) {
    this.#index = index
  }

  get size(): number {
    return this.#size
  }

  has(key: string): boolean {
    const number = this.#index.find(key)
    return number >= 0 && this.#isIn.at(number) === 1
  }

  add(key: string): void {
    this.#put(this.#index.add(key), 1)
  }

  delete(key: string): void {
    const number = this.#index.find(key)
    if (number >= 0) this.#put(number, 0)
  }

  #put(number: number, isIn: 0 | 1): void {
    this.#size += isIn - this.#isIn.at(number)
    this.#isIn.set(number, isIn)
  }
}
