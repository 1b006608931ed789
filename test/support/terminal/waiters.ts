/** Somebody who waits for the screen to show something. Told on events only: nothing here polls. */

/** What was on screen when somebody's wait was over. */
export interface Shown {
  readonly screen: string
  /** When the bytes that completed it arrived, as of `performance.now()`. */
  readonly at: number
}

interface Wait {
  readonly look: () => boolean
  /** Named in the error. */
  readonly what: string
  readonly timeoutMs: number
}

interface Waiter {
  readonly look: () => boolean
  readonly resolve: (shown: Shown) => void
  readonly reject: (error: unknown) => void
  /** Nothing can come any more. */
  readonly end: (why: string) => void
}

/** All that wait at one terminal, whose screen goes into the message where a wait fails. */
export class Waiters {
  readonly #waiting = new Set<Waiter>()
  readonly #screen: () => string

  constructor(screen: () => string) {
    this.#screen = screen
  }

  #failure(why: string): Error {
    const lines = this.#screen().split('\n')
    return new Error([`${why}; the screen:`, ...lines.map((line) => `│${line}`)].join('\n'))
  }

  /** Resolves at the first event after which `look` gives true; rejects after `timeoutMs`, or when nothing can come any more. */
  async wait({ look, what, timeoutMs }: Wait): Promise<Shown> {
    const { promise, resolve, reject } = Promise.withResolvers<Shown>()
    const end = (why: string): void => reject(this.#failure(`${why} before ${what}`))
    const waiter: Waiter = { look, resolve, reject, end }
    const timer = setTimeout(() => reject(this.#failure(`waited ${timeoutMs / 1_000} s for ${what}`)), timeoutMs)
    this.#waiting.add(waiter)
    try {
      return await promise
    } finally {
      clearTimeout(timer)
      this.#waiting.delete(waiter)
    }
  }

  /** The screen is complete: whoever waited for it goes on. */
  tell(at: number): void {
    for (const { look, resolve, reject } of this.#waiting) {
      try {
        if (look()) resolve({ screen: this.#screen(), at })
      } catch (error) {
        reject(error)
      }
    }
  }

  /** Nothing will come any more, and why. */
  end(why: string): void {
    for (const { end } of this.#waiting) end(why)
  }
}
