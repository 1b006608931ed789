/** What the config file says about how a side is used: roles, settings, hooks. */
import type { Config } from '../config/config.ts'
import { type Acting, asConnected } from '../database/session/session-options.ts'
import type { Side } from '../database/settings.ts'

/** Options that may bring a config file. */
interface Given {
  readonly config?: Config | undefined
}

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
