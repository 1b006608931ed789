/** What each bar shares: running a limit or rowgraft in a process of its own, medians, and how a table is printed. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** What a measured process prints: milliseconds, MB at most, and what it found. */
export interface Measured {
  readonly elapsed: number
  readonly memory: number
  readonly found: string
}

/** Where /usr/bin/psql and its like are found. */
export const psqlPath = '/usr/bin/psql'

/** Runs a module of this folder under this very Node; its last argument is `work` as JSON. */
export const runChild = (module: string, urls: readonly string[], work: unknown): Measured => {
  const args = [fileURLToPath(new URL(module, import.meta.url)), ...urls, JSON.stringify(work)]
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 1 << 26 })
  if (status !== 0) throw new Error(stderr)
  // The child's own print.
  return JSON.parse(stdout) as Measured
}

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2
}

/** The least value that 95 in 100 do not exceed. */
export const percentile95 = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.ceil(values.length * 0.95) - 1] ?? 0

export const count = (value: number): string => value.toLocaleString('en-US')

export const seconds = (milliseconds: number): string => `${(milliseconds / 1_000).toFixed(2)} s`

/** Tells how far it is, on stderr. */
export const say = (text: string): void => {
  process.stderr.write(`${text}\n`)
}

/** `≤ 1.5` or `over 1.5`. */
export const verdict = (value: number, most: number, unit = ''): string =>
  `${value <= most ? '≤' : 'over'} ${most}${unit}`

/** One line of the table. */
export const tableLine = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
