/**
 * Numbers by position, in chunks: a column that grows holds nothing twice, and where nothing was set it takes nothing. Each chunk is only
 * as wide as its numbers: one byte where they are marks, four where they are small integers, eight where they are large.
 */
type Chunk = Uint8Array | Int32Array | Float64Array

const bits = 14
const chunkLength = 1 << bits
const mask = chunkLength - 1

/** A chunk that holds the number, with what another chunk held: no narrower than that one. */
const makeChunk = (length: number, value: number, old: Chunk | undefined): Chunk => {
  const isByte = old === undefined || old instanceof Uint8Array
  if (isByte && value >= 0 && value <= 0xff && Number.isInteger(value)) return new Uint8Array(length)
  return !(old instanceof Float64Array) && (value | 0) === value ? new Int32Array(length) : new Float64Array(length)
}

/** One number per position, grown as needed; 0 where none was set. */
export class NumberColumn {
  readonly #chunks: (Chunk | undefined)[] = []

  at(position: number): number {
    return this.#chunks[position >>> bits]?.[position & mask] ?? 0
  }

  set(position: number, value: number): void {
    const chunk = this.#chunks[position >>> bits]
    if (chunk !== undefined) {
      chunk[position & mask] = value
      // What is too short, or too narrow, holds something else.
      if (chunk[position & mask] === value) return
    }
    this.#widen(position, value)
  }

  /** Forgets the numbers before a position, as far as they fill chunks. */
  forget(before: number): void {
    for (let number = (before >>> bits) - 1; number >= 0 && this.#chunks[number] !== undefined; number--) {
      this.#chunks[number] = undefined
    }
  }

  #widen(position: number, value: number): void {
    const number = position >>> bits
    const old = this.#chunks[number]
    // Most columns are short.
    let length = number > 0 ? chunkLength : (old?.length ?? 64)
    while (length <= (position & mask)) length *= 2
    const chunk = makeChunk(length, value, old)
    if (old !== undefined) chunk.set(old)
    chunk[position & mask] = value
    this.#chunks[number] = chunk
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
    this.#numbers.forget(this.#first)
    return taken
  }
}
