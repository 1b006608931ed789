/**
 * Finds and loads the config file: the one named, or the nearest `rowgraft.config.*` from the working directory upwards.
 *
 * In comes a path or a working directory, out goes a `Config` whose shape has been checked.
 */
import { stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseJson } from '../documents/json.ts'
import { readTextFile } from '../documents/text-file.ts'
import { RowgraftError } from '../errors.ts'
import type { Config } from './config.ts'
import { resolveOurselves } from './own-package.ts'
import { checkConfig } from './schema.ts'

const names = ['ts', 'mts', 'js', 'mjs', 'json'].map((ending) => `rowgraft.config.${ending}`)

export interface LoadedConfig {
  readonly config: Config
  /** The file, or null where there is none. */
  readonly path: string | null
}

const readConfig = async (path: string): Promise<unknown> => {
  if (path.endsWith('.json')) {
    const parsed = parseJson(await readTextFile(path, { pipes: false }))
    if ('why' in parsed) throw new Error(`It is not JSON. ${parsed.why}`)
    return parsed.value
  }
  if (!(await stat(path)).isFile()) throw new Error('It is no ordinary file.')
  resolveOurselves()
  // Node strips types by itself; a config file is code of the user's.
  const module: unknown = await import(pathToFileURL(path).href)
  return typeof module === 'object' && module !== null && 'default' in module ? module.default : undefined
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')

/** True for anything of that name, whether or not it can be read. */
const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    (error: unknown) => !isMissing(error),
  )

const findUpwards = async (folder: string): Promise<string | null> => {
  for (let at = resolve(folder); ; at = dirname(at)) {
    for (const name of names) if (await exists(join(at, name))) return join(at, name)
    if (dirname(at) === at) return null
  }
}

/** Loads the config. `chosen` is a path, false for none at all, undefined for the nearest. Throws `bad-file`. */
export const loadConfig = async (chosen: string | false | undefined, folder: string): Promise<LoadedConfig> => {
  if (chosen === false) return { config: {}, path: null }
  const path = chosen === undefined ? await findUpwards(folder) : resolve(folder, chosen)
  if (path === null) return { config: {}, path: null }
  try {
    return { config: checkConfig(await readConfig(path), path), path }
  } catch (error) {
    if (error instanceof RowgraftError) throw error
    throw new RowgraftError('bad-file', `the config file "${path}" cannot be loaded`, {
      detail: error instanceof Error ? error.message : String(error),
      hint: 'Mend it, or go on without it: --no-config.',
    })
  }
}
