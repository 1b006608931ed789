/** Where a command's results and notes go. Standard output carries data only; everything else goes to standard error. */
import { formatCsvLine, shownCsvLine } from '../format/csv.ts'
import { formatJson, sanitise } from '../format/sanitise.ts'
import { colorStyle, plainStyle, type Setting } from '../format/style.ts'
import type { Format, OutputFlags } from './flags/options.ts'
import type { Io } from './io.ts'
import { makeProgress, type ProgressLine } from './progress.ts'

export interface Output {
  readonly format: Format
  readonly setting: Setting
  readonly progress: ProgressLine
  readonly isVerbose: boolean
  /** Text that is ready to be shown. */
  readonly text: (text: string) => void
  /** One JSON document on one line. */
  readonly json: (value: object) => void
  readonly csv: (cells: readonly (string | number)[]) => void
  /** A sentence on standard error. */
  readonly note: (text: string) => void
  /** Text that is ready to be shown, on standard error. */
  readonly aside: (text: string) => void
}

/** What a command works with. */
export interface Context {
  readonly io: Io
  readonly output: Output
  readonly flags: OutputFlags
}

/** Text is at most this wide, however wide the terminal is. */
const widest = 100

const formatOf = (flags: OutputFlags): Format => flags.format ?? (flags.json === true ? 'json' : 'text')

export const makeContext = (io: Io, flags: OutputFlags): Context => {
  const isQuiet = flags.quiet === true
  const progress = makeProgress(io, isQuiet ? 'none' : flags.debug === true ? 'all' : 'some')
  const hasColor = flags.color === 'always' || (flags.color !== 'never' && flags.color !== false && io.hasColor)
  const write = (text: string): void => {
    progress.clear()
    io.stdout(text)
  }
  const aside = (text: string): void => {
    progress.clear()
    io.stderr(text)
  }
  const output: Output = {
    format: formatOf(flags),
    setting: { width: Math.min(widest, Math.max(40, io.columns)), style: hasColor ? colorStyle : plainStyle },
    progress,
    isVerbose: flags.verbose === true || flags.debug === true,
    text: write,
    json: (value) => write(`${formatJson(value)}\n`),
    csv: (cells) => write(io.writesToTerminal === true ? shownCsvLine(cells) : formatCsvLine(cells)),
    note: (text) => {
      if (!isQuiet) aside(`${sanitise(text)}\n`)
    },
    aside,
  }
  return { io, output, flags }
}
