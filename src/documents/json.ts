/** JSON that is read back: parsed, and no deeper than anything we write. Pure. */

/** A value, or why there is none. */
export type Parsed = { readonly value: unknown } | { readonly why: string }

/** Far more than anything that is written here, and far less than a stack holds. */
const deepest = 100

const code = (character: string): number => character.charCodeAt(0)
const [quote, backslash] = [code('"'), code('\\')]
const opening: ReadonlySet<number> = new Set([code('['), code('{')])
const closing: ReadonlySet<number> = new Set([code(']'), code('}')])

/** Where the string that begins at a position ends. */
const endOfString = (text: string, start: number): number => {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let escapes = end
    while (text.charCodeAt(escapes - 1) === backslash) escapes--
    if ((end - escapes) % 2 === 0) return end
  }
  return text.length
}

/** Looked for before it is parsed: half a gigabyte of brackets would take all memory there is. */
const isDeep = (text: string): boolean => {
  let level = 0
  for (let at = 0; at < text.length; at++) {
    const character = text.charCodeAt(at)
    if (character === quote) at = endOfString(text, at)
    else if (opening.has(character)) level++
    else if (closing.has(character)) level--
    if (level > deepest) return true
  }
  return false
}

/** Parses JSON text. */
export const parseJson = (text: string): Parsed => {
  if (text.startsWith('\ufeff')) return { why: 'It begins with a byte order mark: save it as UTF-8 without one.' }
  if (isDeep(text)) return { why: `It is nested more than ${deepest} levels deep.` }
  try {
    return { value: JSON.parse(text) }
  } catch (error) {
    // The parser repeats what stands in the text, which may be a password.
    const words = error instanceof Error ? error.message : String(error)
    return { why: words.replace(/, (\.\.\.)?"[\s\S]*"(\.\.\.)? is not valid JSON$/, '') }
  }
}
