/** A question on the terminal. */
import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'

/** Where a question is put, and where its answer comes from. */
export interface Terminal {
  readonly input: NodeJS.ReadableStream
  readonly output: NodeJS.WritableStream
  readonly signal: AbortSignal
}

/**
 * Asks a question and resolves to one line; to nothing where the input ends or the signal aborts first. The terminal itself edits the
 * line, so that Ctrl-C stays a signal.
 */
export const askLine = (question: string, { input, output, signal }: Terminal): Promise<string> =>
  new Promise((resolve) => {
    const lines = createInterface({ input, terminal: false })
    const finish = (answer: string): void => {
      // First the answer: closing says that the input has ended.
      resolve(answer)
      signal.removeEventListener('abort', giveUp)
      lines.off('close', giveUp)
      lines.close()
    }
    const giveUp = (): void => {
      output.write('\n')
      finish('')
    }
    signal.addEventListener('abort', giveUp)
    lines.once('line', finish)
    lines.once('close', giveUp)
    output.write(question)
  })

/** Takes what would be echoed. */
const nowhere = (): Writable => new Writable({ write: (_chunk, _encoding, done) => done() })

/**
 * Asks for what must not be seen, and resolves to it; to null where the input ends or the signal aborts first. Keys are read one by one
 * meanwhile, so that Ctrl-C is no signal by itself: it is what `interrupt` does.
 */
export const askHidden = (
  question: string,
  { input, output, signal, interrupt }: Terminal & { readonly interrupt: () => void },
): Promise<string | null> =>
  new Promise((resolve) => {
    const lines = createInterface({ input, output: nowhere(), terminal: true, historySize: 0 })
    const finish = (answer: string | null): void => {
      resolve(answer)
      signal.removeEventListener('abort', giveUp)
      lines.off('close', giveUp)
      lines.close()
      output.write('\n')
    }
    const giveUp = (): void => finish(null)
    signal.addEventListener('abort', giveUp)
    lines.once('line', finish)
    lines.once('close', giveUp)
    lines.once('SIGINT', interrupt)
    output.write(question)
  })
