/** The flags of the terminal UI. */
import { Option } from 'commander'
import { parseCount } from './durations.ts'
import { colorOptions, optionGroup } from './options.ts'

/** How the terminal UI looks, and what it may. */
export const addScreen = optionGroup('Screen:', () => [
  new Option('--read-only', 'everything but restoring'),
  new Option('--theme <name>', 'dark (default), light, high-contrast, mono').choices([
    'dark',
    'light',
    'high-contrast',
    'mono',
  ]),
  new Option('--ascii', 'draw with ASCII alone'),
  new Option('--big', 'restore more than 1,000,000 rows, or 1 GB, in one transaction'),
  new Option('--commit-every <rows>', 'restore in parts of about so many rows, each complete in itself').argParser(
    parseCount,
  ),
  ...colorOptions(),
])
