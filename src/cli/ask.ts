/** A question on the terminal. */
import { createInterface } from 'node:readline'

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
