/**
 * The list of changed keys of one run, for people and other programs: on disk under another name before the run is committed, and under
 * its own once it is.
 */
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { keyListHead } from '../keys/changed-keys.ts'
import { writing } from './journal-file.ts'

const pathOf = (directory: string): string => join(directory, 'keys.csv')
const partOf = (directory: string): string => `${pathOf(directory)}.part`

/** A list being written; there is no file as long as nothing is written to it. */
export class KeyListFile {
  readonly #path: string
  #file: FileHandle | null = null

  /** `directory`: that of the run. */
  constructor(directory: string) {
    this.#path = partOf(directory)
  }

  async append(lines: string): Promise<void> {
    await writing(this.#path, async () => {
      if (this.#file === null) {
        this.#file = await open(this.#path, 'wx', 0o600)
        await this.#file.appendFile(keyListHead)
      }
      await this.#file.appendFile(lines)
    })
  }

  /** Returns once everything is on disk. */
  async sync(): Promise<void> {
    await writing(this.#path, async () => this.#file?.sync())
  }

  async close(): Promise<void> {
    await this.#file?.close()
    this.#file = null
  }

  /** Takes the file away: the run is not in live. */
  async discard(): Promise<void> {
    if (this.#file === null) return
    await this.close()
    await rm(this.#path, { force: true })
  }
}

/** Takes away the list of a run that is not in live, if it left one. */
export const dropKeyList = (directory: string): Promise<void> => rm(partOf(directory), { force: true })

/** Gives the list of a committed run its name, and resolves to its path. */
export const publishKeyList = async (directory: string): Promise<string> => {
  await rename(partOf(directory), pathOf(directory))
  return pathOf(directory)
}
