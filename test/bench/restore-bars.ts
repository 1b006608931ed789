/**
 * The bars of a restore: half of the photos are lost with their links, and as many came since. The limit is what psql needs to copy the
 * same rows into the same tables, from COPY to COPY, without new keys, without verifying, without a journal.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Cluster } from '../../src/open/cluster/cluster.ts'
import { runSql } from './dataset.ts'
import type { RestoreWork } from './measure-restore.ts'
import { chain, lost, makeAlbum, makeChain, makeItems } from './restore-dataset.ts'
import { count, type Measured, median, psqlPath, runChild, say, seconds, tableLine, verdict } from './runs.ts'

const measure = (cluster: Cluster, live: string, backup: string, work: RestoreWork): Measured =>
  runChild('measure-restore.ts', [cluster.url(live), cluster.url(backup)], work)

const allMissing = (tables: readonly string[]) => tables.map((table) => ({ by: 'all missing', table }) as const)

/** A live that nothing was restored into yet. */
const cloneLive = async (cluster: Cluster): Promise<void> => {
  await runSql(cluster, 'postgres', 'drop database if exists album_run')
  await runSql(cluster, 'postgres', 'create database album_run template album_live strategy file_copy')
}

const copyByPsql = (cluster: Cluster): number => {
  const start = performance.now()
  for (const [table, condition] of Object.entries(lost)) {
    const script = 'set -o pipefail; "$0" -qX "$1" -c "$3" | "$0" -qX "$2" -c "$4"'
    const copies = [`copy (select * from ${table} where ${condition}) to stdout`, `copy ${table} from stdin`]
    const urls = [cluster.url('album'), cluster.url('album_run')]
    const { status, stderr } = spawnSync('bash', ['-c', script, psqlPath, ...urls, ...copies], { encoding: 'utf8' })
    if (status !== 0) throw new Error(stderr)
  }
  return performance.now() - start
}

type Way = 'kept' | 'new' | 'bulk'

const ways: Readonly<Record<Way, { readonly name: string; readonly most: number }>> = {
  kept: { name: 'keys kept', most: 1.4 },
  new: { name: 'all keys new', most: 1.4 },
  bulk: { name: 'keys kept, --bulk', most: 0.75 },
}

const measureRun = async (
  cluster: Cluster,
  way: Way,
  options: { readonly photos: number; readonly repeats: number; readonly folder: string },
): Promise<readonly string[]> => {
  const { photos, repeats, folder } = options
  const file = join(folder, `${way}.json`)
  const planning = { keys: way === 'new' ? 'new' : 'auto', triggers: way === 'bulk' ? 'off' : 'fire' } as const
  const [limits, runs]: [number[], Measured[]] = [[], []]
  let plan: Measured | null = null
  for (let repeat = 0; repeat < repeats; repeat++) {
    if (existsSync(psqlPath)) {
      await cloneLive(cluster)
      limits.push(copyByPsql(cluster))
    }
    await cloneLive(cluster)
    // A plan is bound to its database, and every run has a new one.
    plan = measure(cluster, 'album_run', 'album', { kind: 'plan', selectors: allMissing(['photo']), file, ...planning })
    runs.push(measure(cluster, 'album_run', 'album', { kind: 'run', file, journal: join(folder, `${way}${repeat}`) }))
  }
  const elapsed = median(runs.map((run) => run.elapsed))
  const memory = Math.max(...runs.map((run) => run.memory))
  const limit = limits.length === 0 ? null : median(limits)
  const ratio = limit === null ? null : elapsed / limit
  const name = `restore of photos and their links, ${ways[way].name}`
  say(
    `${name}: ${runs[0]?.found}; ${seconds(elapsed)} / ${limit === null ? '-' : seconds(limit)}; after ${plan?.found}`,
  )
  return [
    tableLine([
      name,
      `${count(photos)} + ${count(2 * photos)}`,
      limit === null ? '' : `psql: copy to copy: ${seconds(limit)}`,
      seconds(elapsed),
      ratio === null ? '' : ratio.toFixed(2),
      ratio === null ? '' : verdict(Number(ratio.toFixed(2)), ways[way].most),
      `${Math.round(memory)} MB`,
    ]),
    tableLine([
      `the plan of it (${plan?.found.split(', ')[1] ?? ''})`,
      `${count(photos)} + ${count(2 * photos)}`,
      '',
      seconds(plan?.elapsed ?? 0),
      '',
      '',
      `${Math.round(plan?.memory ?? 0)} MB`,
    ]),
  ]
}

