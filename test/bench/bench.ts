/**
 * `npm run bench -- [--rows 5m] [--repeats 3]`: what a diff costs beside the least that the server itself needs.
 *
 * The limit and rowgraft take turns in one run, each run in a process of its own, on databases that fit into memory. Medians count.
 * Both databases are in one server on one machine, so that on two cores neither can use more than one.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { availableParallelism, cpus, totalmem } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type Cluster, withCluster } from '../../src/cluster/cluster.ts'
import { type BenchTable, benchTables, loseMore, makeDataset, rowsOf } from './dataset.ts'
import type { Measured, Work } from './measure.ts'

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
  const limits = existsSync('/usr/bin/psql') ? (['psql', 'copy'] as const) : (['copy'] as const)
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

const child = fileURLToPath(new URL('measure.ts', import.meta.url))

const runChild = (cluster: Cluster, work: Work): Measured => {
  const args = [child, cluster.url('live'), cluster.url('backup'), JSON.stringify(work)]
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
  // The child's own print.
  return JSON.parse(stdout) as Measured
}

const runPsql = (cluster: Cluster, table: string): Measured => {
  const query = `copy (select ${keyOf(table)} from ${table}) to stdout`
  const start = performance.now()
  const { status, stderr } = spawnSync('/usr/bin/psql', ['-qX', '-c', query, cluster.url('backup')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  if (status !== 0) throw new Error(String(stderr))
  return { elapsed: performance.now() - start, memory: 0, found: '' }
}

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2
}

const count = (value: number): string => value.toLocaleString('en-US')

const seconds = (milliseconds: number): string => `${(milliseconds / 1_000).toFixed(2)} s`

const say = (text: string): void => {
  process.stderr.write(`${text}\n`)
}

const parseRows = (text: string): number => {
  const [, digits = '', unit = ''] = /^(\d+(?:\.\d+)?)([km]?)$/i.exec(text) ?? []
  const rows = Number(digits) * ({ k: 1_000, m: 1_000_000 }[unit.toLowerCase()] ?? 1)
  if (!(rows >= 10_000)) throw new Error('--rows takes a number from 10k on, as in 500k or 5m')
  return rows
}

const measureBar = (cluster: Cluster, bar: Bar, rows: number, repeats: number): string => {
  const limits: number[] = []
  const own: Measured[] = []
  for (let repeat = 0; repeat < repeats; repeat++) {
    const limit = bar.limit === 'psql' ? runPsql(cluster, bar.table) : runChild(cluster, bar.limit)
    limits.push(limit.elapsed)
    own.push(runChild(cluster, bar.work))
  }
  const table = benchTables.find(({ name }) => name === bar.table) as BenchTable
  const [limit, elapsed] = [median(limits), median(own.map((run) => run.elapsed))]
  const memory = Math.max(...own.map((run) => run.memory))
  const ratio = elapsed / limit
  say(`${bar.name}: ${own[0]?.found}; ${seconds(elapsed)} / ${seconds(limit)} = ${ratio.toFixed(2)}`)
  const verdict = bar.most === null ? '' : `${ratio <= bar.most ? '≤' : 'over'} ${bar.most}`
  const cells = [
    bar.name,
    count(rowsOf(table, rows)),
    `${bar.limitName}: ${seconds(limit)}`,
    seconds(elapsed),
    ratio.toFixed(2),
    verdict,
    `${Math.round(memory)} MB`,
  ]
  return `| ${cells.join(' | ')} |`
}

const measureMemory = async (cluster: Cluster, rows: number): Promise<readonly string[]> => {
  await loseMore(cluster)
  const works = [
    ['missing and extra, one row in five missing', { kind: 'diff', table: 'photo', states: ['missing', 'extra'] }],
    ['everything, one row in five missing', { kind: 'diff', table: 'photo' }],
  ] as const
  return works.map(([name, work]) => {
    const run = runChild(cluster, work)
    say(`${name}: ${run.found}; ${Math.round(run.memory)} MB`)
    return `| ${name} | ${count(rows)} | | ${seconds(run.elapsed)} | | ${run.memory <= 300 ? '≤' : 'over'} 300 MB | ${Math.round(run.memory)} MB |`
  })
}

const { values } = parseArgs({ options: { rows: { type: 'string' }, repeats: { type: 'string' } } })
const rows = parseRows(values.rows ?? '500k')
const repeats = Number(values.repeats ?? '3')
const settings = {
  shared_buffers: `${Math.round(Math.min(8e9, totalmem() / 3) / 1e6)}MB`,
  jit: 'off',
  autovacuum: 'off',
  max_wal_size: '8GB',
  checkpoint_timeout: '1h',
}

await withCluster({ settings }, async (cluster) => {
  const start = performance.now()
  await makeDataset(cluster, rows, say)
  say(`made in ${seconds(performance.now() - start)}`)
  // The first look at each table brings it into memory.
  for (const { name, key } of benchTables) {
    for (const kind of ['record digest', 'copy'] as const) runChild(cluster, { kind, table: name, key })
    runChild(cluster, { kind: 'diff', table: name })
  }
  const lines = bars.map((bar) => measureBar(cluster, bar, rows, repeats))
  const memory = await measureMemory(cluster, rows)
  const [cpu] = cpus()
  const date = new Date().toISOString().slice(0, 10)
  process.stdout.write(
    [
      `${date}, ${availableParallelism()} cores (${cpu?.model.trim()}), PostgreSQL ${cluster.version}, Node ${process.versions.node}, ` +
        `both databases in one server and in memory; medians of ${repeats}.`,
      '',
      '| what | rows a side | limit | rowgraft | ratio | bar | peak memory |',
      '|---|---:|---|---:|---:|---|---:|',
      ...lines,
      ...memory,
      '',
    ].join('\n'),
  )
})
