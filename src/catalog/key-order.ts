/** The order of keys in plans: integers by value, then everything else by code unit. Not a server's order. */
import { unpackKey } from './key.ts'

const integer = /^-?\d+$/

/** Orders packed keys for people and for stable plans. */
export const compareKeys = (a: string, b: string): number => {
  const [left, right] = [unpackKey(a), unpackKey(b)]
  for (const [position, value] of left.entries()) {
    const other = right[position] ?? ''
    if (value === other) continue
    const [isInteger, isOther] = [integer.test(value), integer.test(other)]
    if (isInteger !== isOther) return isInteger ? -1 : 1
    if (isInteger && BigInt(value) !== BigInt(other)) return BigInt(value) < BigInt(other) ? -1 : 1
    return value < other ? -1 : 1
  }
  return 0
}

/** Integers that a double holds exactly. */
const small = /^-?\d{1,15}$/

/** The parts of all keys as numbers, part by part; null where some are none. */
const numbersOf = (keys: readonly string[]): readonly Float64Array[] | null => {
  const width = unpackKey(keys[0] ?? '').length
  const columns = Array.from({ length: width }, () => new Float64Array(keys.length))
  for (const [row, key] of keys.entries()) {
    for (const [part, value] of unpackKey(key).entries()) {
      const column = columns[part]
      if (column === undefined || !small.test(value)) return null
      column[row] = Number(value)
    }
  }
  return columns
}

/** The keys in their order; millions of integers in a second or two. */
export const sortKeys = (keys: readonly string[]): readonly string[] => {
  const columns = numbersOf(keys)
  if (columns === null) return keys.toSorted(compareKeys)
  const order = Uint32Array.from({ length: keys.length }, (_, row) => row).sort((a, b) => {
    for (const column of columns) {
      const difference = (column[a] ?? 0) - (column[b] ?? 0)
      if (difference !== 0) return difference
    }
    return 0
  })
  return Array.from(order, (row) => keys[row] ?? '')
}
