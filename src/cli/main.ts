/**
 * The process around the program: arguments, terminals, signals, exit.
 *
 * The first signal asks the work to stop: what runs is rolled back, a COMMIT is waited for, and the exit code tells the truth. A second
 * one leaves at once.
 *
 * In come arguments, environment and terminal; out goes an exit code. The last room: it may import any other by its front door, and loads
 * `tui/` only when that is asked for.
 */
import { decodeText } from '../documents/text-file.ts'
import { RowgraftError } from '../errors.ts'
import { askHidden, askLine } from './ask.ts'
import { exitCodes } from './exit.ts'
import type { Io } from './io.ts'
import { run } from './program.ts'

const argv = process.argv.slice(2)
const controller = new AbortController()

/** Whoever leaves in the middle of one of these cannot know what became of it. */
const isWriting = ['restore', 'undo', 'ui', undefined].includes(argv[0])

let firstSignal: NodeJS.Signals | undefined

/** Whoever sent SIGTERM looks for its own number. */
const ofSignal = (code: number): number =>
  code === exitCodes.interrupted && firstSignal === 'SIGTERM' ? exitCodes.terminated : code

const leave = (): never => {
  if (!isWriting) process.exit(ofSignal(exitCodes.interrupted))
  process.stderr.write('Left without waiting: run "rowgraft recover" to find out whether live was changed.\n')
  process.exit(exitCodes.unknown)
}

const stop = (signal: NodeJS.Signals): void => {
  firstSignal ??= signal
  if (controller.signal.aborted) leave()
  controller.abort()
  const patience = () => process.stderr.write('Stopping, and waiting for the server. The same again leaves at once.\n')
  setTimeout(patience, 2_000).unref()
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)

// Whoever reads standard output has gone (`| head`). A restore goes on; everything else has nobody left to work for.
let isRead = true
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  isRead = false
  if (!isWriting) process.exit(exitCodes.done)
})
process.stderr.on('error', () => undefined)

const readStdin = async (): Promise<string> => {
  const chunks: Buffer[] = []
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk))
  try {
    return decodeText(Buffer.concat(chunks))
  } catch (error) {
    throw new RowgraftError('bad-file', 'standard input cannot be read', {
      detail: error instanceof Error ? error.message : String(error),
      hint: 'Give it as UTF-8, or as a file.',
    })
  }
}

const drained = (stream: NodeJS.WriteStream): Promise<void> =>
  new Promise((resolve) => {
    if (stream.destroyed || !stream.writable) resolve()
    else stream.write('', () => resolve())
  })

const drain = async (): Promise<void> => {
  if (isRead && process.stdout.writableNeedDrain) await drained(process.stdout)
}

const io: Io = {
  stdout: (text) => {
    if (isRead) process.stdout.write(text)
  },
  stderr: (text) => process.stderr.write(text),
  drain,
  readStdin,
  ask: (question) => askLine(question, { input: process.stdin, output: process.stderr, signal: controller.signal }),
  askHidden: (question) =>
    askHidden(question, {
      input: process.stdin,
      output: process.stderr,
      signal: controller.signal,
      interrupt: () => process.kill(process.pid, 'SIGINT'),
    }),
  env: process.env,
  isInteractive: process.stdin.isTTY === true && process.stdout.isTTY === true && process.stderr.isTTY === true,
  showsProgress: process.stderr.isTTY === true,
  writesToTerminal: process.stdout.isTTY === true,
  hasColor: process.stdout.isTTY === true && process.stdout.hasColors(),
  columns: process.stdout.isTTY ? process.stdout.columns || 80 : 100,
  signal: controller.signal,
  terminal: { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr },
}

const code = await run(argv, io)
await Promise.all([isRead ? drained(process.stdout) : undefined, drained(process.stderr)])
process.exit(ofSignal(code))
