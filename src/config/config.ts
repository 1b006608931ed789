/** The config file: what it may say, checked key by key. Pure. */
import { RowgraftError } from '../errors.ts'

/** What `rowgraft.config.ts` may export. */
export interface Config {
  /** Columns that mark rows as deleted, by table as psql takes it: `{ photo: 'deleted_at' }`. */
  readonly softDelete?: Readonly<Record<string, string>>
}

/** Types a config file: `export default defineConfig({ ... })`. */
export const defineConfig = (config: Config): Config => config

const keys: readonly (keyof Config)[] = ['softDelete']

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isTexts = (value: unknown): value is Readonly<Record<string, string>> =>
  isRecord(value) && Object.values(value).every((text) => typeof text === 'string')

/** Checks what a config file exports. Throws `bad-file` naming the key. */
export const checkConfig = (value: unknown, path: string): Config => {
  const fail = (why: string, hint: string): RowgraftError =>
    new RowgraftError('bad-file', `the config file "${path}" ${why}`, { hint })
  if (!isRecord(value)) throw fail('exports no object', 'End it with: export default { ... }')
  const unknown = Object.keys(value).find((key) => !keys.some((known) => known === key))
  if (unknown !== undefined) throw fail(`has an unknown key "${unknown}"`, `The keys are ${keys.join(', ')}.`)
  const { softDelete } = value
  if (softDelete === undefined) return {}
  if (!isTexts(softDelete)) {
    throw fail('has a softDelete that is not made of texts', "Write softDelete: { photo: 'deleted_at' }.")
  }
  return { softDelete }
}
