/**
 * Where the keys of an index stand: integers as numbers, anything else as characters. A store is given one key at a time to look at,
 * which is then compared with those it holds, or put among them: nothing is made for a key that is only looked for.
 */
import { separator } from './key.ts'
import { NumberColumn } from './number-column.ts'

export interface KeyStore {
  /** Looks at a key. False for one that cannot stand here. */
  look(key: string): boolean
  /** The hash of the key looked at: 32 bits. */
  hash(): number
  /** True where the key of a number is the one looked at. */
  isAt(number: number): boolean
  /** Puts the key looked at under a number: the next one. */
  put(number: number): void
  hashAt(number: number): number
  keyAt(number: number): string
}

const seed = 0x811c9dc5
const mix = (hash: number, value: number): number => {
  const mixed = Math.imul(hash ^ value, 0x9e3779b1)
  return mixed ^ (mixed >>> 15)
}
const settle = (hash: number): number => mix(hash, 0) >>> 0

/** Integers of more than 32 bits have a say with all of them. */
const mixInteger = (hash: number, value: number): number => {
  const low = value | 0
  return low === value ? mix(hash, low) : mix(mix(hash, low), Math.floor(value / 2 ** 32))
}

const [zero, nine, minus, end] = [48, 57, 45, separator.charCodeAt(0)] as const

/** More digits than a double surely holds. */
const tooMany = 16

/** Keys of integers as the server writes them, each part in a column; all of the same number of parts. */
export class IntegerKeys implements KeyStore {
  readonly #columns: NumberColumn[] = []
  /** Those of the key looked at. */
  readonly #parts: number[] = []

  look(key: string): boolean {
    const parts = this.#parts
    parts.length = 0
    for (let at = 0; at <= key.length; at++) {
      const isNegative = key.charCodeAt(at) === minus
      if (isNegative) at++
      const start = at
      let value = 0
      let character = key.charCodeAt(at)
      for (; character >= zero && character <= nine; character = key.charCodeAt(++at)) {
        value = value * 10 + character - zero
      }
      const digits = at - start
      const hasIdleZero = key.charCodeAt(start) === zero && (digits > 1 || isNegative)
      if (digits === 0 || digits >= tooMany || hasIdleZero) return false
      if (at < key.length && character !== end) return false
      parts.push(isNegative ? -value : value)
    }
    return this.#columns.length === 0 || this.#columns.length === parts.length
  }

  hash(): number {
    let hash = seed
    for (const part of this.#parts) hash = mixInteger(hash, part)
    return settle(hash)
  }

  isAt(number: number): boolean {
    for (let part = 0; part < this.#columns.length; part++) {
      if (this.#columns[part]?.at(number) !== this.#parts[part]) return false
    }
    return true
  }

  put(number: number): void {
    for (const [part, value] of this.#parts.entries()) {
      const column = this.#columns[part] ?? new NumberColumn()
      column.set(number, value)
      this.#columns[part] = column
    }
  }

  hashAt(number: number): number {
    let hash = seed
    for (const column of this.#columns) hash = mixInteger(hash, column.at(number))
    return settle(hash)
  }

  keyAt(number: number): string {
    const [first, ...rest] = this.#columns
    let key = String(first?.at(number) ?? 0)
    for (const column of rest) key += separator + column.at(number)
    return key
  }
}

const mostCodes = 4_096

/** Any keys, as characters. */
export class TextKeys implements KeyStore {
  readonly #characters = new NumberColumn()
  /** Where each key ends. */
  readonly #ends = new NumberColumn()
  #key = ''

  look(key: string): boolean {
    this.#key = key
    return true
  }

  hash(): number {
    let hash = seed
    for (let at = 0; at < this.#key.length; at++) hash = mix(hash, this.#key.charCodeAt(at))
    return settle(hash)
  }

  isAt(number: number): boolean {
    const start = this.#startOf(number)
    if (this.#ends.at(number) - start !== this.#key.length) return false
    for (let at = 0; at < this.#key.length; at++) {
      if (this.#characters.at(start + at) !== this.#key.charCodeAt(at)) return false
    }
    return true
  }

  put(number: number): void {
    const start = this.#startOf(number)
    for (let at = 0; at < this.#key.length; at++) this.#characters.set(start + at, this.#key.charCodeAt(at))
    this.#ends.set(number, start + this.#key.length)
  }

  hashAt(number: number): number {
    let hash = seed
    for (let at = this.#startOf(number); at < this.#ends.at(number); at++) hash = mix(hash, this.#characters.at(at))
    return settle(hash)
  }

  keyAt(number: number): string {
    const [start, end] = [this.#startOf(number), this.#ends.at(number)]
    let key = ''
    // A call takes only so many arguments.
    for (let from = start; from < end; from += mostCodes) {
      const codes = Array.from({ length: Math.min(mostCodes, end - from) }, (_, at) => this.#characters.at(from + at))
      key += String.fromCharCode(...codes)
    }
    return key
  }

  #startOf(number: number): number {
    return number === 0 ? 0 : this.#ends.at(number - 1)
  }
}
