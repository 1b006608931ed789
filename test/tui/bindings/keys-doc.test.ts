/** The keys as docs: made of the one table that also drives input, footer and help. */
import { expect, test } from 'vitest'
import type { Binding, ScreenName } from '../../../src/tui/bindings/binding.ts'
import { bindingsAt } from '../../../src/tui/bindings/bindings.ts'
import { displayKeyName } from '../../../src/tui/state/keys.ts'

const screens: readonly (readonly [at: ScreenName, title: string])[] = [
  ['connect', 'Connect'],
  ['incidents', 'Incidents: what was lost'],
  ['tables', 'Tables'],
  ['rows', 'Rows of a table'],
  ['row', 'One row, side by side'],
  ['along', 'What comes along'],
  ['review', 'Review'],
  ['run', 'Run'],
  ['report', 'Report'],
  ['failed', 'Failed'],
  ['runs', 'Runs'],
]

const moves = new Set(['up', 'down', 'left', 'right', 'page up', 'page down', 'half up', 'half down', 'first', 'last'])

const rowOf = ({ keys, does }: Binding): string =>
  `| ${keys.map((key) => `\`${displayKeyName(key)}\``).join(' ')} | ${does} |`

const tableOf = (bindings: readonly Binding[]): readonly string[] => ['| key | |', '|---|---|', ...bindings.map(rowOf)]

/** Movements are told once: they are the same everywhere. */
const document = (): string => {
  const moving = bindingsAt('rows').filter(({ command }) => moves.has(command))
  return [
    '# Keys of the terminal UI',
    '',
    'Made of the table of bindings by a test: `npm test` fails where the two differ.',
    '',
    '## Moving, on every screen',
    '',
    ...tableOf(moving),
    ...screens.flatMap(([at, title]) => [
      '',
      `## ${title}`,
      '',
      ...tableOf(bindingsAt(at).filter(({ command }) => !moves.has(command))),
    ]),
    '',
  ].join('\n')
}

test('docs/keys.md tells every key of every screen', async () => {
  await expect(document()).toMatchFileSnapshot('../../../docs/keys.md')
})

test('no key has two meanings on one screen', () => {
  for (const [at] of screens) {
    const keys = bindingsAt(at).flatMap((binding) => binding.keys)
    expect(keys.filter((key, position) => keys.indexOf(key) !== position)).toEqual([])
  }
})
