import { expect, test } from 'vitest'
import { makeContext } from '../../src/cli/output.ts'
import { colorStyle, plainStyle } from '../../src/format/style.ts'
import { runCli } from './runner.ts'

const styleWith = (color: 'always' | 'never' | false | undefined, hasColor: boolean): unknown => {
  const io = {
    stdout: () => undefined,
    stderr: () => undefined,
    readStdin: async () => '',
    env: {},
    isInteractive: false,
    columns: 80,
    signal: new AbortController().signal,
  }
  return makeContext({ ...io, hasColor }, { input: true, ...(color === undefined ? {} : { color }) }).output.setting
    .style
}

test('colour is what the terminal has, unless a flag says otherwise', () => {
  expect(styleWith(undefined, true)).toBe(colorStyle)
  expect(styleWith(undefined, false)).toBe(plainStyle)
  expect(styleWith('always', false)).toBe(colorStyle)
  expect(styleWith('never', true)).toBe(plainStyle)
  expect(styleWith(false, true)).toBe(plainStyle)
})

test.each(['diff', 'plan', 'undo', 'runs'])('%s takes --no-color, the last of the two counts', async (name) => {
  expect((await runCli([name, '--color', 'always', '--no-color'])).stderr).toMatch(
    /^no (live database is given|rows are named)/,
  )
})
