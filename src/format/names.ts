/** Tables, columns and keys as people read and type them. */
import { sanitise, sanitiseValue } from './sanitise.ts'

/** A table as it can be typed: schema `public` is left away. */
export const formatTable = (table: string): string => sanitise(table.replace(/^public\./, ''))

/** A sentence of the engine's that begins with a table's id. */
export const formatSentence = (text: string): string => sanitise(text.replace(/^public\.(?=[\w"])/, ''))

/** Words of the engine's that name tables or sequences anywhere. */
export const formatWords = (text: string): string => sanitise(text.replace(/(?<![\w."])public\.(?=[a-z_"])/g, ''))

/** The values of a key as they can be typed: `7`, or `3,"a, b"`. */
export const formatKey = (values: readonly string[]): string =>
  values
    .map((value) => (/[",\s]|^$/.test(value) ? `"${value.replaceAll('"', '""')}"` : value))
    .map(sanitiseValue)
    .join(',')

/** One key per row from keys in columns. */
export const keyRows = (columns: readonly (readonly string[])[]): readonly (readonly string[])[] =>
  (columns[0] ?? []).map((_, row) => columns.map((column) => column[row] ?? ''))

/** Some of a list, and an ellipsis for the rest. */
export const firstOf = (items: readonly string[], most = 8): string =>
  [...items.slice(0, most), ...(items.length > most ? ['…'] : [])].join(' ')

/** An argument as a shell takes it: in quotes where it needs them. */
export const formatArgument = (argument: string): string =>
  /^[\w.,:/=@+-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`
