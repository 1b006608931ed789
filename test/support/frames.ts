/** Messages of the protocol out of the chunks they come in. */

export interface Framed {
  readonly message: Buffer
  /** Has no type: the packet that begins a session, or asks for encryption. */
  readonly isStartUp: boolean
}

/** 3.0 begins a session; everything else that comes so early asks for encryption. */
const protocol = 196_608

/** The letter of a message. */
export const typeOf = (message: Buffer): string => String.fromCharCode(message[0] ?? 0)

/** Puts the messages of one direction together. */
export class Framing {
  #pending = Buffer.alloc(0)
  #isStarted: boolean

  constructor(begin: 'start-up first' | 'messages only') {
    this.#isStarted = begin === 'messages only'
  }

  /** The messages that are whole with this chunk. */
  *take(chunk: Buffer): Generator<Framed> {
    this.#pending = Buffer.concat([this.#pending, chunk])
    for (;;) {
      const isStartUp = !this.#isStarted
      const head = isStartUp ? 0 : 1
      if (this.#pending.length < head + 4) return
      const length = head + this.#pending.readInt32BE(head)
      if (this.#pending.length < length) return
      const message = this.#pending.subarray(0, length)
      this.#pending = this.#pending.subarray(length)
      if (isStartUp) this.#isStarted = message.readInt32BE(4) === protocol
      yield { message, isStartUp }
    }
  }
}
