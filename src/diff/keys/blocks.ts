/** Rows of a binary COPY, decoded into typed arrays, one block per chunk: no object per row. */
import { type KeyShape, partSizes } from './key-shape.ts'

/** Keys and digests of some rows in their order. Good until the next block is asked for. */
export interface Block {
  count: number
  /** `width` per row: the key's words, or for text keys where each part starts and ends in `bytes`. */
  words: Uint32Array
  bytes: Buffer
  /** Two words for each digest of a row; empty where none was asked for. */
  digests: Uint32Array
}

// A row is a frame: `d` and its length, then the number of columns, then each after its own length.
const frameHead = 5
const rowHead = frameHead + 2
const signature = 19 // PGCOPY, flags, and the length of no extension: part of the first frame

const none = new Uint32Array(0)

/** What a block is decoded with: its arrays are used again and again. */
interface Decoder {
  readonly block: Block
  readonly shape: KeyShape
  /** Digests per row. */
  readonly digests: number
  /** Words per part, and whether the first of them has a sign. */
  readonly layout: readonly { readonly words: number; readonly isSigned: boolean }[]
}

const makeRoom = ({ block, shape, digests }: Decoder, bytes: number): void => {
  const least = rowHead + shape.parts.length * 4 + digests * 12
  const rows = Math.ceil(bytes / least)
  if (block.words.length < rows * shape.width) block.words = new Uint32Array(rows * shape.width)
  if (block.digests.length < rows * digests * 2) block.digests = new Uint32Array(rows * digests * 2)
}

/** Decodes the key whose first length is at `at`; gives where it ends. */
const decodeKey = ({ block, shape, layout }: Decoder, view: DataView, start: number): number => {
  const { words } = block
  let at = start
  let to = block.count * shape.width
  if (shape.isText) {
    for (let part = 0; part < shape.width; part += 2) {
      const length = view.getInt32(at)
      at += 4
      words[to++] = at
      at += Math.max(0, length)
      words[to++] = at
    }
    return at
  }
  for (const part of layout) {
    at += 4
    words[to++] = part.isSigned ? view.getUint32(at) ^ 0x80000000 : view.getUint32(at)
    for (let word = 1; word < part.words; word++) words[to++] = view.getUint32(at + word * 4)
    at += part.words * 4
  }
  return at
}

const decodeRow = (decoder: Decoder, view: DataView, start: number): void => {
  const { block, digests } = decoder
  let at = decodeKey(decoder, view, start)
  let to = block.count * digests * 2
  for (let digest = 0; digest < digests; digest++) {
    block.digests[to++] = view.getUint32(at + 4)
    block.digests[to++] = view.getUint32(at + 8)
    at += 12
  }
  block.count++
}

/** Rows of one bigint key: the most common kind, in a loop of its own. */
const decodeBigints = ({ block, digests }: Decoder, view: DataView, from: number): number => {
  const { words } = block
  const size = rowHead + 12 + digests * 12
  let at = from
  let row = block.count
  let to = row * digests * 2
  while (at + size <= view.byteLength && view.getUint32(at + 1) === size - 1) {
    words[2 * row] = view.getUint32(at + rowHead + 4) ^ 0x80000000
    words[2 * row + 1] = view.getUint32(at + rowHead + 8)
    for (let digest = 0; digest < digests; digest++) {
      block.digests[to++] = view.getUint32(at + rowHead + 16 + digest * 12)
      block.digests[to++] = view.getUint32(at + rowHead + 20 + digest * 12)
    }
    row++
    at += size
  }
  block.count = row
  return at
}

/** `head`: bytes before the first row. */
const decodeChunk = (decoder: Decoder, chunk: Buffer, head: number): void => {
  const { block, shape, layout } = decoder
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.length)
  block.count = 0
  block.bytes = chunk
  makeRoom(decoder, chunk.length)
  const isBigint = !shape.isText && layout.length === 1 && shape.width === 2
  let skip = head
  let at = 0
  while (at < chunk.length) {
    const start = at + rowHead + skip
    at += 1 + view.getUint32(at + 1)
    // -1 columns: the trailer. The server may send the signature alone.
    if (start <= at && view.getInt16(start - 2) !== -1) decodeRow(decoder, view, start)
    skip = 0
    if (isBigint) at = decodeBigints(decoder, view, at)
  }
}

/** Decodes the chunks of one COPY of key columns, followed by `digests` of 8 bytes each. */
export async function* decodeBlocks(
  chunks: AsyncIterable<Buffer>,
  shape: KeyShape,
  digests: number,
): AsyncGenerator<Block> {
  const decoder: Decoder = {
    block: { count: 0, words: none, bytes: Buffer.alloc(0), digests: none },
    shape,
    digests,
    layout: partSizes(shape).map((size) => ({ words: size / 4, isSigned: size < 16 })),
  }
  let head = signature
  for await (const chunk of chunks) {
    decodeChunk(decoder, chunk, head)
    head = 0
    if (decoder.block.count > 0) yield decoder.block
  }
}
