/**
 * Lines of a screen as data: pieces of sanitised text, each with the role that decides how it looks. Pure.
 *
 * In come facts and a width; out go lines, which `theme.ts` paints. The folder imports `state/`, `models/` and `format/`.
 */
import { displayWidth, truncate } from '../../format/layout.ts'
import { sanitise } from '../../format/sanitise.ts'

/** What a piece of text is; the theme says how it looks. */
export type Role =
  | 'plain'
  | 'dim'
  | 'strong'
  | 'live'
  | 'cursor'
  | 'missing'
  | 'changed'
  | 'extra'
  | 'conflict'
  | 'reused'
  | 'same'
  | 'error'
  | 'mark'
  | 'caret'

/** A piece of text; a bare string is plain. */
export type Span = string | readonly [text: string, role: Role]

/** What a line is to a screen reader. */
export interface LineAria {
  readonly role: 'listitem' | 'checkbox' | 'progressbar' | 'textbox'
  readonly isChecked?: boolean
  readonly isSelected?: boolean
}

export interface Line {
  readonly spans: readonly Span[]
  /** The cursor is on it. */
  readonly isCurrent?: boolean
  readonly aria?: LineAria
}

export const line = (...spans: readonly Span[]): Line => ({ spans })
export const blank: Line = { spans: [] }

export const textOf = (span: Span): string => (typeof span === 'string' ? span : span[0])
export const roleOf = (span: Span): Role => (typeof span === 'string' ? 'plain' : span[1])

/** The text of a line, without roles. */
export const lineText = ({ spans }: Line): string => spans.map(textOf).join('')

const widthOfSpans = (spans: readonly Span[]): number =>
  spans.reduce((width, span) => width + displayWidth(textOf(span)), 0)

/**
 * Cuts a line to `width` cells; what is cut off shows as an ellipsis. Nothing leaves here that could drive a terminal: whatever a span
 * holds is sanitised once more.
 */
export const fitLine = (own: Line, width: number): Line => {
  const clean = own.spans.map((span): Span => [sanitise(textOf(span)), roleOf(span)])
  if (widthOfSpans(clean) <= width) return { ...own, spans: clean }
  const kept: Span[] = []
  let room = width
  for (const span of clean) {
    const text = textOf(span)
    const wide = displayWidth(text)
    const isLast = wide > room || (wide === room && span !== clean.at(-1))
    if (!isLast) {
      kept.push(span)
      room -= wide
      continue
    }
    const cut = room <= 0 ? '' : wide === room ? truncate(`${text} `, room) : truncate(text, room)
    kept.push([cut, roleOf(span)])
    break
  }
  return { ...own, spans: kept }
}

/** Two groups of spans at both ends of a line; the left one gives way. */
export const spread = (left: readonly Span[], right: readonly Span[], width: number): Line => {
  const room = Math.max(0, width - widthOfSpans(right) - 1)
  const fitted = fitLine({ spans: left }, room).spans
  const gap = Math.max(1, width - widthOfSpans(fitted) - widthOfSpans(right))
  return line(...fitted, ' '.repeat(gap), ...right)
}

/** `count` lines: cut, or filled up with empty ones. */
export const fillLines = (lines: readonly Line[], count: number): readonly Line[] =>
  lines.length >= count
    ? lines.slice(0, Math.max(0, count))
    : [...lines, ...Array.from({ length: count - lines.length }, () => blank)]

/** The part of `lines` that fits in `height` lines with line `focus` in sight, near the middle where there is room on both sides. */
export const around = (lines: readonly Line[], focus: number, height: number): readonly Line[] => {
  if (lines.length <= height) return lines
  const top = Math.max(0, Math.min(lines.length - height, focus - Math.floor(height / 2)))
  return lines.slice(top, top + height)
}
