/** Random choices that a seed repeats. */
export class Dice {
  #state: number

  constructor(seed: number) {
    this.#state = (seed * 2_654_435_761) >>> 0
  }

  /** From 0 up to 1 (mulberry32). */
  roll(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }

  upTo(most: number): number {
    return Math.floor(this.roll() * (most + 1))
  }

  between(least: number, most: number): number {
    return least + this.upTo(most - least)
  }

  isIn(share: number): boolean {
    return this.roll() < share
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.upTo(items.length - 1)]
    if (item === undefined) throw new Error('nothing to pick from')
    return item
  }

  some<T>(items: readonly T[], count: number): readonly T[] {
    const left = [...items]
    const taken: T[] = []
    while (taken.length < count && left.length > 0) taken.push(...left.splice(this.upTo(left.length - 1), 1))
    return taken
  }
}
