/** The bars of a diff: the limit and rowgraft take turns, each run in a process of its own. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import type { Cluster } from '../../src/open/cluster/cluster.ts'
import { type BenchTable, benchTables, loseMore, makeDataset, rowsOf } from './dataset.ts'
import type { Work } from './measure.ts'
import { count, type Measured, median, psqlPath, runChild, say, seconds, tableLine, verdict } from './runs.ts'

const measure = (cluster: Cluster, work: Work): Measured =>
  runChild('measure.ts', [cluster.url('live'), cluster.url('backup')], work)

interface Bar {
  readonly name: string
  readonly table: string
  /** What the limit does. */
  readonly limitName: string
  readonly limit: Work | 'psql'
  readonly work: Work
  /** What rowgraft may take of it, at most. */
  readonly most: number | null
}

const keyOf = (table: string): string => benchTables.find(({ name }) => name === table)?.key ?? ''

const keysBar = (table: string, what: string, most: number | null): readonly Bar[] => {
  const work: Work = { kind: 'diff', table, states: ['missing', 'extra'] }
  const limits = existsSync(psqlPath) ? (['psql', 'copy'] as const) : (['copy'] as const)
  return limits.map((limit) => ({
    name: `missing and extra, ${what} key`,
    table,
    limitName: limit === 'psql' ? 'psql: copy of one side’s keys' : 'copy of one side’s keys',
    limit: limit === 'psql' ? 'psql' : { kind: 'copy', table, key: keyOf(table) },
    work,
    most: limit === 'psql' ? most : null,
  }))
}

const fullBar = (table: string, what: string, most: number, kind: 'record digest' | 'column digest'): Bar => ({
  name: `everything, ${what} key`,
  table,
  limitName: kind === 'record digest' ? 'one side’s hash_record_extended' : 'one side’s digest of its columns',
  limit: { kind, table, key: keyOf(table) },
  work: { kind: 'diff', table },
  most,
})

const bars: readonly Bar[] = [
  ...keysBar('photo', 'bigint', 1.5),
  fullBar('photo', 'bigint', 1.25, 'record digest'),
  fullBar('photo_uuid', 'uuid', 2.6, 'column digest'),
  fullBar('photo_text', 'text', 2.6, 'column digest'),
  fullBar('page', 'two-integer', 2.6, 'column digest'),
  {
    name: 'everything, one row in ten changed',
    table: 'photo_edited',
    limitName: 'key and digest of all rows, both sides',
    limit: { kind: 'stream everything', table: 'photo_edited' },
    work: { kind: 'diff', table: 'photo_edited' },
    most: 1,
  },
]

const runPsql = (cluster: Cluster, table: string): Measured => {
  const query = `copy (select ${keyOf(table)} from ${table}) to stdout`
  const start = performance.now()
  const { status, stderr } = spawnSync(psqlPath, ['-qX', '-c', query, cluster.url('backup')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  if (status !== 0) throw new Error(String(stderr))
  return { elapsed: performance.now() - start, memory: 0, found: '' }
}

const measureBar = (cluster: Cluster, bar: Bar, rows: number, repeats: number): string => {
  const limits: number[] = []
  const own: Measured[] = []
  for (let repeat = 0; repeat < repeats; repeat++) {
    const limit = bar.limit === 'psql' ? runPsql(cluster, bar.table) : measure(cluster, bar.limit)
    limits.push(limit.elapsed)
    own.push(measure(cluster, bar.work))
  }
  const table = benchTables.find(({ name }) => name === bar.table) as BenchTable
  const [limit, elapsed] = [median(limits), median(own.map((run) => run.elapsed))]
  const memory = Math.max(...own.map((run) => run.memory))
  const ratio = elapsed / limit
  say(`${bar.name}: ${own[0]?.found}; ${seconds(elapsed)} / ${seconds(limit)} = ${ratio.toFixed(2)}`)
  const cells = [
    bar.name,
    count(rowsOf(table, rows)),
    `${bar.limitName}: ${seconds(limit)}`,
    seconds(elapsed),
    ratio.toFixed(2),
    bar.most === null ? '' : verdict(ratio, bar.most),
    `${Math.round(memory)} MB`,
  ]
  return tableLine(cells)
}

const measureMemory = async (cluster: Cluster, rows: number): Promise<readonly string[]> => {
  await loseMore(cluster)
  const works = [
    ['missing and extra, one row in five missing', { kind: 'diff', table: 'photo', states: ['missing', 'extra'] }],
    ['everything, one row in five missing', { kind: 'diff', table: 'photo' }],
  ] as const
  return works.map(([name, work]) => {
    const run = measure(cluster, work)
    say(`${name}: ${run.found}; ${Math.round(run.memory)} MB`)
    const memory = `${Math.round(run.memory)} MB`
    return tableLine([name, count(rows), '', seconds(run.elapsed), '', verdict(run.memory, 300, ' MB'), memory])
  })
}

/** Makes the databases and measures; one line of the table per bar. */
export const measureDiffs = async (cluster: Cluster, rows: number, repeats: number): Promise<readonly string[]> => {
  const start = performance.now()
  await makeDataset(cluster, rows, say)
  say(`made in ${seconds(performance.now() - start)}`)
  // The first look at each table brings it into memory.
  for (const { name, key } of benchTables) {
    for (const kind of ['record digest', 'copy'] as const) measure(cluster, { kind, table: name, key })
    measure(cluster, { kind: 'diff', table: name })
  }
  return [...bars.map((bar) => measureBar(cluster, bar, rows, repeats)), ...(await measureMemory(cluster, rows))]
}
