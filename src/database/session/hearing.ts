/** Whom a session listens to: the signal it was opened with, and that of the call under way. */
export class Hearing {
  readonly #opened: AbortSignal | undefined
  readonly #cancel: () => Promise<void>
  #signal: AbortSignal | undefined
  #cancelling: Promise<void> = Promise.resolve()

  constructor(opened: AbortSignal | undefined, cancel: () => Promise<void>) {
    this.#opened = opened
    this.#cancel = cancel
    this.#listen(opened)
  }

  /** The signal that counts now. */
  get signal(): AbortSignal | undefined {
    return this.#signal
  }

  /** Listens to one call as well. What it returns ends that, and waits for a cancel under way: it must hit nothing later. */
  hear(call: AbortSignal | undefined): () => Promise<void> {
    const signals = [this.#opened, call].filter((signal) => signal !== undefined)
    this.#listen(signals.length > 1 ? AbortSignal.any(signals) : signals[0])
    return async () => {
      this.#listen(this.#opened)
      await this.#cancelling
    }
  }

  stop(): void {
    this.#signal?.removeEventListener('abort', this.#onAbort)
  }

  readonly #onAbort = (): void => {
    this.#cancelling = this.#cancel()
  }

  #listen(signal: AbortSignal | undefined): void {
    this.stop()
    this.#signal = signal
    signal?.addEventListener('abort', this.#onAbort)
  }
}
