/** The flags of a run. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { parseCount } from './durations.ts'
import { optionGroup } from './options.ts'

export interface RunFlags {
  readonly rehearse?: boolean
  readonly yes?: boolean
  readonly confirm?: string
  readonly big?: boolean
  readonly commitEvery?: number
  readonly expect?: string
  readonly batchSize?: number
  readonly strict?: boolean
}

const parseHash = (text: string): string => {
  if (!/^[0-9a-f]{64}$/i.test(text)) throw new InvalidArgumentError('A SHA-256 is 64 hexadecimal digits.')
  return text.toLowerCase()
}

const runOptions = (): readonly Option[] => [
  new Option('--rehearse', 'do everything, verify, and roll back'),
  new Option('--yes', 'do not ask'),
  new Option('--confirm <dbname>', 'the name of the live database, which a protected one asks for; do not ask'),
  new Option('--big', 'more than 1,000,000 rows, or 1 GB, in one transaction'),
  new Option('--batch-size <rows>', 'rows per round trip').argParser(parseCount),
]

export const addRunning: (command: Command) => Command = optionGroup('Running:', runOptions)

export const addRestoring: (command: Command) => Command = optionGroup('Running:', () => [
  ...runOptions(),
  new Option('--commit-every <rows>', 'commit in parts of about so many rows, each complete in itself').argParser(
    parseCount,
  ),
  new Option('--expect <sha256>', 'refuse a plan file with another hash').argParser(parseHash),
  new Option('--strict', 'exit with 7 if anything was left out'),
])
