/** Progress on standard error: one line that changes on a terminal, else a line every ten seconds, or none. */
import { displayWidth, padEnd, truncate } from '../format/layout.ts'
import { formatProgress, formatWaiting } from '../format/progress.ts'
import type { LockHolder, ProgressEvent, StageProgress } from '../index.ts'
import type { Io } from './io.ts'

export type ProgressLevel = 'none' | 'some' | 'all'

export interface ProgressLine {
  readonly show: (event: ProgressEvent) => void
  /** Takes the line away, so that something else can be printed; nothing is said until there is more to say. */
  readonly clear: () => void
}

/** Milliseconds between two lines: of what is told, and where nothing is. */
const pauses = {
  terminal: { told: 100, silent: 1_000 },
  elsewhere: { told: 10_000, silent: 10_000 },
}

/** What was told last, and when. */
interface Told {
  readonly progress: StageProgress | null
  readonly holders: readonly LockHolder[]
  readonly at: number
}

const next = (told: Told | null, event: ProgressEvent): Told =>
  event.kind === 'lock'
    ? { progress: told?.progress ?? null, at: told?.at ?? Date.now(), holders: event.holders }
    : { progress: event, at: Date.now(), holders: [] }

const describe = ({ progress, holders, at }: Told, room: number): string =>
  progress === null ? formatWaiting(holders) : formatProgress(progress, { idle: Date.now() - at, holders, room })

export const makeProgress = (io: Io, level: ProgressLevel): ProgressLine => {
  const isTerminal = io.showsProgress ?? io.isInteractive
  const pause = isTerminal ? pauses.terminal : pauses.elsewhere
  const isLine = isTerminal && level !== 'all'
  const room = isLine ? Math.max(20, io.columns - 1) : Number.POSITIVE_INFINITY
  let last = isTerminal ? 0 : Date.now()
  let shown = 0
  let told: Told | null = null
  let beat: NodeJS.Timeout | undefined
  const clear = (): void => {
    clearInterval(beat)
    beat = undefined
    told = null
    if (shown > 0) io.stderr(`\r${' '.repeat(shown)}\r`)
    shown = 0
  }
  const print = (text: string): void => {
    if (text === '') return
    last = Date.now()
    if (!isLine) io.stderr(`${text}\n`)
    else {
      const line = truncate(text, room)
      io.stderr(`\r${padEnd(line, shown)}`)
      shown = displayWidth(line)
    }
  }
  const isDue = (milliseconds: number): boolean => Date.now() - last >= milliseconds
  /** A statement over a whole table says nothing until it is done. It keeps no process alive. */
  const beginBeat = (): NodeJS.Timeout =>
    setInterval(() => {
      if (told !== null && isDue(pause.silent)) print(describe(told, room))
    }, 500).unref()
  const show = (event: ProgressEvent): void => {
    if (level === 'none') return
    told = next(told, event)
    beat ??= beginBeat()
    if (level === 'all' || isDue(pause.told)) print(describe(told, room))
  }
  return { show, clear }
}
