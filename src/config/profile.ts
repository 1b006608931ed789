/** A profile, chosen: what the config says for all, with what it says for this pair of databases put before it. Pure. */
import { RowgraftError } from '../errors.ts'
import type { Config } from './config.ts'

export interface ChosenProfile {
  readonly config: Config
  /** The databases that the profile names. */
  readonly live?: string | undefined
  readonly backup?: string | undefined
}

/** Throws `usage` for a profile that the config does not have. Without a name nothing is chosen. */
export const chooseProfile = (config: Config, name: string | undefined): ChosenProfile => {
  if (name === undefined) return { config }
  const profiles = config.profiles ?? {}
  const profile = Object.hasOwn(profiles, name) ? profiles[name] : undefined
  if (profile === undefined) {
    const known = Object.keys(profiles)
    throw new RowgraftError('usage', `there is no profile "${name}"`, {
      hint: known.length === 0 ? 'The config file has no profiles.' : `The config file has ${known.join(', ')}.`,
    })
  }
  const { live, backup, settings, ...defaults } = profile
  return { config: { ...config, ...defaults, settings: { ...config.settings, ...settings } }, live, backup }
}
