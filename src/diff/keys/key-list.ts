/** The keys of a block of rows, packed close together. */
import { packKey } from '../../keys/key.ts'
import type { Block } from './blocks.ts'
import { type KeyShape, keyText } from './key-shape.ts'

/** A list that keys are added to in their order. */
export class KeyList {
  readonly #shape: KeyShape
  #words = new Uint32Array(1_024)
  #bytes = Buffer.alloc(0)
  #used = 0
  #count = 0

  constructor(shape: KeyShape) {
    this.#shape = shape
  }

  get length(): number {
    return this.#count
  }

  /** Adds the key of one row of a block. */
  add(block: Block, row: number): void {
    const { width, isText } = this.#shape
    const stride = isText ? 1 : width
    if ((this.#count + 1) * stride > this.#words.length) {
      const larger = new Uint32Array(Math.max((this.#count + 1) * stride, this.#words.length * 2))
      larger.set(this.#words)
      this.#words = larger
    }
    const from = row * width
    if (isText) this.#words[this.#count] = this.#addText(block, from)
    else
      for (let word = 0; word < width; word++) this.#words[this.#count * width + word] = block.words[from + word] ?? 0
    this.#count++
  }

  /** Packed keys, `size` at a time. */
  *batches(size: number): Generator<readonly string[]> {
    for (let start = 0; start < this.#count; start += size) {
      const end = Math.min(this.#count, start + size)
      yield Array.from({ length: end - start }, (_, position) => this.#packed(start + position))
    }
  }

  #packed(row: number): string {
    const { width, isText } = this.#shape
    if (!isText) return packKey(keyText(this.#shape, this.#words, row * width))
    return this.#bytes.toString('utf8', row === 0 ? 0 : this.#words[row - 1], this.#words[row])
  }

  /** Copies a text key, its parts packed; gives where it ends. */
  #addText(block: Block, from: number): number {
    for (let part = 0; part < this.#shape.width; part += 2) {
      const [start = 0, end = 0] = [block.words[from + part], block.words[from + part + 1]]
      const room = this.#used + end - start + 1
      if (room > this.#bytes.length) {
        const larger = Buffer.alloc(Math.max(room, this.#bytes.length * 2, 4_096))
        this.#bytes.copy(larger, 0, 0, this.#used)
        this.#bytes = larger
      }
      // A zero byte is between parts when keys are packed.
      if (part > 0) this.#bytes[this.#used++] = 0
      this.#used += block.bytes.copy(this.#bytes, this.#used, start, end)
    }
    return this.#used
  }
}
