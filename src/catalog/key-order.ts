/** The order of keys in plans: integers by value, then everything else by code unit. Not a server's order. */
import { type Keys, listKeys, unpackKey } from './key.ts'

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
const numbersOf = (keys: Keys): readonly Float64Array[] | null => {
  const width = unpackKey(keys.at(0) ?? '').length
  const columns = Array.from({ length: width }, () => new Float64Array(keys.length))
  for (let row = 0; row < keys.length; row++) {
    for (const [part, value] of unpackKey(keys.at(row) ?? '').entries()) {
      const column = columns[part]
      if (column === undefined || !small.test(value)) return null
      column[row] = Number(value)
    }
  }
  return columns
}

/** The keys in their order; millions of integers in a second or two, and without a list of them. */
export const sortKeys = (keys: Keys): Keys => {
  const columns = numbersOf(keys)
  if (columns === null) return listKeys(keys).sort(compareKeys)
  const order = Uint32Array.from({ length: keys.length }, (_, row) => row).sort((a, b) => {
    for (const column of columns) {
      const difference = (column[a] ?? 0) - (column[b] ?? 0)
      if (difference !== 0) return difference
    }
    return 0
  })
  return { length: keys.length, at: (row) => keys.at(order[row] ?? -1) }
}
