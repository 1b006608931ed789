/** `--set` and `--map-enum` as they are typed. Pure. */

import { parseTableName } from '../../data.ts'
import { RowgraftError } from '../../errors.ts'
import type { PlanOptions } from '../../index.ts'

type SetValue = PlanOptions['set'][number]
type MappedLabel = PlanOptions['mapEnum'][number]

const quoted = /^'((?:[^']|'')*)'$/s

/** `null` is NULL, text in single quotes is that text, and everything else is taken as it is. */
const readValue = (text: string): string | null => {
  const [, inner] = quoted.exec(text) ?? []
  if (inner !== undefined) return inner.replaceAll("''", "'")
  return /^null$/i.test(text) ? null : text
}

const readLabel = (text: string): string => quoted.exec(text)?.[1]?.replaceAll("''", "'") ?? text

/** The position of `mark` outside of double quotes. */
const findMark = (text: string, mark: string): number => {
  for (let at = 0, isQuoted = false; at < text.length; at++) {
    if (text[at] === '"') isQuoted = !isQuoted
    else if (text[at] === mark && !isQuoted) return at
  }
  return -1
}

/** `photo.licence=cc-by`, `photo.licence=null` (NULL), `photo.licence='null'` (that text), `photo.licence=` (empty). */
export const parseSet = (typed: string): SetValue => {
  const at = findMark(typed, '=')
  if (at < 0) {
    throw new RowgraftError('usage', `--set "${typed}" gives no value`, {
      hint: "Write --set <table>.<column>=<value>, for example photo.licence=cc-by; null is NULL, 'null' is that text.",
    })
  }
  return { ...splitColumn(typed.slice(0, at), '--set'), value: readValue(typed.slice(at + 1)) }
}

const labels = /^('(?:[^']|'')*'|[^=]*)=('(?:[^']|'')*'|[^=]*)$/s

/** `photo.mood:odd=calm`; labels with `=` in them in single quotes. */
export const parseMapEnum = (typed: string): MappedLabel => {
  const at = findMark(typed, ':')
  const [, from, to] = labels.exec(typed.slice(at + 1)) ?? []
  if (at < 0 || from === undefined || to === undefined) {
    throw new RowgraftError('usage', `--map-enum "${typed}" maps no label`, {
      hint: 'Write --map-enum <table>.<column>:<old label>=<new label>, for example photo.mood:odd=calm.',
    })
  }
  return { ...splitColumn(typed.slice(0, at), '--map-enum'), from: readLabel(from), to: readLabel(to) }
}

/** `gallery.updated_at` in its two parts: the table as typed, the column as the catalog has it. */
export const splitColumn = (typed: string, flag: string): { readonly table: string; readonly column: string } => {
  const match = /^(.+)\.((?:"(?:[^"]|"")+")|[^".]+)$/u.exec(typed.trim())
  if (match === null) {
    throw new RowgraftError('usage', `${flag} "${typed}" names no column`, {
      hint: `Write ${flag} <table>.<column>, for example photo.updated_at.`,
    })
  }
  return { table: match[1] ?? '', column: parseTableName(match[2] ?? '').name }
}
