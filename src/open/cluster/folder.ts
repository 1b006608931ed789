import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

import type { Account } from './account.ts'
import { ownIdentity, pauseSync } from './processes.ts'

/** Where one cluster lives: everything below `path`, which goes away as a whole. */
export interface ClusterFolder {
  readonly path: string
  /** Says which process owns the cluster; ours, so that a server account cannot forge it. */
  readonly owner: string
  readonly data: string
  readonly socket: string
  readonly log: string
}

/** How the names of cluster folders begin. */
export const folderPrefix = 'rowgraft-pg-'

// The address of a Unix socket holds 103 bytes on macOS and 107 on Linux (unix(7), unix(4)).
const longestBase = 100 - `/${folderPrefix}XXXXXX/socket/.s.PGSQL.65535`.length

/** The folders that cluster folders are made in, and looked for by the sweep. */
export const folderBases = (): readonly string[] => [...new Set([tmpdir(), '/tmp'])]

/** The parts of a cluster folder. */
export const folderAt = (path: string): ClusterFolder => ({
  path,
  owner: join(path, 'owner.json'),
  data: join(path, 'data'),
  socket: join(path, 'socket'),
  log: join(path, 'log'),
})

/** True where every account may pass through the folder and all folders above it. */
const isPassable = (path: string): boolean =>
  (statSync(path).mode & 0o001) !== 0 && (path === dirname(path) || isPassable(dirname(path)))

/**
 * Makes a folder for one cluster, in `wanted` where that can be had; marked as owned by this process. Only the server's account can look
 * into data and socket.
 */
export const makeFolder = (account: Account | undefined, wanted?: string): ClusterFolder => {
  const base =
    [...(wanted === undefined ? [] : [wanted]), ...folderBases()].find(
      (path) => path.length <= longestBase && (account === undefined || isPassable(path)),
    ) ?? '/tmp'
  const folder = folderAt(mkdtempSync(join(base, folderPrefix)))
  writeFileSync(folder.owner, JSON.stringify(ownIdentity()), { mode: 0o600 })
  if (account !== undefined) chmodSync(folder.path, 0o711)
  for (const path of [folder.data, folder.socket]) {
    mkdirSync(path, { mode: 0o700 })
    if (account !== undefined) chownSync(path, account.uid, account.gid)
  }
  return folder
}

const removeTree = (path: string): boolean => {
  for (let attempt = 1; existsSync(path) && attempt <= 20; attempt += 1) {
    try {
      // Silent, and the folder still there, where a file was removed by somebody else meanwhile: hence the look at what is left.
      rmSync(path, { recursive: true, force: true })
    } catch {
      // Files came into it while it was being emptied.
    }
    if (existsSync(path)) pauseSync(50)
  }
  return !existsSync(path)
}

/**
 * Removes the folder of a cluster that has ended, waiting up to a second for an initdb that outlived its owner. Its owner's name goes
 * last: a removal that is cut short is finished by the next sweep.
 */
export const removeFolder = (folder: ClusterFolder): boolean => removeTree(folder.data) && removeTree(folder.path)

/** True for a real folder that belongs to us, so that nobody else can have put it there or swapped what is in it. */
export const isOurFolder = (path: string): boolean => {
  const status = lstatSync(path)
  return status.isDirectory() && status.uid === process.geteuid?.() && (status.mode & 0o022) === 0
}
