/**
 * The journal of one run: what it was going to do, what it found, what it wrote. A directory per run, kept by its owner alone.
 *
 * In comes what a run does, as it does it; read back, out go a `JournalHead`, the rows that were written, and what became of a run that
 * nobody saw end (`recover.ts`).
 */
import { randomInt } from 'node:crypto'
import { mkdir, open, readdir, rm, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import type { DatabaseIdentity } from '../../catalog/read/identity.ts'
import { RowgraftError } from '../../errors.ts'
import type { Plan } from '../../plan/plan.ts'
import { JournalWriter } from './journal-file.ts'
import type { RunRecord, Stream } from './journal-shape.ts'
import { KeyListFile } from './key-list-file.ts'

/** Where journals are kept: `--journal`, else the state folder of the user. */
export const journalFolder = (chosen: string | undefined, env: Readonly<Record<string, string | undefined>>): string =>
  chosen ?? join(env.XDG_STATE_HOME || join(env.HOME || homedir(), '.local', 'state'), 'rowgraft', 'runs')

const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code

export const journalFile = (folder: string, run: string): string => join(folder, run, 'journal')

/** Refuses a folder in which others could plant or change journals. */
const checkFolder = async (folder: string): Promise<void> => {
  const { mode, uid } = await stat(folder)
  const me = process.getuid?.()
  if (me === undefined) return // no such owners and modes here
  if ((mode & 0o022) !== 0 || (uid !== me && uid !== 0)) {
    throw new RowgraftError('bad-file', `the journal folder "${folder}" can be written by others`, {
      hint: `Run "chmod go-w '${folder}'", or name another folder with --journal.`,
    })
  }
}

const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, 'r')
  await handle.sync()
  await handle.close()
}

/** No vowels, no look-alikes: an id is typed by tired people. */
const letters = '23456789bcdfghjkmnpqrstvwxz'

const newId = (): string => Array.from({ length: 5 }, () => letters[randomInt(letters.length)]).join('')

/** A journal being written. */
export interface OpenJournal {
  readonly run: string
  readonly writer: JournalWriter
  readonly keyList: KeyListFile
}

/** Makes the directory of a new run and resolves to the run's id. Throws `bad-file` where none can be made. */
const makeDirectory = async (folder: string): Promise<string> => {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await checkFolder(folder)
    for (;;) {
      const run = newId()
      try {
        await mkdir(join(folder, run), { mode: 0o700 })
        return run
      } catch (error) {
        if (!hasCode(error, 'EEXIST')) throw error
      }
    }
  } catch (error) {
    if (error instanceof RowgraftError) throw error
    throw new RowgraftError('bad-file', `no journal can be kept in "${folder}"`, {
      detail: error instanceof Error ? error.message : String(error),
      advice: 'Name another folder with --journal.',
      cause: error,
    })
  }
}

/** Starts the journal of a run: PLAN and RUN are on disk when this returns, or nothing is left of it. */
export const startJournal = async (folder: string, plan: Plan, live: DatabaseIdentity): Promise<OpenJournal> => {
  const run = await makeDirectory(folder)
  const directory = join(folder, run)
  let writer: JournalWriter | null = null
  try {
    writer = await JournalWriter.create(journalFile(folder, run))
    const record: RunRecord = { run, started: new Date().toISOString(), live, process: process.pid }
    await writer.write('PLAN', JSON.stringify(plan))
    await writer.write('RUN', JSON.stringify(record))
    await writer.sync()
    await syncFolder(directory)
    await syncFolder(folder)
    return { run, writer, keyList: new KeyListFile(directory) }
  } catch (error) {
    await writer?.close()
    await rm(directory, { recursive: true, force: true })
    throw error
  }
}

/** Appends a set of rows as they come from the server, in COPY text. The rows are let go of where they cannot be written. */
export const writeStream = async (
  writer: JournalWriter,
  stream: Stream,
  { rows, onChunk }: { readonly rows: Readable; readonly onChunk?: (chunk: Buffer) => Promise<void> },
): Promise<void> => {
  try {
    await writer.write('STREAM', JSON.stringify(stream))
    for await (const chunk of rows) {
      await writer.write('DATA', chunk as Buffer)
      await onChunk?.(chunk as Buffer)
    }
  } catch (error) {
    // A COPY that nobody reads keeps its session busy for ever.
    rows.destroy()
    throw error
  }
}

/** The journals in a folder; none where there is no such folder. Throws `bad-file` for a folder that others can write to. */
export const listJournals = async (folder: string): Promise<readonly string[]> => {
  try {
    await checkFolder(folder)
    const entries = await readdir(folder, { withFileTypes: true })
    return entries
      .filter((entry) => entry.isDirectory() && /^[a-z0-9]+$/.test(entry.name))
      .map(({ name }) => journalFile(folder, name))
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return []
    if (error instanceof RowgraftError) throw error
    throw new RowgraftError('bad-file', `the journal folder "${folder}" cannot be read`, {
      detail: error instanceof Error ? error.message : String(error),
      hint: 'Name another folder with --journal.',
      cause: error,
    })
  }
}
