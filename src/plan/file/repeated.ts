/** Keys that a plan has twice, among however many. Pure. */

import type { Flaw } from '../../documents/shape.ts'
import { displayKey } from '../../keys/key.ts'
import { columnValues, type KeyColumn, measureColumn, streamKeys } from '../../keys/key-columns.ts'
import { KeyIndex } from '../../keys/key-index.ts'

/** Rows of one table. */
interface Keyed {
  readonly table: string
  readonly keys: readonly KeyColumn[]
  readonly place: string
}

/** True where one key comes before another, part by part: integers by value, which only packed ones are for sure. */
const isBefore = (a: readonly string[], b: readonly string[], isInteger: readonly boolean[]): boolean => {
  for (const [part, value] of a.entries()) {
    const other = b[part] ?? ''
    if (value !== other) return isInteger[part] ? Number(value) < Number(other) : value < other
  }
  return false
}

/** True where each key comes after the one before: no index of them is needed to know that none is there twice. */
const isRising = ({ keys }: Keyed): boolean => {
  const sizes = keys.map(measureColumn)
  if (sizes.some((size) => size?.isRising)) return true
  const rows = sizes[0]?.rows ?? 0
  const isInteger = keys.map((column) => 'integers' in column)
  const columns = keys.map((column) => columnValues(column)[Symbol.iterator]())
  let last: readonly string[] | null = null
  for (let row = 0; row < rows; row++) {
    const key: readonly string[] = columns.map((values) => values.next().value ?? '')
    if (last !== null && !isBefore(last, key, isInteger)) return false
    last = key
  }
  return true
}

/** The first key that some sets of rows of one table have twice. */
export function* findRepeated(sets: readonly Keyed[]): Generator<Flaw> {
  const [first, ...others] = sets
  if (first === undefined || (others.length === 0 && isRising(first))) return
  const index = new KeyIndex()
  for (const { keys, place } of sets) {
    for (const key of streamKeys([keys])) {
      const size = index.size
      if (index.add(key) === size) continue
      yield { place, why: `has ${displayKey(key)} once more` }
      return
    }
  }
}
