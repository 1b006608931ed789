/** The bars of what is quick: help, and ten rows brought back with what belongs to them, as whole processes of the built program. */
import { spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Cluster } from '../../src/open/cluster/cluster.ts'
import { runSql } from './dataset.ts'
import { makeAlbum } from './restore-dataset.ts'
import { median, say, seconds, tableLine, verdict } from './runs.ts'

const program = join(import.meta.dirname, '..', '..', 'dist', 'cli', 'bin.js')

/** Milliseconds from the start of the program to its end. */
const timeProgram = (args: readonly string[], env: Readonly<Record<string, string>>): number => {
  const start = performance.now()
  const { status, stderr } = spawnSync(process.execPath, [program, ...args], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  })
  if (status !== 0) throw new Error(stderr)
  return performance.now() - start
}

const line = (name: string, rows: string, times: readonly number[], most: number): string => {
  const elapsed = median(times)
  say(`${name}: ${seconds(elapsed)}`)
  return tableLine([name, rows, '', seconds(elapsed), '', verdict(elapsed / 1_000, most, ' s'), ''])
}

/** Makes a small database, and measures; a restore is run on a live that is new each time. */
export const measureSmall = async (cluster: Cluster, repeats: number): Promise<readonly string[]> => {
  const journal = await mkdtemp(join(tmpdir(), 'rowgraft-bench-'))
  try {
    await makeAlbum(cluster, 10_000)
    const env = {
      ROWGRAFT_BACKUP: cluster.url('album'),
      ROWGRAFT_LIVE: cluster.url('album_run'),
      ROWGRAFT_JOURNAL: journal,
    }
    const repeated = Array.from({ length: repeats })
    timeProgram(['--help'], env) // compiles what is kept compiled
    const help = repeated.map(() => timeProgram(['--help'], env))
    const restores: number[] = []
    for (const _ of repeated) {
      await runSql(cluster, 'postgres', 'drop database if exists album_run')
      await runSql(cluster, 'postgres', 'create database album_run template album_live strategy file_copy')
      restores.push(timeProgram(['restore', 'photo', '--where', 'id % 2 = 0 and id <= 20', '--yes'], env))
    }
    return [
      line('rowgraft --help', '', help, 0.15),
      line('10 photos and their links restored, start to end', '10 + 20', restores, 1),
    ]
  } finally {
    for (const name of ['album', 'album_live', 'album_run']) {
      await runSql(cluster, 'postgres', `drop database if exists ${name} with (force)`)
    }
    await rm(journal, { recursive: true, force: true })
  }
}
