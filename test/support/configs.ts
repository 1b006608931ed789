/** Config files for one test. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Attempts } from './attempts.ts'

/** Writes a config file; the arguments that name it. */
export const configure = async ({ journal }: Pick<Attempts, 'journal'>, config: object): Promise<readonly string[]> => {
  const path = join(journal, 'config.json')
  await writeFile(path, JSON.stringify(config))
  return ['--config', path]
}
