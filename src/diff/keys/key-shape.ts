/**
 * How the keys of a table travel and are put in order. Integers, dates and uuids travel as 32-bit words whose unsigned order is the
 * server's own; everything else as its text, in the order of its UTF-8 bytes. Both sides use the same shape.
 */
import { columnOf } from '../../catalog/catalog.ts'
import type { SharedTable } from '../../catalog/shared.ts'
import { column, list, type Query, serverText } from '../../database/names.ts'

type Encoding = 'int4' | 'int8' | 'date' | 'uuid'

interface Part {
  readonly name: string
  readonly encoding: Encoding | 'text'
  /** What the column is cast to before it travels; null where it is of that type on both sides. */
  readonly cast: string | null
}

export interface KeyShape {
  readonly parts: readonly Part[]
  readonly isText: boolean
  /** Per row, words of the key; for text keys, the start and end of each part. */
  readonly width: number
}

/** Bytes on the wire. */
const sizes: Readonly<Record<Encoding, number>> = { date: 4, int4: 4, int8: 8, uuid: 16 }

const integer = /^(smallint|integer|bigint)$/

const partOf = (table: SharedTable, name: string): Part => {
  const [live = '', backup = ''] = [table.live, table.backup].map((side) => columnOf(side, name)?.baseType)
  if (live === backup) {
    if (live === 'integer') return { name, encoding: 'int4', cast: 'integer' }
    if (live === 'date' || live === 'uuid') return { name, encoding: live, cast: live }
  }
  if (integer.test(live) && integer.test(backup)) return { name, encoding: 'int8', cast: 'bigint' }
  return { name, encoding: 'text', cast: 'text' }
}

/** The shape of a table's keys. */
export const shapeOf = (table: SharedTable): KeyShape => {
  const parts = table.identity.map((name) => partOf(table, name))
  const isText = parts.some(({ encoding }) => encoding === 'text')
  if (isText) {
    return {
      parts: parts.map(({ name }) => ({ name, encoding: 'text', cast: 'text' })),
      isText,
      width: parts.length * 2,
    }
  }
  const width = parts.reduce((sum, { encoding }) => sum + (encoding === 'text' ? 0 : sizes[encoding] / 4), 0)
  return { parts, isText, width }
}

/** The shape of keys that stand for rows without one: a 64-bit hash of the row, and which of its copies it is. */
export const copyShape: KeyShape = {
  parts: ['hash', 'copy'].map((name) => ({ name, encoding: 'int8', cast: null })),
  isText: false,
  width: 4,
}

/** Bytes per part on the wire, in their order; empty for text. */
export const partSizes = ({ parts }: KeyShape): readonly number[] =>
  parts.flatMap(({ encoding }) => (encoding === 'text' ? [] : [sizes[encoding]]))

/** The key columns as they travel. */
export const selectKey = ({ parts }: KeyShape, alias: string): Query =>
  list(parts.map(({ name, cast }) => serverCast(column(alias, name), cast)))

const serverCast = (value: Query, cast: string | null): Query =>
  cast === null ? value : list([value, serverText(cast)], '::')

/** Their order. Where the servers store text as UTF-8, its bytes are in order already. */
export const orderOfKey = (
  { parts, isText }: KeyShape,
  alias: string,
  { isUtf8 }: { readonly isUtf8: boolean },
): Query =>
  list(
    parts.map(({ name }) => {
      const value = column(alias, name)
      if (!isText) return value
      const text = serverCast(value, 'text')
      return isUtf8
        ? list([text, serverText('collate "C"')], ' ')
        : list([serverText('pg_catalog.convert_to('), text, serverText(", 'UTF8')")], '')
    }),
  )

const pad = (value: number, length: number): string => String(value).padStart(length, '0')

/** The server's text of a date, ISO style, from days since 2000-01-01. */
const dateText = (days: number): string => {
  if (days === 2 ** 31 - 1) return 'infinity'
  if (days === -(2 ** 31)) return '-infinity'
  // Days are counted from the first of March of year 0, in eras of 400 years.
  const sinceMarch = days + 730_425
  const era = Math.floor(sinceMarch / 146_097)
  const ofEra = sinceMarch - era * 146_097
  const yearOfEra = Math.floor(
    (ofEra - Math.floor(ofEra / 1_460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) / 365,
  )
  const dayOfYear = ofEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const month = Math.floor((5 * dayOfYear + 2) / 153)
  const day = dayOfYear - Math.floor((153 * month + 2) / 5) + 1
  const year = yearOfEra + era * 400 + (month >= 10 ? 1 : 0)
  const text = `${pad(year > 0 ? year : 1 - year, 4)}-${pad(month < 10 ? month + 3 : month - 9, 2)}-${pad(day, 2)}`
  return year > 0 ? text : `${text} BC`
}

const hex = (word: number): string => word.toString(16).padStart(8, '0')

const partText = (encoding: Encoding, words: Uint32Array, at: number): string => {
  const word = (position: number): number => words[at + position] ?? 0
  const signed = (word(0) ^ 0x80000000) | 0
  switch (encoding) {
    case 'int4':
      return String(signed)
    case 'date':
      return dateText(signed)
    case 'int8':
      return signed >= -(2 ** 20) && signed < 2 ** 20
        ? String(signed * 2 ** 32 + word(1))
        : String((BigInt(signed) << 32n) + BigInt(word(1)))
    case 'uuid':
      return `${hex(word(0))}${hex(word(1))}${hex(word(2))}${hex(word(3))}`.replace(
        /^(.{8})(.{4})(.{4})(.{4})(.{12})$/,
        '$1-$2-$3-$4-$5',
      )
  }
}

/** The server's text of each part of a key that is words. */
export const keyText = ({ parts }: KeyShape, words: Uint32Array, start: number): readonly string[] => {
  let at = start
  return parts.map(({ encoding }) => {
    if (encoding === 'text') throw new Error('a text key has no words')
    const text = partText(encoding, words, at)
    at += sizes[encoding] / 4
    return text
  })
}
