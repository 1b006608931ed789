/** What the config file settles for every plan: whom live sees, and what runs around the writes. */
import { type Acting, asConnected } from '../database/acting.ts'
import type { Side } from '../database/settings.ts'
import type { OpenOptions } from './connect.ts'

type Given = Pick<OpenOptions, 'config'>

const listOf = (given: string | readonly string[] | undefined): readonly string[] =>
  given === undefined ? [] : typeof given === 'string' ? [given] : given

/** As whom a side is opened: only live is ever acted on. */
export const actingOn = (side: Side, { config }: Given): Acting =>
  side === 'backup' ? asConnected : { role: config?.role ?? null, settings: config?.settings ?? {} }

/** Options of a plan that come from the config file alone. */
export interface ConfiguredOptions extends Acting {
  readonly hooks: { readonly before: readonly string[]; readonly after: readonly string[] }
}

export const configuredOptions = (given: Given): ConfiguredOptions => ({
  ...actingOn('live', given),
  hooks: { before: listOf(given.config?.hooks?.before), after: listOf(given.config?.hooks?.after) },
})

/** Shell commands for after a run is committed. */
export const committedCommands = ({ config }: Given): readonly string[] => listOf(config?.hooks?.committed)
