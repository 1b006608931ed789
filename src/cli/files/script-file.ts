/** Script files: written as they are made, and there only when they are complete. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { finished } from 'node:stream/promises'
import { RowgraftError } from '../../errors.ts'
import { isScript, type Plan, type Rowgraft } from '../../index.ts'

const cannot = (path: string, error: unknown): RowgraftError =>
  new RowgraftError('bad-file', `cannot write the script "${path}"`, {
    detail: error instanceof Error ? error.message : String(error),
    cause: error,
  })

const readStart = async (path: string): Promise<string | null> => {
  try {
    const file = await open(path)
    try {
      const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(200), position: 0 })
      return buffer.toString('utf8', 0, bytesRead)
    } finally {
      await file.close()
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw cannot(path, error)
  }
}

/** Refuses a path that holds something else than a script. */
export const checkScriptTarget = async (path: string): Promise<void> => {
  const start = await readStart(path)
  if (start === null || start === '' || isScript(start)) return
  throw new RowgraftError('bad-file', `the file "${path}" exists and is not a script of rowgraft`, {
    hint: 'Give --sql another name, or remove the file first.',
  })
}

/** Writes the script of a plan, which only its owner can read: it holds rows. An older script of that name is replaced. */
export const writeScriptFile = async (path: string, rowgraft: Rowgraft, plan: Plan): Promise<void> => {
  await checkScriptTarget(path)
  const draft = join(dirname(path), `.rowgraft-${randomBytes(6).toString('hex')}`)
  const file = createWriteStream(draft, { mode: 0o600, flags: 'wx' })
  const ended = finished(file)
  // Heard below; a failure must not go unheard until then.
  ended.catch(() => undefined)
  try {
    await rowgraft.script(plan, async (chunk) => {
      if (file.errored !== null) throw cannot(path, file.errored)
      if (!file.write(chunk)) await Promise.race([once(file, 'drain'), ended])
    })
    file.end()
    await ended
    await rename(draft, path)
  } catch (error) {
    file.destroy()
    await rm(draft, { force: true })
    throw error instanceof RowgraftError ? error : cannot(path, error)
  }
}
