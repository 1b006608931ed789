/** What is asked of the terminal beside drawing: its size, its clipboard, and to let the shell have it for a while. */
import { setTimeout } from 'node:timers/promises'
import type { Size } from './state/state.ts'

export const sizeOf = ({ columns, rows }: NodeJS.WriteStream): Size => ({ columns: columns || 80, rows: rows || 24 })

/** To the clipboard, by way of the terminal; it goes to the one that one sits at, also over ssh (OSC 52). */
export const copyText = (stdout: NodeJS.WriteStream, text: string): void => {
  stdout.write(`\x1b]52;c;${Buffer.from(text).toString('base64')}\x07`)
}

/** Before all is drawn anew. */
export const clearScreen = (stdout: NodeJS.WriteStream): void => {
  stdout.write('\x1b[H\x1b[2J')
}

/** What can let go of the terminal, and take it again. */
export interface Suspendable {
  readonly suspendTerminal: () => Promise<{ readonly resume: () => Promise<void> }>
}

/** Milliseconds after which nothing has stopped this. */
const noShellAfter = 300

/** Stops until the shell says to go on. */
export const suspend = async (app: Suspendable | null): Promise<void> => {
  const suspension = await app?.suspendTerminal()
  const resumed = new Promise((resolve) => process.once('SIGCONT', resolve))
  // As the terminal does it: whatever started this (npx, a shell script) stops as well, or the shell would go on waiting.
  process.kill(0, 'SIGTSTP')
  // Where no shell is there to go back to, the system does not stop anything.
  await Promise.race([resumed, setTimeout(noShellAfter)])
  await suspension?.resume()
  // Of a new size the system told the shell alone.
  process.kill(process.pid, 'SIGWINCH')
}
