/** Pieces that several screens are made of. Pure. */
import { padEnd, padStart, truncate, wrap } from '../../format/layout.ts'
import { formatProgress, formatWaiting } from '../../format/progress.ts'
import { formatElapsed } from '../../format/quantities.ts'
import { sanitise } from '../../format/sanitise.ts'
import type { RowReport } from '../../index.ts'
import type { Job, State } from '../state/state.ts'
import { type Line, line, type Role, type Span } from './line.ts'

/** ` ❯` under the cursor. */
export const cursorMark = ({ isCurrent }: { readonly isCurrent: boolean }): Span =>
  isCurrent ? [' ❯', 'cursor'] : '  '

/** A box with a cross in it, or without. */
export const pickMark = ({ isPicked }: { readonly isPicked: boolean }): Span =>
  isPicked ? ['[x]', 'mark'] : ['[ ]', 'dim']

/** How each state of a row looks: glyph and word stand in `format`. */
export const stateRole: Readonly<Record<RowReport['state'], Role>> = {
  missing: 'missing',
  changed: 'changed',
  extra: 'extra',
  reused: 'reused',
  restored: 'same',
  same: 'same',
  deleted: 'missing',
  'not in backup': 'extra',
}

export const cell = (text: string, width: number): string => padEnd(truncate(sanitise(text), width), width)

export const rightCell = (text: string, width: number): string => padStart(truncate(sanitise(text), width), width)

/** How a paragraph looks. */
interface ParagraphStyle {
  /** How far it is indented. */
  readonly by?: number
  readonly role?: Role
}

/** A paragraph, indented. */
export const paragraph = (
  text: string,
  width: number,
  { by = 1, role = 'plain' }: ParagraphStyle = {},
): readonly Line[] =>
  wrap(sanitise(text), Math.max(10, width - by - 1)).map((part) => line(' '.repeat(by), [part, role]))

const glyphs = ['|', '/', '–', '\\'] as const

/** Turns while something is under way. */
export const spinner = ({ now }: State): string => glyphs[Math.floor(now / 250) % glyphs.length] ?? '|'

/** How far a job is, in the words of the command line; before it has told anything, what it is. `beside`: columns that others take. */
export const describeJob = ({ now, size }: State, { what, since, progress }: Job, beside = 4): string => {
  const room = size.columns - beside
  if (progress?.step) return formatProgress(progress.step, { idle: now - progress.at, holders: progress.holders, room })
  const facts = [formatWaiting(progress?.holders ?? []), now - since >= 1_000 ? formatElapsed(now - since) : '']
  const told = facts.filter((text) => text !== '').join(', ')
  return told === '' ? what : `${what}: ${told}`
}
