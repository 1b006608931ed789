import { lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { count, isOf, looseObject, type Shape, words } from '../../documents/shape.ts'
import { folderAt, folderBases, folderPrefix, isOurFolder, removeFolder } from './folder.ts'
import { isRunning, type ProcessIdentity, stopPostmasterSync } from './processes.ts'

/** How long a folder without a readable owner may be one that is being made, in ms. */
const grace = 60_000

const owner: Shape<ProcessIdentity> = looseObject<ProcessIdentity>({ pid: count, started: words, namespace: words })

/** `unknown`: somebody of another version may be at work there. Undefined where nothing can be read yet, or any more. */
const readOwner = (path: string): ProcessIdentity | 'unknown' | undefined => {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'))
    return isOf(owner, value) ? value : 'unknown'
  } catch {
    return undefined
  }
}

const sweepFolder = (path: string): void => {
  if (!isOurFolder(path)) return
  const folder = folderAt(path)
  const found = readOwner(folder.owner)
  if (found === 'unknown') return
  const inUse = found ? isRunning(found) : Date.now() - lstatSync(path).mtimeMs < grace
  if (inUse) return
  stopPostmasterSync(folder.data)
  removeFolder(folder)
}

/**
 * Stops the servers and removes the folders whose owner was killed before it could, in `also` as well. Never fails: what is left, the next
 * sweep takes.
 */
export const sweep = (also?: string): void => {
  for (const base of new Set([...folderBases(), ...(also === undefined ? [] : [also])])) {
    try {
      for (const name of readdirSync(base)) {
        if (name.startsWith(folderPrefix)) sweepQuietly(join(base, name))
      }
    } catch {
      // A base that is not there holds nothing to sweep.
    }
  }
}

const sweepQuietly = (path: string): void => {
  try {
    sweepFolder(path)
  } catch {
    // Another process is sweeping the same folder.
  }
}
