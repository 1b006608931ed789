/**
 * Keys as values: packed into one string, and as people read them. Pure, and needs nothing to be loaded.
 *
 * In come the values that a server prints, out goes one string that maps and sets can hold.
 */

/** The key of one row: the server's text of each column, in the order of the table's identity. */
export type Key = readonly string[]

/** Between the parts of a packed key. */
export const separator = '\0' // cannot occur in PostgreSQL text

/** A key as one string, for maps and sets; of a NULL, which is no part of one, nothing is left. */
export const packKey = (key: readonly (string | null)[]): string => key.join(separator)
export const unpackKey = (packed: string): Key => packed.split(separator)

/** Names of columns as one string, to group by. */
export const packNames = (names: readonly string[]): string => names.join(separator)

/** The same names in the same order; nothing is the same as nothing. */
export const isSameNames = (some: readonly string[] | null | undefined, others: typeof some): boolean =>
  some?.join(separator) === others?.join(separator)

/** A key as the user reads it: `7`, or `3,"a b"`. */
export const displayKey = (packed: string): string =>
  unpackKey(packed)
    .map((value) => (/[",\n]|^\s|\s$|^$/.test(value) ? `"${value.replaceAll('"', '""')}"` : value))
    .join(',')

/** Packed keys by position: a list, or something that makes each when it is asked for. */
export interface Keys {
  readonly length: number
  at(position: number): string | undefined
}

export const listKeys = (keys: Keys): string[] => Array.from({ length: keys.length }, (_, row) => keys.at(row) ?? '')
