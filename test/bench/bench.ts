/**
 * `npm run bench -- [--rows 5m] [--repeats 3] [--only diff|small|restore|ui]`: what rowgraft costs beside the least that the servers need.
 *
 * The limit and rowgraft take turns in one run, each in a process of its own, on databases that fit into memory. Medians count.
 * Both databases are in one server on one machine, so that on two cores neither can use more than one.
 */
import { availableParallelism, cpus, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import { withCluster } from '../../src/open/cluster/cluster.ts'
import { measureDiffs } from './diff-bars.ts'
import { measureRestores } from './restore-bars.ts'
import { measureSmall } from './small-bars.ts'
import { measureUi } from './ui-bars.ts'

const parseRows = (text: string): number => {
  const [, digits = '', unit = ''] = /^(\d+(?:\.\d+)?)([km]?)$/i.exec(text) ?? []
  const rows = Number(digits) * ({ k: 1_000, m: 1_000_000 }[unit.toLowerCase()] ?? 1)
  if (!(rows >= 10_000)) throw new Error('--rows takes a number from 10k on, as in 500k or 5m')
  return rows
}

const { values } = parseArgs({
  options: { rows: { type: 'string' }, repeats: { type: 'string' }, only: { type: 'string' } },
})
const rows = parseRows(values.rows ?? '500k')
const repeats = Number(values.repeats ?? '3')
const groups = ['diff', 'small', 'restore', 'ui']
if (values.only !== undefined && !groups.includes(values.only)) throw new Error(`--only takes ${groups.join(', ')}`)
const isAsked = (group: string): boolean => values.only === undefined || values.only === group
const settings = {
  shared_buffers: `${Math.round(Math.min(8e9, totalmem() / 3) / 1e6)}MB`,
  jit: 'off',
  autovacuum: 'off',
  max_wal_size: '16GB',
  checkpoint_timeout: '1h',
}

await withCluster({ settings }, async (cluster) => {
  const lines = [
    ...(isAsked('diff') ? await measureDiffs(cluster, rows, repeats) : []),
    ...(isAsked('small') ? await measureSmall(cluster, repeats) : []),
    ...(isAsked('restore') ? await measureRestores(cluster, rows, repeats) : []),
    ...(isAsked('ui') ? await measureUi(cluster, repeats) : []),
  ]
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
      '',
    ].join('\n'),
  )
})
