import { expect, test } from 'vitest'

import { formatCommand, formatComment, formatHappening } from '../../src/demo/narration.ts'

test('sentences break at column 80 and stay comments', () => {
  const fits = `${'word '.repeat(14)}word.end`
  expect(formatComment(fits)).toBe(`# ${fits}\n`)
  expect(formatComment(`${fits}s`)).toBe(`# ${'word '.repeat(14).trim()}\n# word.ends\n`)
  expect(formatHappening('Wed 08:12', `${'word '.repeat(13)}end`)).toBe(
    `#   Wed 08:12  ${'word '.repeat(13).trim()}\n#              end\n`,
  )
})

test('commands can be pasted into a shell', () => {
  expect(formatCommand('rowgraft', ['plan', 'gallery', '--where', "slug = 'pets'"])).toBe(
    `rowgraft plan gallery --where "slug = 'pets'"`,
  )
  expect(formatCommand('rowgraft', ['diff', `it's "$5"`])).toBe(`rowgraft diff 'it'\\''s "$5"'`)
})