/** A third of the lost photos with their links, all of them under new keys: at `--rows 5m` a million rows. What counts is memory. */
const measurePlan = (cluster: Cluster, photos: number, folder: string): string => {
  const plan = measure(cluster, 'album_live', 'album', {
    kind: 'plan',
    selectors: [{ by: 'where', table: 'photo', where: 'id % 6 = 0' }],
    keys: 'new',
    triggers: 'fire',
    file: join(folder, 'third.json'),
  })
  say(`${plan.found} in ${seconds(plan.elapsed)}; ${Math.round(plan.memory)} MB`)
  const chosen = Math.floor(photos / 3)
  const rows = `${count(chosen)} + ${count(2 * chosen)}`
  const bar = verdict(plan.memory, 200, ' MB')
  const name = 'a plan of photos by a condition and their links, all keys new'
  return tableLine([name, rows, '', seconds(plan.elapsed), '', bar, `${Math.round(plan.memory)} MB`])
}

/** Something that is to take five seconds at most. */
const measureOnce = (
  cluster: Cluster,
  name: string,
  work: RestoreWork,
  { backup, rows, repeats }: { readonly backup: string; readonly rows: number; readonly repeats: number },
): string => {
  const runs = Array.from({ length: repeats }, () => measure(cluster, `${backup}_live`, backup, work))
  const elapsed = median(runs.map((run) => run.elapsed))
  say(`${name}: ${runs[0]?.found}; ${seconds(elapsed)}`)
  const memory = Math.max(...runs.map((run) => run.memory))
  const cells = [name, count(rows), '', seconds(elapsed), '', verdict(elapsed / 1_000, 5, ' s')]
  return tableLine([...cells, `${Math.round(memory)} MB`])
}

/** Makes the databases and measures; `rows` at `5m` restores a million photos. */
export const measureRestores = async (cluster: Cluster, rows: number, repeats: number): Promise<readonly string[]> => {
  const photos = Math.round(rows / 5)
  const folder = await mkdtemp(join(tmpdir(), 'rowgraft-bench-'))
  try {
    const start = performance.now()
    await makeAlbum(cluster, photos)
    await makeChain(cluster)
    await makeItems(cluster)
    say(`made in ${seconds(performance.now() - start)}`)
    const third = measurePlan(cluster, photos, folder)
    const kept = await measureRun(cluster, 'kept', { photos, repeats, folder })
    const anew = await measureRun(cluster, 'new', { photos, repeats, folder })
    const bulk = await measureRun(cluster, 'bulk', { photos, repeats, folder })
    const planOf = (tables: readonly string[]): RestoreWork => {
      const file = join(folder, 'plan.json')
      return { kind: 'plan', selectors: allMissing(tables), keys: 'auto', triggers: 'fire', file }
    }
    const ofChain = { backup: 'chain', rows: 100_000, repeats }
    const ofItems = { backup: 'items', rows: 150_000, repeats }
    return [
      third,
      ...kept,
      ...anew,
      ...bulk,
      measureOnce(cluster, 'incidents over 12 tables', { kind: 'incidents' }, ofChain),
      measureOnce(cluster, 'plan of all that is missing in 12 tables', planOf(chain), ofChain),
      measureOnce(cluster, 'plan of rows that their key alone tells apart', planOf(['item']), ofItems),
      measureOnce(cluster, 'the same below a parent of five', planOf(['sorted']), ofItems),
    ]
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
