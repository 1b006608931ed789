import type { IUnicodeVersionProvider } from '@xterm/headless'

const wide =
  /^[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Emoji_Presentation}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]$/u
const empty = /^[\p{Mn}\p{Me}\p{Cf}\p{Cc}\u1160-\u11ff]$/u

const widthOf = (codepoint: number): 0 | 1 | 2 => {
  if (codepoint >= 0x20 && codepoint < 0x7f) return 1
  const character = String.fromCodePoint(codepoint)
  if (empty.test(character)) return 0
  return wide.test(character) ? 2 : 1
}

/** xterm packs a character's width and whether it joins the one before it into one number (its UnicodeService). */
const pack = (width: number, isJoined: boolean): number => (width << 1) | (isJoined ? 1 : 0)
const unpack = (properties: number): number => (properties >> 1) & 3

/**
 * How many cells characters take on terminals of today. The emulator's own table is of Unicode 6 and gives emoji one cell. Taken from
 * Unicode's properties and not from what the program measures with, so that the two can disagree.
 */
export const modernWidths: IUnicodeVersionProvider = {
  version: 'modern',
  wcwidth: widthOf,
  charProperties: (codepoint, preceding) => {
    const width = widthOf(codepoint)
    const before = unpack(preceding)
    return width === 0 && before > 0 ? pack(before, true) : pack(width, false)
  },
}
