import { readdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { Resvg } from '@resvg/resvg-js'

const folders = [
  '/usr/share/fonts',
  '/usr/local/share/fonts',
  '/Library/Fonts',
  '/System/Library/Fonts',
  join(homedir(), 'Library', 'Fonts'),
  join(homedir(), '.local', 'share', 'fonts'),
  join(homedir(), '.fonts'),
]

/** Fonts that have the characters of the screens, by the files they come in; best first. */
const fonts: readonly (readonly [family: string, file: RegExp])[] = [
  ['DejaVu Sans Mono', /^DejaVuSansMono(-Bold)?\.ttf$/],
  ['JetBrains Mono', /^JetBrainsMono-(Regular|Bold)\.ttf$/],
  ['Menlo', /^Menlo\.ttc$/],
]

const filesIn = (folder: string): readonly string[] => {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
  } catch {
    return []
  }
}

/** The family that pictures are drawn with on this machine; null where it has none. */
export const findFont = (): string | null => {
  const names = folders.flatMap(filesIn).map((path) => path.split('/').at(-1) ?? '')
  return fonts.find(([, file]) => names.some((name) => file.test(name)))?.[0] ?? null
}

/** What to do where there is none. FreeMono has the mark of a blank at a line's end, which the others lack. */
export const missingFont =
  'No PNG files: this machine has no font with the characters of the screens. Install DejaVu Sans Mono and FreeMono and run it ' +
  'again (Debian and Ubuntu: apt-get install fonts-dejavu-core fonts-freefont-ttf; macOS: brew install font-dejavu font-freefont).'

/** Twice the size of the picture, for dense screens. */
export const makePng = (svg: string, family: string): Uint8Array => {
  const font = { loadSystemFonts: true, defaultFontFamily: family, monospaceFamily: family }
  // The families of viewers' machines may be there and lack characters: this one is known.
  const own = svg.replace(/font-family="[^"]*"/, `font-family="${family}"`)
  return new Resvg(own, { font, fitTo: { mode: 'zoom', value: 2 } }).render().asPng()
}
