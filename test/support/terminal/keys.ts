/** What a terminal sends for keys that have names. */
const sequences: Readonly<Record<string, string>> = {
  enter: '\r',
  esc: '\x1b',
  space: ' ',
  tab: '\t',
  'shift-tab': '\x1b[Z',
  backspace: '\x7f',
  delete: '\x1b[3~',
  up: '\x1b[A',
  down: '\x1b[B',
  right: '\x1b[C',
  left: '\x1b[D',
  home: '\x1b[H',
  end: '\x1b[F',
  pgup: '\x1b[5~',
  pgdn: '\x1b[6~',
}

/** The bytes of a key by its name (`enter`, `pgdn`, `ctrl-c`, `alt-x`); of anything else, the text as it is typed. */
export const bytesOfKey = (key: string): string => {
  const control = /^ctrl-([a-z])$/.exec(key)?.[1]
  if (control !== undefined) return String.fromCharCode(control.charCodeAt(0) & 0x1f)
  if (/^alt-.$/.test(key)) return `\x1b${key.slice(4)}`
  return sequences[key] ?? key
}
