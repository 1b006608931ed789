/** Finds and loads the config file: the one named, or the nearest `rowgraft.config.*` from the working directory upwards. */
import { readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { RowgraftError } from '../errors.ts'
import type { Config } from './config.ts'
import { checkConfig } from './schema.ts'

const names = ['ts', 'mts', 'js', 'mjs', 'json'].map((ending) => `rowgraft.config.${ending}`)

export interface LoadedConfig {
  readonly config: Config
  /** The file, or null where there is none. */
  readonly path: string | null
}

/** Without the parser's own words, which repeat what stands in the file. */
const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch (error) {
    const place = /\(line \d+ column \d+\)/.exec(error instanceof Error ? error.message : '')
    throw new Error(`It is not JSON${place === null ? '' : ` ${place[0]}`}.`)
  }
}

const readConfig = async (path: string): Promise<unknown> => {
  if (path.endsWith('.json')) return parseJson(await readFile(path, 'utf8'))
  // Node strips types by itself; a config file is code of the user's.
  const module: unknown = await import(pathToFileURL(path).href)
  return typeof module === 'object' && module !== null && 'default' in module ? module.default : undefined
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')

const exists = (path: string): Promise<boolean> =>
  readFile(path).then(
    () => true,
    (error: unknown) => {
      if (isMissing(error)) return false
      throw error
    },
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
