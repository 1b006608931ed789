/** The demo's databases for one picture after the other, each time as they were at first. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadDatabases } from '../../src/demo/demo.ts'
import { executeSql } from '../../src/index.ts'
import { type Cluster, withCluster } from '../../src/open/cluster/cluster.ts'
import { type Terminal, withTerminal } from '../support/terminal.ts'
import type { Scene } from './scenes.ts'

const program = join(import.meta.dirname, '..', '..', 'dist', 'cli', 'bin.js')

/** Runs `work` with the screen of a scene: it is complete, and its databases go away afterwards. */
export type Play = (scene: Scene, work: (terminal: Terminal) => Promise<void>) => Promise<void>

const urlOf = (cluster: Cluster, database: string): string => {
  const url = new URL(cluster.url(database))
  url.username = 'app'
  return url.href
}

const play = async (
  cluster: Cluster,
  { columns, rows, live, steps }: Scene,
  work: (terminal: Terminal) => Promise<void>,
) => {
  const admin = cluster.url('postgres')
  await executeSql(admin, 'create database shop template shop_lost')
  const journal = await mkdtemp(join(tmpdir(), 'rowgraft-screens-'))
  try {
    if (live !== undefined) await executeSql(cluster.url('shop'), live)
    const env = {
      ROWGRAFT_LIVE: urlOf(cluster, 'shop'),
      ROWGRAFT_BACKUP: urlOf(cluster, 'shop_backup'),
      ROWGRAFT_JOURNAL: journal,
      COLORTERM: 'truecolor',
      TZ: 'UTC',
    }
    await withTerminal({ command: process.execPath, args: [program], columns, rows, env }, async (terminal) => {
      for (const { press, until } of steps) {
        terminal.press(...(press ?? []))
        await terminal.until(until, { timeoutMs: 60_000 })
      }
      await work(terminal)
    })
  } finally {
    await rm(journal, { recursive: true, force: true })
    await executeSql(admin, 'drop database shop with (force)')
  }
}

/** Starts the databases, and ends them after `work`. */
export const withStage = (work: (play: Play) => Promise<void>): Promise<void> =>
  withCluster({}, async (cluster) => {
    await loadDatabases(cluster, { execute: executeSql, signal: new AbortController().signal })
    const { password } = cluster
    await executeSql(cluster.url('postgres'), `create role app superuser login password '${password}'`)
    await executeSql(cluster.url('postgres'), 'alter database shop rename to shop_lost')
    await work((scene, look) => play(cluster, scene, look))
  })
