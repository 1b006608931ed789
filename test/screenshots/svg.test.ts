import { expect, test } from 'vitest'
import { withTerminal } from '../support/terminal.ts'
import { drawScreen } from './svg.ts'

const draw = (printed: string): Promise<readonly string[]> =>
  withTerminal({ command: '/bin/sh', args: ['-c', `printf '${printed}'`], columns: 12, rows: 1 }, async (terminal) => {
    await terminal.exit
    const [, drawn = ''] = /<g [^>]*>\n([\s\S]*)<\/g>/.exec(drawScreen(terminal.cells(), 'A test')) ?? []
    return drawn.trimEnd().split('\n')
  })

test('text of one style is one element, as wide as its cells', async () => {
  expect(await draw('a <b> \\033[1;31mc')).toEqual([
    '<text x="20" y="59.6" fill="#d5d9e2" textLength="42.15">a &lt;b&gt;</text>',
    '<text x="70.58" y="59.6" fill="#f07178" font-weight="700">c</text>',
  ])
})

test('characters that fonts may lack have places of their own, and wide ones take two cells', async () => {
  expect(await draw('日本 ❯x')).toEqual([
    '<text x="20" y="59.6" fill="#d5d9e2">日</text>',
    '<text x="36.86" y="59.6" fill="#d5d9e2">本</text>',
    '<text x="62.15" y="59.6" fill="#d5d9e2">❯</text>',
    '<text x="70.58" y="59.6" fill="#d5d9e2">x</text>',
  ])
})

test('lines meet at the middles and edges of cells', async () => {
  expect(await draw('──├')).toEqual([
    '<path d="M20 55.5h16.86M41.5 55.5L41.5 46M41.5 55.5L45.29 55.5M41.5 55.5L41.5 65" stroke="#d5d9e2"/>',
  ])
})

test('inverse text stands on its colour, and a dim one is between its colour and the ground', async () => {
  expect(await draw('\\033[7mon\\033[0;2m ?')).toEqual([
    '<rect x="20" y="46" width="16.86" height="19" fill="#d5d9e2"/>',
    '<text x="20" y="59.6" fill="#14161b" textLength="16.86">on</text>',
    '<text x="45.29" y="59.6" fill="#84878e">?</text>',
  ])
})
