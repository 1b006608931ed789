/** How things come along: options of a few values each, in words. Pure. */
import type { Chosen } from '../state/state.ts'

/** Options with a few values, which Space goes through. */
export type CycledOption = 'keys' | 'parents' | 'children' | 'links' | 'relink' | 'triggers' | 'again'

/** What each value means. */
export const optionWords: { readonly [Name in CycledOption]: Readonly<Record<string, string>> } = {
  keys: { auto: 'kept where free, else new', keep: 'kept, or not at all', new: 'all new' },
  parents: { restore: 'come along as needed', stop: 'are a question', null: 'stay away; references are emptied' },
  children: { all: 'all that went with it', cascade: 'only those of CASCADE', none: 'none' },
  links: { existing: 'where both ends are in live', pull: 'with their other ends', none: 'none' },
  relink: { evidence: 'those the deletion emptied', all: 'all that were linked', none: 'none' },
  triggers: { null: 'fire, unless they reach outside', fire: 'fire', off: 'switched off; keys checked afterwards' },
  again: { false: 'not what is back already', true: 'also what looks restored already' },
}

export const optionNames: Readonly<Record<CycledOption, string>> = {
  keys: 'ids',
  parents: 'parents',
  children: 'children',
  links: 'links',
  relink: 'emptied references',
  triggers: 'triggers',
  again: 'again',
}

/** In this order. */
export const optionOrder: readonly CycledOption[] = [
  'keys',
  'parents',
  'children',
  'links',
  'relink',
  'triggers',
  'again',
]

/** The next value of an option. */
export const cycleOption = (chosen: Chosen, option: CycledOption, by: 1 | -1): Chosen => {
  const values = Object.keys(optionWords[option])
  const at = values.indexOf(String(chosen[option]))
  const value = values[(at + by + values.length) % values.length] ?? ''
  const typed =
    value === 'true' ? true : value === 'false' ? false : value === 'null' && option === 'triggers' ? null : value
  return { ...chosen, [option]: typed }
}
