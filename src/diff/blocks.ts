/** Rows of a binary COPY, decoded into typed arrays, one block per chunk: no object per row. */
import { type KeyShape, partSizes } from './key-shape.ts'

/** Keys and digests of some rows in their order. */
export interface Block {
  readonly count: number
  /** `width` per row: the key's words, or for text keys where each part starts and ends in `bytes`. */
  readonly words: Uint32Array
  readonly bytes: Buffer
  /** Two words per row; empty where no digest was asked for. */
  readonly digests: Uint32Array
}

const frameHead = 5 // 'd' and the length of what follows
const signature = 19 // PGCOPY, flags, and the length of no extension: part of the first frame

const none = new Uint32Array(0)

/** Calls `take` with the place of each row's first byte after its column count. */
const eachRow = (chunk: Buffer, isFirst: boolean, take: (at: number) => void): void => {
  let at = 0
  let skip = isFirst ? signature : 0
  while (at < chunk.length) {
    const start = at + frameHead + skip
    skip = 0
    at += 1 + chunk.readUInt32BE(at + 1)
    // -1 columns: the trailer. The server may send the signature alone.
    if (start + 2 <= at && chunk.readInt16BE(start) !== -1) take(start + 2)
  }
}

const decodeWords = (view: DataView, starts: Uint32Array, count: number, shape: KeyShape): Uint32Array => {
  const words = new Uint32Array(count * shape.width)
  const layout = partSizes(shape).map((size) => ({ words: size / 4, isSigned: size < 16 }))
  const single = layout.length === 1 ? layout[0] : undefined
  if (single?.words === 2) {
    for (let row = 0; row < count; row++) {
      const at = (starts[row] ?? 0) + 4
      words[row * 2] = view.getUint32(at) ^ 0x80000000
      words[row * 2 + 1] = view.getUint32(at + 4)
    }
    return words
  }
  let to = 0
  for (let row = 0; row < count; row++) {
    let at = starts[row] ?? 0
    for (const part of layout) {
      at += 4
      for (let word = 0; word < part.words; word++) {
        words[to++] = word === 0 && part.isSigned ? view.getUint32(at) ^ 0x80000000 : view.getUint32(at)
        at += 4
      }
    }
  }
  return words
}

/** Where the value after the key starts, for each row. */
const decodeText = (
  view: DataView,
  starts: Uint32Array,
  count: number,
  shape: KeyShape,
): { readonly words: Uint32Array; readonly ends: Uint32Array } => {
  const words = new Uint32Array(count * shape.width)
  const ends = new Uint32Array(count)
  let to = 0
  for (let row = 0; row < count; row++) {
    let at = starts[row] ?? 0
    for (let part = 0; part < shape.width; part += 2) {
      const length = view.getInt32(at)
      at += 4
      words[to++] = at
      at += Math.max(0, length)
      words[to++] = at
    }
    ends[row] = at
  }
  return { words, ends }
}

/** Decodes the chunks of one COPY of key columns, followed by an 8-byte digest where there is one. */
export async function* decodeBlocks(
  chunks: AsyncIterable<Buffer>,
  shape: KeyShape,
  hasDigest: boolean,
): AsyncGenerator<Block> {
  const keyBytes = partSizes(shape).reduce((sum, size) => sum + 4 + size, 0)
  let starts = new Uint32Array(8_192)
  let isFirst = true
  for await (const chunk of chunks) {
    let count = 0
    eachRow(chunk, isFirst, (at) => {
      if (count === starts.length) {
        const larger = new Uint32Array(count * 2)
        larger.set(starts)
        starts = larger
      }
      starts[count++] = at
    })
    isFirst = false
    if (count === 0) continue
    const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.length)
    const text = shape.isText ? decodeText(view, starts, count, shape) : null
    const words = text?.words ?? decodeWords(view, starts, count, shape)
    let digests = none
    if (hasDigest) {
      digests = new Uint32Array(count * 2)
      for (let row = 0; row < count; row++) {
        const at = (text === null ? (starts[row] ?? 0) + keyBytes : (text.ends[row] ?? 0)) + 4
        digests[row * 2] = view.getUint32(at)
        digests[row * 2 + 1] = view.getUint32(at + 4)
      }
    }
    yield { count, words, bytes: chunk, digests }
  }
}
