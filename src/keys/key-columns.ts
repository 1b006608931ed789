/**
 * Keys of many rows, column by column. A column is the list of its values; a long column of integers is one text instead, of some bytes
 * a row: `{"integers": "7 1*999 4 -2"}` is 7, then 999 times one more than before, then 4 more, then 2 less.
 */
import { type Keys, packKey, unpackKey } from './key.ts'

/** `integers`: the first value, then differences to the value before, `d*n` for n times the same. */
export type KeyColumn = readonly string[] | { readonly integers: string }

/** Columns shorter than this are always lists. */
const fewest = 10_000

/** Integers as the server writes them, that a double holds exactly: differences of two of them, too. */
export const plainInteger = /^(?:0|-?[1-9]\d{0,14})$/

const isPacked = (column: KeyColumn): column is { readonly integers: string } => 'integers' in column

/** Packs integers, given one after the other. */
class IntegerPacker {
  readonly #texts: string[] = []
  readonly #words: string[] = []
  #before: number | null = null
  #difference = 0
  #times = 0

  add(value: number): void {
    const difference = value - (this.#before ?? 0)
    if (difference !== this.#difference) this.#endRun()
    this.#difference = difference
    this.#times++
    // The first value is none of the differences.
    if (this.#before === null) this.#endRun()
    this.#before = value
  }

  end(): string {
    this.#endRun()
    return [...this.#texts, this.#words.join(' ')].join(' ')
  }

  #endRun(): void {
    if (this.#times === 0) return
    this.#words.push(this.#times === 1 ? String(this.#difference) : `${this.#difference}*${this.#times}`)
    this.#times = 0
    // Some long texts instead of millions of short ones. There is always a word left to end with.
    if (this.#words.length <= fewest) return
    this.#texts.push(this.#words.splice(0, fewest).join(' '))
  }
}

/** The values of one column, packed where that is worth it. `valueAt` gives the value of a row. */
const makeColumn = (rows: number, valueAt: (row: number) => string): KeyColumn => {
  const list = (): readonly string[] => Array.from({ length: rows }, (_, row) => valueAt(row))
  if (rows < fewest) return list()
  const packer = new IntegerPacker()
  for (let row = 0; row < rows; row++) {
    const value = valueAt(row)
    if (!plainInteger.test(value)) return list()
    packer.add(Number(value))
  }
  return { integers: packer.end() }
}

/** Turns packed keys into columns. */
export const keyColumns = (width: number, keys: Keys): readonly KeyColumn[] =>
  Array.from({ length: width }, (_, part) =>
    makeColumn(keys.length, (row) => unpackKey(keys.at(row) ?? '')[part] ?? ''),
  )

/** The values of a packed column, one after the other. */
function* unpackIntegers(text: string): Generator<string> {
  let value = 0
  for (let at = 0; at < text.length; ) {
    const space = text.indexOf(' ', at)
    const end = space === -1 ? text.length : space
    const [difference = '', times = '1'] = text.slice(at, end).split('*')
    for (let left = Number(times); left > 0; left--) {
      value += Number(difference)
      yield String(value)
    }
    at = end + 1
  }
}

const packedWord = /(-?(?:0|[1-9]\d{0,15}))(?:\*([1-9]\d{0,14}))?(?: |$)/y

/** The largest value of a packed column. */
const largest = 999_999_999_999_999

/** What stands in a packed column: how many values, and whether each is greater than the one before. Null for what none can be. */
const measureIntegers = (text: string): ColumnSize | null => {
  let [value, rows, isRising] = [0, 0, true]
  packedWord.lastIndex = 0
  while (packedWord.lastIndex < text.length) {
    const [word, difference, times = '1'] = packedWord.exec(text) ?? []
    if (word === undefined) return null
    if (rows > 0 && Number(difference) <= 0) isRising = false
    rows += Number(times)
    value += Number(difference) * Number(times)
    // Within a run the values rise or fall: its end is as far as they go.
    if (!(Math.abs(value) <= largest) || !Number.isSafeInteger(rows)) return null
  }
  return rows === 0 || text.endsWith(' ') ? null : { rows, isRising }
}

/** How many values a column has, and whether it says by its form that each is greater than the one before. */
export interface ColumnSize {
  readonly rows: number
  readonly isRising: boolean
}

/** The size of a column whose form is right; null where that is packed wrongly. */
export const measureColumn = (column: KeyColumn): ColumnSize | null =>
  isPacked(column) ? measureIntegers(column.integers) : { rows: column.length, isRising: false }

/** The values of one column, in order. */
export const columnValues = (column: KeyColumn): Iterable<string> =>
  isPacked(column) ? unpackIntegers(column.integers) : column

/** The values of many rows, `size` rows at a time, column by column: memory is one batch. */
export function* columnBatches(columns: readonly KeyColumn[], size: number): Generator<readonly (readonly string[])[]> {
  const values = columns.map((column) => columnValues(column)[Symbol.iterator]())
  for (;;) {
    const batch = values.map((left) => {
      const taken: string[] = []
      while (taken.length < size) {
        const { value, done } = left.next()
        if (done === true) break
        taken.push(value)
      }
      return taken
    })
    if ((batch[0]?.length ?? 0) === 0) return
    yield batch
  }
}

/** Packed keys of the rows, `size` at a time. */
export function* keyBatches(columns: readonly KeyColumn[], size: number): Generator<readonly string[]> {
  for (const batch of columnBatches(columns, size)) {
    const [first = []] = batch
    yield batch.length === 1 ? first : first.map((_, row) => packKey(batch.map((values) => values[row] ?? '')))
  }
}

/** The packed keys of some sets of rows, one after the other, whenever somebody asks for them: no list of them is held. */
export const streamKeys = (sets: readonly (readonly KeyColumn[])[]): Iterable<string> => ({
  *[Symbol.iterator]() {
    for (const columns of sets) for (const batch of keyBatches(columns, 1_000)) yield* batch
  },
})

/** One packed key per row. */
export const keysOf = (columns: readonly KeyColumn[]): readonly string[] => {
  const [keys = []] = keyBatches(columns, Number.POSITIVE_INFINITY)
  return keys
}
