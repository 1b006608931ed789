/** Progress on standard error: one line that changes on a terminal, else a line every ten seconds, or none. */
import { displayWidth, padEnd, truncate } from '../format/layout.ts'
import { formatTable } from '../format/names.ts'
import { formatCount, formatElapsed } from '../format/quantities.ts'
import { sanitise } from '../format/sanitise.ts'
import type { ProgressEvent } from '../index.ts'
import type { Io } from './io.ts'

export type ProgressLevel = 'none' | 'some' | 'all'

export interface ProgressLine {
  readonly show: (event: ProgressEvent) => void
  /** Takes the line away, so that something else can be printed. */
  readonly clear: () => void
}

const describe = (event: ProgressEvent): string => {
  if (event.kind === 'source') return sanitise(event.text)
  if (event.kind === 'diff') {
    const rows = `${formatCount(event.rows)} rows, ${formatCount(event.rate)} a second`
    return `comparing ${formatTable(event.table)}: ${rows}, ${formatElapsed(event.elapsed)}`
  }
  const table = event.table === null ? '' : ` ${formatTable(event.table)}`
  return `${event.phase}${table}${event.rows > 0 ? `: ${formatCount(event.rows)} rows` : ''}`
}

/** Milliseconds between two lines. */
const pause = { terminal: 100, elsewhere: 10_000 }

export const makeProgress = (io: Io, level: ProgressLevel): ProgressLine => {
  const isTerminal = io.showsProgress ?? io.isInteractive
  let last = isTerminal ? 0 : Date.now()
  let shown = 0
  const clear = (): void => {
    if (shown > 0) io.stderr(`\r${' '.repeat(shown)}\r`)
    shown = 0
  }
  const isDue = (): boolean => level === 'all' || Date.now() - last >= (isTerminal ? pause.terminal : pause.elsewhere)
  const show = (event: ProgressEvent): void => {
    if (level === 'none' || !isDue()) return
    last = Date.now()
    if (level === 'all' || !isTerminal) io.stderr(`${describe(event)}\n`)
    else {
      const text = truncate(describe(event), Math.max(20, io.columns - 1))
      io.stderr(`\r${padEnd(text, shown)}`)
      shown = displayWidth(text)
    }
  }
  return { show, clear }
}
