/**
 * Packed keys numbered in the order they were added. Millions of keys as JavaScript strings in maps take some hundred bytes each; here
 * their characters stand in one array, found again by open addressing: about 30 bytes. Keys with characters beyond Latin-1 are kept in a map.
 */
const none = -1

/** Slots are at most half full. */
const isFull = (keys: number, slots: number): boolean => keys * 2 > slots

/** How long an array becomes that is full: by half is seldom enough, and wastes a sixth on the average. */
const grown = (length: number): number => Math.ceil(length * 1.5)

const seed = 0x811c9dc5
const mix = (hash: number, character: number): number => Math.imul(hash ^ character, 0x01000193)
/** The low bits choose the slot: the high ones have a say. */
const settle = (hash: number): number => (hash ^ (hash >>> 15)) >>> 0

const hashOf = (key: string): number => {
  let hash = seed
  for (let at = 0; at < key.length; at++) hash = mix(hash, key.charCodeAt(at))
  return settle(hash)
}

const isWide = (key: string): boolean => {
  for (let at = 0; at < key.length; at++) if (key.charCodeAt(at) > 0xff) return true
  return false
}

export class KeyIndex {
  readonly #wide = new Map<string, number>()
  readonly #wideKeys = new Map<number, string>()
  #characters = Buffer.alloc(1_024)
  /** Where each key begins; one more than there are keys. */
  #starts = new Uint32Array(65)
  #slots = new Int32Array(128).fill(none)
  #size = 0

  get size(): number {
    return this.#size
  }

  /** The number of a key; -1 if it was never added. */
  find(key: string): number {
    if (isWide(key)) return this.#wide.get(key) ?? none
    return this.#slots[this.#slotOf(key)] ?? none
  }

  /** The number of a key, which is added if it is new: then it is the size before. */
  add(key: string): number {
    if (isWide(key)) return this.#addWide(key)
    const slot = this.#slotOf(key)
    const known = this.#slots[slot] ?? none
    if (known !== none) return known
    const end = this.#append(key.length)
    this.#characters.write(key, end - key.length, 'latin1')
    this.#slots[slot] = this.#size - 1
    if (isFull(this.#size, this.#slots.length)) this.#spread()
    return this.#size - 1
  }

  /** The key of a number. */
  keyAt(number: number): string {
    const wide = this.#wideKeys.get(number)
    if (wide !== undefined) return wide
    return this.#characters.toString('latin1', this.#starts[number], this.#starts[number + 1])
  }

  #addWide(key: string): number {
    const known = this.#wide.get(key)
    if (known !== undefined) return known
    this.#append(0)
    this.#wide.set(key, this.#size - 1)
    this.#wideKeys.set(this.#size - 1, key)
    return this.#size - 1
  }

  /** Makes room for one more key of some length; gives where it ends. */
  #append(length: number): number {
    const end = (this.#starts[this.#size] ?? 0) + length
    if (end > this.#characters.length) {
      const more = Buffer.alloc(Math.max(end, grown(this.#characters.length)))
      this.#characters.copy(more)
      this.#characters = more
    }
    if (this.#size + 1 === this.#starts.length) {
      const starts = new Uint32Array(grown(this.#starts.length))
      starts.set(this.#starts)
      this.#starts = starts
    }
    this.#size++
    this.#starts[this.#size] = end
    return end
  }

  /** The slot that holds the key, or the free one where it belongs. */
  #slotOf(key: string): number {
    const mask = this.#slots.length - 1
    for (let slot = hashOf(key) & mask; ; slot = (slot + 1) & mask) {
      const number = this.#slots[slot] ?? none
      if (number === none || this.#holds(number, key)) return slot
    }
  }

  #holds(number: number, key: string): boolean {
    const start = this.#starts[number] ?? 0
    if ((this.#starts[number + 1] ?? 0) - start !== key.length) return false
    for (let at = 0; at < key.length; at++) if (this.#characters[start + at] !== key.charCodeAt(at)) return false
    return true
  }

  #spread(): void {
    const slots = new Int32Array(this.#slots.length * 2).fill(none)
    const mask = slots.length - 1
    for (let number = 0; number < this.#size; number++) {
      if (this.#wideKeys.has(number)) continue
      let hash = seed
      const end = this.#starts[number + 1] ?? 0
      for (let at = this.#starts[number] ?? 0; at < end; at++) hash = mix(hash, this.#characters[at] ?? 0)
      let slot = settle(hash) & mask
      // All keys differ: the first free slot is theirs.
      while (slots[slot] !== none) slot = (slot + 1) & mask
      slots[slot] = number
    }
    this.#slots = slots
  }
}

/** One number per key, grown as needed: positions in a list, or, in bytes, marks and states. */
export class NumberColumn {
  readonly #make: (length: number) => Int32Array | Uint8Array
  #values: Int32Array | Uint8Array

  /** `bytes`: no number is above 255. */
  constructor(width: 'integers' | 'bytes' = 'integers') {
    this.#make = width === 'bytes' ? (length) => new Uint8Array(length) : (length) => new Int32Array(length)
    this.#values = this.#make(64)
  }

  at(number: number): number {
    return this.#values[number] ?? 0
  }

  set(number: number, value: number): void {
    if (number >= this.#values.length) {
      const values = this.#make(Math.max(number + 1, grown(this.#values.length)))
      values.set(this.#values)
      this.#values = values
    }
    this.#values[number] = value
  }
}

/** Numbers in the order they came, each taken once. */
export class NumberQueue {
  #numbers = new NumberColumn()
  #first = 0
  #end = 0

  get size(): number {
    return this.#end - this.#first
  }

  push(number: number): void {
    this.#numbers.set(this.#end++, number)
  }

  /** Takes up to so many of them. */
  take(most: number): readonly number[] {
    const taken = Array.from({ length: Math.min(most, this.size) }, (_, position) =>
      this.#numbers.at(this.#first + position),
    )
    this.#first += taken.length
    if (this.#first === this.#end && taken.length > 0) {
      this.#numbers = new NumberColumn()
      this.#first = this.#end = 0
    }
    return taken
  }
}

/** A set of packed keys, however many. */
export class KeySet {
  readonly #keys = new KeyIndex()
  readonly #isIn = new NumberColumn('bytes')
  #size = 0

  get size(): number {
    return this.#size
  }

  has(key: string): boolean {
    const number = this.#keys.find(key)
    return number >= 0 && this.#isIn.at(number) === 1
  }

  add(key: string): void {
    this.#put(this.#keys.add(key), 1)
  }

  delete(key: string): void {
    const number = this.#keys.find(key)
    if (number >= 0) this.#put(number, 0)
  }

  #put(number: number, isIn: 0 | 1): void {
    this.#size += isIn - this.#isIn.at(number)
    this.#isIn.set(number, isIn)
  }
}
