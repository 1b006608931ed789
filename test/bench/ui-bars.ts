/**
 * The bars of the terminal UI: how long one looks at nothing after the start, and how long after a key its effect is on screen.
 *
 * Through a pty, at 120x40, over a table that lost 100,000 rows. A key counts until the end of the frame that shows the new place, by
 * the time at which the frame's last bytes arrived; keys follow each other as fast as frames do.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Cluster } from '../../src/open/cluster/cluster.ts'
import { type Condition, type Terminal, type TerminalOptions, withTerminal } from '../support/terminal.ts'
import { runSql } from './dataset.ts'
import { count, median, percentile95, say, tableLine, verdict } from './runs.ts'
import { makeGone } from './ui-dataset.ts'

const missing = 100_000
const presses = 250
const patience = { timeoutMs: 120_000 }
const program = join(import.meta.dirname, '..', '..', 'dist', 'cli', 'bin.js')

/** How the table's rows are come by: keys, and what is on screen when they have done their work. */
const wayToRows: readonly (readonly [key: string, shown: Condition])[] = [
  ['t', /❯ photo +100,000/],
  ['enter', /1 \/ 100,000/],
  ['', (terminal) => currentRow(terminal).includes('Photo number')],
]

/** The line with the cursor. */
const currentRow = (terminal: Terminal): string =>
  terminal
    .screen()
    .split('\n')
    .find((line) => line.includes('❯')) ?? ''

/** The number of the current row, as it stands below the rows; 0 where none does. */
const placeOf = (terminal: Terminal): number => {
  for (let row = terminal.rows - 1; row >= 0; row--) {
    const [, place] = /(\d[\d,]*) \/ \d/.exec(terminal.line(row)) ?? []
    if (place !== undefined) return Number(place.replaceAll(',', ''))
  }
  return 0
}

/** Milliseconds. */
interface Times {
  readonly paint: number[]
  /** From the key to the frame with the new place. */
  readonly line: number[]
  readonly page: number[]
  /** From PgDn to the frame with the new page's values, which were read for it. */
  readonly values: number[]
}

const pressAndWait = async (terminal: Terminal, key: string, shown: Condition): Promise<number> => {
  const start = performance.now()
  terminal.press(key)
  return (await terminal.until(shown, patience)).at - start
}

const measureLines = async (terminal: Terminal, times: Times): Promise<void> => {
  for (let press = 0; press < presses; press++) {
    const before = placeOf(terminal)
    times.line.push(await pressAndWait(terminal, 'j', () => placeOf(terminal) > before))
  }
}

const measurePages = async (terminal: Terminal, times: Times): Promise<void> => {
  for (let press = 0; press < presses; press++) {
    const before = placeOf(terminal)
    const start = performance.now()
    times.page.push(await pressAndWait(terminal, 'pgdn', () => placeOf(terminal) > before))
    const { at } = await terminal.until(() => currentRow(terminal).includes('Photo number'), patience)
    times.values.push(at - start)
  }
}

const measureOnce = async (options: TerminalOptions, times: Times): Promise<void> => {
  const start = performance.now()
  await withTerminal(options, async (terminal) => {
    times.paint.push((await terminal.until(() => terminal.screen() !== '', patience)).at - start)
    await terminal.until('100,001', patience)
    for (const [key, shown] of wayToRows) await pressAndWait(terminal, key, shown)
    await measureLines(terminal, times)
    await measurePages(terminal, times)
  })
}

const milliseconds = (value: number): string => `${value.toFixed(1)} ms`

const line = (name: string, times: readonly number[], bar: string): string => {
  const figures = `${milliseconds(median(times))}; p95 ${milliseconds(percentile95(times))}; most ${milliseconds(Math.max(...times))}`
  say(`${name}: ${figures}`)
  return tableLine([`${name} (${count(times.length)} measured)`, count(2 * missing), '', figures, '', bar, ''])
}

/** Makes the databases and measures `repeats` starts of the UI; one line of the table per bar. */
export const measureUi = async (cluster: Cluster, repeats: number): Promise<readonly string[]> => {
  const journal = await mkdtemp(join(tmpdir(), 'rowgraft-bench-'))
  const names = { backup: 'gone', live: 'gone_live' }
  try {
    await makeGone(cluster, 2 * missing)
    const env = {
      ROWGRAFT_LIVE: cluster.url(names.live),
      ROWGRAFT_BACKUP: cluster.url(names.backup),
      ROWGRAFT_JOURNAL: journal,
    }
    const options = { command: process.execPath, args: [program], columns: 120, rows: 40, env }
    const times: Times = { paint: [], line: [], page: [], values: [] }
    for (let repeat = 0; repeat < repeats; repeat++) await measureOnce(options, times)
    return [
      line('UI: start to first frame', times.paint, verdict(median(times.paint), 500, ' ms')),
      line('UI: j to the next row', times.line, verdict(percentile95(times.line), 20, ' ms')),
      line('UI: PgDn to the next page', times.page, verdict(percentile95(times.page), 20, ' ms')),
      line('UI: PgDn to its values', times.values, ''),
    ]
  } finally {
    for (const name of Object.values(names)) await runSql(cluster, 'postgres', `drop database ${name} with (force)`)
    await rm(journal, { recursive: true, force: true })
  }
}
