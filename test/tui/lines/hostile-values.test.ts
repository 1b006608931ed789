/** Nothing that a database holds drives the terminal, or looks like something else. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fitLine, type Line } from '../../../src/tui/lines/line.ts'
import { paintLine, themeNames } from '../../../src/tui/lines/theme.ts'
import { withDatabases } from '../../support/databases.ts'
import { query } from '../../support/queries.ts'
import { withUi } from '../../support/ui.ts'

const hostile: readonly string[] = [
  '\x1b[2J\x1b[31mred',
  '\x1b]0;title\x07',
  '\x1b]52;c;cm0gLXJm\x07',
  '\x1bP1$r0m\x1b\\',
  '\x9b31m\x9dtitle\x9c',
  '\x1b[?1049l\x1b[?2026h',
  'a\r\nb\tc\x08\x08\x7f',
  '\u202egnp.exe\u202c',
  '\u2066isolated\u2069',
  'zero\u200bwidth\u200d\u2060\ufeff',
  'tag\u{e0041}\u{e0042}',
  'line\u2028para\u2029',
  'Z\u0351\u034b\u0321alg\u0362o',
  '日本語の長い長い長い長い長い長い長い題',
  '👩‍👩‍👧‍👦🏳️‍🌈',
]

/** Everything but our own colours is text: no control characters, none that change the direction, none that do not show. */
const ofOurs = /\[[\d;]*m/
const unseen = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]|(?!\u200d)[\p{Cf}]/u

const piece = fc.oneof(
  { weight: 3, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 12 }) },
  { weight: 2, arbitrary: fc.constantFrom(...hostile) },
  {
    weight: 2,
    arbitrary: fc
      .array(
        fc.constantFrom('\x1b', '[', ']', '\x9b', '\x07', '\\', ';', '3', '1', 'm', 'J', '\u202e', '\u200b', '日'),
        {
          maxLength: 12,
        },
      )
      .map((parts) => parts.join('')),
  },
)

test('of 10,000 lines of anything, only the colours are control sequences', () => {
  const drawn = fc.record({
    spans: fc.array(fc.tuple(piece, fc.constantFrom('plain', 'dim', 'live', 'missing', 'error', 'caret')), {
      maxLength: 4,
    }),
    width: fc.integer({ min: 1, max: 60 }),
    name: fc.constantFrom(...themeNames),
    isAscii: fc.boolean(),
  })
  fc.assert(
    fc.property(drawn, ({ spans, width, name, isAscii }) => {
      const own: Line = { spans: spans as Line['spans'] }
      const painted = paintLine(fitLine(own, width), { name, isAscii })
      const [first = '', ...rest] = painted.split('\x1b')
      const text = first + rest.map((part) => part.replace(ofOurs, '')).join('')
      return (
        rest.every((part) => ofOurs.exec(part)?.index === 0) &&
        !unseen.test(text) &&
        (!isAscii || /^[ -~]*$/.test(text))
      )
    }),
    { numRuns: 10_000 },
  )
})

const literal = (text: string): string =>
  `U&'${[...text].map((character) => `\\+${(character.codePointAt(0) ?? 0).toString(16).padStart(6, '0')}`).join('')}'`

test('a table full of the worst is shown whole, and nothing of it acts', async () => {
  const values = hostile.map((text, index) => `(${index + 1}, ${literal(text)}, ${literal(text)})`)
  const sql = {
    schema: `create table "ta\x1b[31mble" (id integer primary key, "na\u202eme" text, note text)`,
    backup: `insert into "ta\x1b[31mble" values ${values.join(', ')}`,
    live: `delete from "ta\x1b[31mble" where id > 3; update "ta\x1b[31mble" set note = note || E'\\x1b[2J'`,
  }
  await withDatabases(sql, async (databases) => {
    await withUi(databases, { columns: 100, rows: 30 }, async (terminal) => {
      await terminal.until(/rows missing[\s\S]*ta\\x1b\[31mble/)
      terminal.press('t')
      await terminal.until(/tables? +sorted by/)
      terminal.press('m')
      await terminal.until(/❯ "ta\\x1b\[31mble" +12 +3/)
      terminal.press('enter')
      await terminal.until(/\+ 12 missing +~ 3 changed/)
      await terminal.until((own) => own.screen().includes('\\x1b[2J\\x1b[31mred'))
      for (const text of [
        '\\x1b]52;c;cm0gLXJm\\x07',
        '\\x9b31m',
        'a\\r\\nb\\tc\\x08',
        '\\u{202e}gnp.exe',
        'zero\\u{200b}width',
      ])
        expect(terminal.screen()).toContain(text)
      terminal.press('enter')
      await terminal.until('f follow')
      terminal.press('esc')
      await terminal.until(/\+ 12 missing[\s\S]*a all/)
      terminal.press('a', 'r')
      await terminal.until('R  restores')
      terminal.press('R')
      await terminal.until(/are overwritten/)
      terminal.press('y')
      await terminal.until('verified against the backup, committed')
      terminal.press('q')
      expect(await terminal.exit).toEqual({ code: 0, signal: null })
      const sent = terminal.raw()
      for (const text of ['\x1b[31mred', '\x1b]', '\x9b', '\x07', '\x08', '\u202e', '\u200b', '\u2028'])
        expect(sent).not.toContain(text)
      expect(terminal.normalScreen()).toMatch(/^Run [a-z0-9]{5}: 15 rows written, verified and committed\.\nUndo: .*$/)
    })
    const [count] = await query(databases.live, `select count(*) from "ta\x1b[31mble"`)
    expect(count?.count).toBe('15')
  })
})
