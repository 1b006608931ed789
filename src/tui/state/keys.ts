/** From what Ink says of a key to one name per key. A chunk of typed characters is that many keys. */
import type { Key as InkKey } from 'ink'

/** `a`, `R`, `space`, `enter`, `esc`, `ctrl-d`, `shift-down`, `pageup` … */
export type KeyName = string

const arrows = [
  ['upArrow', 'up'],
  ['downArrow', 'down'],
  ['leftArrow', 'left'],
  ['rightArrow', 'right'],
] as const

const others = [
  ['pageDown', 'pagedown'],
  ['pageUp', 'pageup'],
  ['home', 'home'],
  ['end', 'end'],
  ['return', 'enter'],
  ['escape', 'esc'],
  ['backspace', 'backspace'],
  ['delete', 'delete'],
] as const

const character = (text: string): KeyName => {
  if (text === ' ') return 'space'
  if (text === '\r' || text === '\n') return 'enter'
  if (text === '\t') return 'tab'
  if (text === '\x7f' || text === '\b') return 'backspace'
  return text
}

/** The keys that one call of Ink's stands for, in the order they were typed; keys that nothing is bound to are left away. */
export const typedKeys = (input: string, key: InkKey): readonly KeyName[] => {
  if (key.eventType === 'release' || key.meta || key.super || key.hyper) return key.escape ? ['esc'] : []
  for (const [flag, name] of arrows) if (key[flag]) return [key.shift ? `shift-${name}` : name]
  for (const [flag, name] of others) if (key[flag]) return [name]
  if (key.tab) return [key.shift ? 'shift-tab' : 'tab']
  if (key.ctrl) return input === '' ? [] : [`ctrl-${input}`]
  return [...input].filter((text) => text >= ' ' || /[\r\n\t\b]/.test(text)).map(character)
}

const names: Readonly<Record<KeyName, string>> = {
  up: '↑',
  down: '↓',
  left: '←',
  right: '→',
  pageup: 'PgUp',
  pagedown: 'PgDn',
  home: 'Home',
  end: 'End',
}

/** A key as help and footer name it. */
export const displayKeyName = (key: KeyName): string => names[key] ?? key
