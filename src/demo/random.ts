/** A seeded source of choices: the same seed always makes the same ones, on every machine. */
export interface Random {
  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number
  /** One element of a list that is not empty. */
  pick<T>(list: readonly T[]): T
  /** The list in another order; the list itself stays as it is. */
  shuffle<T>(list: readonly T[]): T[]
}

/** Makes a Random from a seed (mulberry32: 32 bits of state, plenty for some hundred rows). */
export const makeRandom = (seed: number): Random => {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const between = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1))
  const pick = <T>(list: readonly T[]): T => {
    const picked = list[between(0, list.length - 1)]
    if (picked === undefined) throw new RangeError('nothing to pick from')
    return picked
  }
  const shuffle = <T>(list: readonly T[]): T[] =>
    list
      .map((element) => ({ element, order: next() }))
      .sort((a, b) => a.order - b.order)
      .map(({ element }) => element)
  return { between, pick, shuffle }
}
