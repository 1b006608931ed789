import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RowgraftError } from '../../src/errors.ts'
import { formatError } from '../../src/format/error.ts'
import { displayWidth } from '../../src/format/layout.ts'
import {
  formatJson,
  hidePasswords,
  revealBlanks,
  revealDifference,
  sanitise,
  sanitiseLines,
  sanitiseValue,
} from '../../src/format/sanitise.ts'

// Spelled as code points, so that this list does not depend on the classes that the code under test uses.
const forbidden = (text: string): readonly string[] =>
  [...text].filter((character) => {
    const code = character.codePointAt(0) ?? 0
    const isControl = code < 0x20 || (code >= 0x7f && code <= 0x9f)
    const isBidi = code === 0x61c || [0x200e, 0x200f].includes(code) || (code >= 0x202a && code <= 0x202e)
    const isIsolate = code >= 0x2066 && code <= 0x2069
    const isZeroWidth = [0x200b, 0x200c, 0x200d, 0x2060, 0xfeff, 0xad].includes(code)
    return isControl || isBidi || isIsolate || isZeroWidth || [0x2028, 0x2029].includes(code) || isSurrogate(code)
  })

const isSurrogate = (code: number): boolean => code >= 0xd800 && code <= 0xdfff

const nasty = fc.constantFrom(
  '\x1b',
  '\x1b[31m',
  '\x1b]8;;http://x\x07',
  '\r',
  '\b',
  '\x7f',
  '\x9b',
  '\u202e',
  '\u2066',
)
const invisible = fc.constantFrom(
  '\u200b',
  '\u200d',
  '\ufeff',
  '\u2028',
  '\u2029',
  '\ud800',
  '\udc00',
  '\0',
  '\\',
  '\\n',
  'n',
)
const text = fc
  .array(fc.oneof(fc.string({ unit: 'binary', maxLength: 8 }), nasty, invisible), { maxLength: 12 })
  .map((parts) => parts.join(''))

describe('sanitise', () => {
  test('leaves plain text alone', () => {
    expect(sanitise('Žofie & Søren: 10 € – 猫')).toBe('Žofie & Søren: 10 € – 猫')
  })

  test('shows what drives a terminal as what it is', () => {
    expect(sanitise('a\x1b[31mb\x07\x7f\x9b')).toBe('a\\x1b[31mb\\x07\\x7f\\x9b')
    expect(sanitise('one\ntwo\r\n\tthree')).toBe('one\\ntwo\\r\\n\\tthree')
    expect(sanitise('admin\u202etxt.exe\u200b\u2028\ud83d')).toBe('admin\\u{202e}txt.exe\\u{200b}\\u{2028}\\u{d83d}')
  })

  test('lets nothing through, whatever comes', () => {
    fc.assert(
      fc.property(text, (value) => {
        for (const shown of [sanitise(value), sanitiseValue(value), revealBlanks(value), ...sanitiseLines(value)]) {
          expect(forbidden(shown)).toEqual([])
        }
      }),
      { numRuns: 10_000 },
    )
  })

  test('never shows two values alike', () => {
    fc.assert(
      fc.property(text, text, (one, other) => {
        expect(sanitiseValue(one) === sanitiseValue(other)).toBe(one === other)
      }),
      { numRuns: 5_000 },
    )
    expect(sanitiseValue('C:\\new')).not.toBe(sanitiseValue('C:\new'))
    expect(sanitiseValue('50\\%')).toBe('50\\%')
  })

  test('keeps JSON the same JSON', () => {
    fc.assert(
      fc.property(text, (value) => {
        const json = formatJson({ [value]: value })
        expect(forbidden(json)).toEqual([])
        expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify({ [value]: value })))
      }),
    )
  })
})

describe('values next to each other', () => {
  test('blanks at the ends and blanks that are no space can be seen', () => {
    expect(revealBlanks('  In bloom. ')).toBe('␠␠In bloom.␠')
    expect(revealBlanks('10\u00a0000')).toBe('10\\xa0000')
  })

  test('composed and decomposed letters are spelled out where only they differ', () => {
    expect(revealDifference('café', 'cafe\u0301')).toEqual(['caf\\xe9', 'cafe\\u{301}'])
    expect(revealDifference('café', 'tea')).toEqual(['café', 'tea'])
    expect(revealDifference('café', 'café')).toEqual(['café', 'café'])
  })

  test('wide characters take two cells and combining ones none', () => {
    expect(['cat', '猫', 'e\u0301', '🐈'].map(displayWidth)).toEqual([3, 2, 1, 2])
  })
})

describe('errors', () => {
  test('have a message, an indented detail and a hint', () => {
    const error = new RowgraftError('busy', 'the run is open', { detail: 'one\ntwo', hint: 'Run "rowgraft recover".' })
    expect(formatError(error, 80)).toBe('the run is open\n  one\n  two\nHint: Run "rowgraft recover".\n')
  })

  test('never show a password', () => {
    expect(hidePasswords('cannot reach postgres://app:s3cret@db1/shop')).toBe(
      'cannot reach postgres://app:***@db1/shop',
    )
    expect(hidePasswords('postgres://app:a/b@c#d@db1/shop')).toBe('postgres://app:***@db1/shop')
    expect(hidePasswords("host=db1 password='a b' sslpassword = x")).toBe('host=db1 password=*** sslpassword = ***')
    expect(hidePasswords('postgres://db1/shop?user=a&password=b&x=1')).toBe(
      'postgres://db1/shop?user=a&password=***&x=1',
    )
  })

  test('cannot drive the terminal either', () => {
    expect(formatError(new RowgraftError('usage', 'no table "\x1b[2J"'), 80)).toBe('no table "\\x1b[2J"\n')
  })
})
