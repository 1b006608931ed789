/** Tables, columns and keys as people read and type them. */

import { displayAlone, isReserved, shellWord } from '../database/display.ts'
import { type KeyColumn, keyBatches, keysOf } from '../keys/key-columns.ts'
import { sanitise, sanitiseValue } from './sanitise.ts'

/** A table's id without the schema `public`. */
export const shortId = (id: string): string => id.replace(/^public\./, '')

/** A table as it can be typed: schema `public` is left away, and a reserved word is quoted then. */
export const formatTable = (id: string): string => {
  const name = shortId(id)
  return sanitise(name !== id && isReserved(name) ? `"${name}"` : name)
}

/** How a sentence names tables: as people type them, or by their ids, as documents do. */
export type NameTable = (id: string) => string

export const byId: NameTable = (id) => id

/** A column, in quotes where it needs them. */
export const formatColumn = (name: string): string => sanitise(displayAlone(name))

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
