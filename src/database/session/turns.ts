/** One at a time, in the order they came. */
export class Turns {
  #tail: Promise<void> = Promise.resolve()
  #since: number | null = null

  /** True while somebody has the turn. */
  get isTaken(): boolean {
    return this.#since !== null
  }

  /** Since when, as `performance.now()` has it; null while nobody has it. */
  get since(): number | null {
    return this.#since
  }

  /** Resolves when everybody who has asked so far is done. */
  get settled(): Promise<void> {
    return this.#tail
  }

  /** Waits for the turn; call what it resolves to when done. */
  async take(): Promise<() => void> {
    const before = this.#tail
    let release = (): void => undefined
    this.#tail = new Promise((resolve) => {
      release = resolve
    })
    await before
    this.#since = performance.now()
    return () => {
      this.#since = null
      release()
    }
  }
}
