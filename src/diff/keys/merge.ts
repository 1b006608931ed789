/** Merges the ordered rows of both sides: what only one of them has, and where they differ. */
import type { Block } from './blocks.ts'
import { KeyList } from './key-list.ts'
import type { KeyShape } from './key-shape.ts'

/** What a comparison found, in the order of the keys. */
export interface FoundKeys {
  /** Only in the backup. */
  readonly missing: KeyList
  /** Only in live. */
  readonly extra: KeyList
  /** On both sides, with different digests. */
  readonly differing: KeyList
  /** The same, but not in what could make them anything but changed. */
  readonly changed: KeyList
}

export const nothingFound = (shape: KeyShape): FoundKeys => ({
  missing: new KeyList(shape),
  extra: new KeyList(shape),
  differing: new KeyList(shape),
  changed: new KeyList(shape),
})

type Compare = (a: Block, i: number, b: Block, j: number) => number

const comparePairs: Compare = (a, i, b, j) => {
  const high = a.words[2 * i] ?? 0
  const other = b.words[2 * j] ?? 0
  if (high !== other) return high < other ? -1 : 1
  const low = a.words[2 * i + 1] ?? 0
  const otherLow = b.words[2 * j + 1] ?? 0
  return low === otherLow ? 0 : low < otherLow ? -1 : 1
}

const compareWords =
  (width: number): Compare =>
  (a, i, b, j) => {
    for (let word = 0; word < width; word++) {
      const own = a.words[i * width + word] ?? 0
      const other = b.words[j * width + word] ?? 0
      if (own !== other) return own < other ? -1 : 1
    }
    return 0
  }

const compareTexts =
  (width: number): Compare =>
  (a, i, b, j) => {
    const [from, to] = [i * width, j * width]
    for (let part = 0; part < width; part += 2) {
      const order = a.bytes.compare(
        b.bytes,
        b.words[to + part],
        b.words[to + part + 1],
        a.words[from + part],
        a.words[from + part + 1],
      )
      if (order !== 0) return order
    }
    return 0
  }

const compareFor = ({ isText, width }: KeyShape): Compare =>
  isText ? compareTexts(width) : width === 2 ? comparePairs : compareWords(width)

const isEqual = (a: Block, i: number, b: Block, j: number): boolean =>
  a.digests[i] === b.digests[j] && a.digests[i + 1] === b.digests[j + 1]

const empty: Block = { count: 0, words: new Uint32Array(0), bytes: Buffer.alloc(0), digests: new Uint32Array(0) }

/** Adds to `found`. Both streams are ended, whatever happens. Told of the rows read on both sides, block by block. */
export const mergeBlocks = async (
  live: AsyncGenerator<Block>,
  backup: AsyncGenerator<Block>,
  options: {
    readonly shape: KeyShape
    /** Digests per row: of the row; or of what tells records apart, and of the rest. */
    readonly digests: number
    readonly found: FoundKeys
    readonly onRows: (rows: number) => void
  },
): Promise<void> => {
  const { digests, found, onRows } = options
  const compare = compareFor(options.shape)
  let [here, there] = [empty, empty]
  let [i, j] = [0, 0]
  let [hereDone, thereDone] = [false, false]
  try {
    for (;;) {
      const needsHere = i === here.count && !hereDone
      const needsThere = j === there.count && !thereDone
      const [nextHere, nextThere] = await Promise.all([
        needsHere ? live.next() : null,
        needsThere ? backup.next() : null,
      ])
      if (nextHere !== null) {
        hereDone = nextHere.done === true
        here = nextHere.done ? empty : nextHere.value
        i = 0
      }
      if (nextThere !== null) {
        thereDone = nextThere.done === true
        there = nextThere.done ? empty : nextThere.value
        j = 0
      }
      const [liveCount, backupCount] = [here.count, there.count]
      const [startHere, startThere] = [i, j]
      while (i < liveCount && j < backupCount) {
        const order = compare(here, i, there, j)
        if (order === 0) {
          if (digests === 2 && !isEqual(here, 4 * i, there, 4 * j)) found.differing.add(here, i)
          else if (digests > 0 && !isEqual(here, digests * 2 * (i + 1) - 2, there, digests * 2 * (j + 1) - 2)) {
            found.changed.add(here, i)
          }
          i++
          j++
        } else if (order < 0) found.extra.add(here, i++)
        else found.missing.add(there, j++)
      }
      if (thereDone) while (i < liveCount) found.extra.add(here, i++)
      if (hereDone) while (j < backupCount) found.missing.add(there, j++)
      onRows(i - startHere + j - startThere)
      if (hereDone && thereDone && i === here.count && j === there.count) return
    }
  } finally {
    await Promise.all([live.return(undefined), backup.return(undefined)])
  }
}
