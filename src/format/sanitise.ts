/**
 * What stands between text from a database and a terminal, a file or a spreadsheet.
 *
 * Nothing that a database holds may drive the terminal or look like something else: control characters, bidi controls, invisible
 * characters and lone surrogates are shown as visible escapes. Widths are computed after this.
 */

/** Control and format characters (C0, DEL, C1, bidi, zero-width), lone surrogates, line and paragraph separators, invisible ones. */
const unsafe = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu

const named: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

const toEscape = (character: string): string => {
  const code = character.codePointAt(0) ?? 0
  return named[character] ?? (code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`)
}

/** One line of text that is safe to show: `\n`, `\x1b` and `\u{202e}` stand for what they name. */
export const sanitise = (text: string): string => text.replace(unsafe, toEscape)

/** The same for text of several lines, which stay lines. */
export const sanitiseLines = (text: string): readonly string[] =>
  text.replaceAll('\r\n', '\n').split('\n').map(sanitise)

/** A value as people see it. Two different values never look the same: a backslash that could be read as an escape is doubled. */
export const sanitiseValue = (text: string): string => sanitise(text.replace(/\\(?=[\\nrtxu])/g, '\\\\'))

/** Blanks that look like a space, or like nothing at the end of a line. */
const blanks = /[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]/gu

/** A value with every blank at its ends and every blank that is not a plain space made visible. */
export const revealBlanks = (text: string): string =>
  sanitiseValue(text)
    .replace(blanks, toEscape)
    .replace(/^ +| +$/g, (spaces) => '␠'.repeat(spaces.length))

/** Two different values that read the same (composed and decomposed letters, say): everything beyond ASCII is spelled out. */
export const revealDifference = (live: string, backup: string): readonly [live: string, backup: string] => {
  const isAlike = revealBlanks(live).normalize('NFKC') === revealBlanks(backup).normalize('NFKC')
  const reveal = (text: string): string =>
    isAlike ? revealBlanks(text).replace(/[^\x20-\x7e␠]/gu, toEscape) : revealBlanks(text)
  return live === backup ? [revealBlanks(live), revealBlanks(backup)] : [reveal(live), reveal(backup)]
}

/** JSON that is safe on a terminal, and still the same JSON: what `sanitise` escapes, JSON's own escapes stand for. */
export const formatJson = (value: unknown): string =>
  JSON.stringify(value).replace(unsafe, (character) =>
    Array.from(
      { length: character.length },
      (_, position) => `\\u${character.charCodeAt(position).toString(16).padStart(4, '0')}`,
    ).join(''),
  )

/** Passwords in URLs and in `password=` settings, put out of sight. A last resort: they are kept out of errors where they enter. */
export const hidePasswords = (text: string): string =>
  text
    .replace(/(:\/\/[^\s:@/]*):\S*@/g, '$1:***@')
    .replace(/\b(\w*(?:password|passwd|passphrase))(\s*=\s*)('(?:[^'\\]|\\.)*'?|[^\s&'"]+)/gi, '$1$2***')

/** The address of a database without its passwords, and without its options, which may set a token. */
export const redactAddress = (address: string): string =>
  hidePasswords(address.replace(/\b(options\s*=\s*)('(?:[^'\\]|\\.)*'?|(?:\\.|[^\s&'])+)/gi, '$1***'))
