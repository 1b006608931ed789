/** The order of keys in plans: integers by value, then everything else by code unit. Not a server's order. */
import { type Keys, listKeys, packKey, unpackKey } from './key.ts'
import { plainInteger } from './key-columns.ts'

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

/** What one part of all keys spans. */
interface Span {
  least: number
  most: number
}

/** The spans of all parts; null where some part of a key is no plain integer. */
const spansOf = (keys: Keys): readonly Span[] | null => {
  const width = unpackKey(keys.at(0) ?? '').length
  const spans: Span[] = Array.from({ length: width }, () => ({ least: Infinity, most: -Infinity }))
  for (let row = 0; row < keys.length; row++) {
    const values = unpackKey(keys.at(row) ?? '')
    if (values.length !== width || !values.every((value) => plainInteger.test(value))) return null
    for (const [part, span] of spans.entries()) {
      const value = Number(values[part])
      if (value < span.least) span.least = value
      if (value > span.most) span.most = value
    }
  }
  return spans
}

/** Sorts keys of integers by one number that stands for each, in which the first part counts most; null where that would be too large. */
const sortByNumber = (keys: Keys): Keys | null => {
  const parts = spansOf(keys)?.map(({ least, most }) => ({ least, size: most - least + 1 }))
  if (parts === undefined || parts.reduce((all, { size }) => all * size, 1) > Number.MAX_SAFE_INTEGER) return null
  const numbers = new Float64Array(keys.length)
  for (let row = 0; row < keys.length; row++) {
    const values = unpackKey(keys.at(row) ?? '')
    numbers[row] = parts.reduce((number, { least, size }, part) => number * size + Number(values[part]) - least, 0)
  }
  numbers.sort()
  const keyOf = (number: number): string => {
    let rest = number
    const values = parts.map(() => '')
    for (const [part, { least, size }] of [...parts.entries()].reverse()) {
      values[part] = String((rest % size) + least)
      rest = Math.floor(rest / size)
    }
    return packKey(values)
  }
  return {
    length: keys.length,
    at: (row) => {
      const number = numbers[row]
      return number === undefined ? undefined : keyOf(number)
    },
  }
}

/** The keys in their order; millions of integers in a second or two, and without a list of them. */
export const sortKeys = (keys: Keys): Keys => {
  const sorted = sortByNumber(keys)
  if (sorted !== null) return sorted
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
