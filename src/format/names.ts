/** Tables, columns and keys as people read and type them. */

import { displayAlone, isReserved, shellWord } from '../database/display.ts'
import { type KeyColumn, keyBatches, keysOf } from '../keys/key-columns.ts'
import { sanitise, sanitiseValue } from './sanitise.ts'

/** What may stand behind the schema `public`, which is left away; a reserved word is quoted then. */
const withoutPublic = (_: string, name: string): string => (isReserved(name) ? `"${name}"` : name)

/** A table as it can be typed: schema `public` is left away. */
export const formatTable = (table: string): string => sanitise(table.replace(/^public\.(.+)$/s, withoutPublic))

/** How a sentence names tables: as people type them, or by their ids, as documents do. */
export type NameTable = (id: string) => string

export const byId: NameTable = (id) => id

/** A column, in quotes where it needs them. */
export const formatColumn = (name: string): string => sanitise(displayAlone(name))

/** A sentence of the engine's that begins with a table's id, or says what becomes of a row's parent. */
export const formatSentence = (text: string): string =>
  sanitise(text.replace(/(?<=^|: its parent |^its parent )public\.("|[\w$]+)/g, withoutPublic))

/** Words of the engine's that name tables or sequences anywhere. */
export const formatWords = (text: string): string =>
  sanitise(text.replace(/(?<![\w."])public\.("|[a-z_][\w$]*)/g, withoutPublic))

/** The values of a key as they can be typed: `7`, or `3,"a, b"`. */
export const formatKey = (values: readonly string[]): string =>
  values
    .map((value) => (/[",\s]|^$/.test(value) ? `"${value.replaceAll('"', '""')}"` : value))
    .map(sanitiseValue)
    .join(',')

/** One key per row from keys in columns. */
export const keyRows = (columns: readonly KeyColumn[]): readonly (readonly string[])[] =>
  keysOf(columns).map((key) => key.split('\0'))

/** The keys of the first rows, one list of values each. */
export const firstRows = (columns: readonly KeyColumn[], most: number): readonly (readonly string[])[] => {
  const [keys = []] = keyBatches(columns, most)
  return keys.map((key) => key.split('\0'))
}

/** Some of a list, and an ellipsis for the rest. */
export const firstOf = (items: readonly string[], most = 8): string =>
  [...items.slice(0, most), ...(items.length > most ? ['…'] : [])].join(' ')

/** An argument as a shell takes it: in quotes where it needs them. */
export const formatArgument = (argument: string): string => shellWord(argument)
