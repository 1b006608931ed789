/** What the user wants back: selectors as data, and how they are read from a command line. Pure. */

import { isServerText } from '../documents/server-text.ts'
import { RowgraftError } from '../errors.ts'
import { type Key, packKey } from '../keys/key.ts'
import type { Hit } from './statement/damage.ts'

/** One way to name rows. `table` is as typed; it is looked up when the selection is resolved. */
export type Selector =
  | {
      readonly by: 'keys'
      readonly table: string
      readonly keys: readonly Key[]
      /** Columns the key values belong to, where they were named; else the order of the identity. */
      readonly columns?: readonly string[]
      /** The keys are a list of what was lost: the plan says what became of each. */
      readonly isListed?: true
      /** Put back only these columns of those rows that live still has. */
      readonly only?: readonly string[]
    }
  | { readonly by: 'where'; readonly table: string; readonly where: string }
  /** Of one table; or of all that can be restored, bookkeeping of frameworks aside. */
  | { readonly by: 'all missing'; readonly table: string | null }
  | { readonly by: 'under'; readonly table: string; readonly keys: readonly Key[] }
  /**
   * `without`: the tables that were not looked at when the incident was found. `overwrote`: the table of which it overwrote rows, where
   * that is known; else every table is looked at until it is found.
   */
  | {
      readonly by: 'incident'
      readonly id: string
      readonly without?: readonly string[]
      readonly overwrote?: string
    }
  | {
      readonly by: 'statement'
      /** The DELETE, UPDATE or TRUNCATE that did the damage. */
      readonly statement: string
      /** When it ran, with a time zone; what now() gave. */
      readonly at: string | null
    }

export interface Selection {
  readonly selectors: readonly Selector[]
  /** Restore only these columns of rows that live still has. */
  readonly columns: readonly string[] | null
}

/** Splits one line of CSV. Quotes protect commas; a doubled quote is a quote. */
const splitCsv = (text: string): readonly string[] => {
  const values: string[] = []
  let value = ''
  let position = 0
  let isQuoted = false
  while (position < text.length) {
    const character = text[position] ?? ''
    if (isQuoted) {
      if (character !== '"') value += character
      else if (text[position + 1] === '"') {
        value += '"'
        position++
      } else isQuoted = false
    } else if (character === '"' && value === '') isQuoted = true
    else if (character === ',') {
      values.push(value)
      value = ''
    } else value += character
    position++
  }
  if (isQuoted) {
    throw new RowgraftError('bad-key', `the key ${text} has a quote that is not closed`, {
      hint: 'A value that begins with a quote ends with one; a quote inside it is written twice.',
    })
  }
  return [...values, value]
}

/** A key as typed: `7`, or `a,b` with CSV quotes. The number of columns is checked against the table later. */
export const parseKey = (text: string): Key => splitCsv(text)

const checkText = (key: Key, table: { readonly id: string }): void => {
  if (key.every(isServerText)) return
  throw new RowgraftError('bad-key', `a key of "${table.id}" is no text that the server can hold`, {
    hint: 'It has a NUL, or half of a surrogate pair, in it.',
  })
}

/** Checks a typed key against the identity of its table. A key of one column may hold commas without quotes. */
export const fitKey = (
  key: Key,
  typed: string,
  table: { readonly id: string; readonly identity: readonly string[] },
): Key => {
  checkText(key, table)
  if (key.length === table.identity.length) return key
  if (table.identity.length === 1) return [typed]
  throw new RowgraftError(
    'bad-key',
    `the key ${typed} has ${key.length} value(s), "${table.id}" needs ${table.identity.length}`,
    {
      hint: `Give ${table.identity.join(',')} in this order, separated by commas.`,
    },
  )
}

/** Where a table name ends and the rest begins: at the first separator outside quotes. */
const splitAt = (text: string, separators: string): readonly [string, string, string] | null => {
  let isQuoted = false
  for (const [position, character] of [...text].entries()) {
    if (character === '"') isQuoted = !isQuoted
    else if (!isQuoted && separators.includes(character)) {
      const characters = [...text]
      return [characters.slice(0, position).join(''), character, characters.slice(position + 1).join('')]
    }
  }
  return null
}

/** `--select`: `photo:7` or `photo?slug = 'pets'`. */
export const parseSelect = (text: string): Selector => {
  const split = splitAt(text, ':?')
  if (split === null || split[2].trim() === '') {
    throw new RowgraftError('usage', `--select "${text}" names no rows`, {
      hint: "Write '<table>:<key>' or '<table>?<where>'.",
    })
  }
  const [table, separator, rest] = split
  return separator === ':' ? { by: 'keys', table, keys: [parseKey(rest)] } : { by: 'where', table, where: rest }
}

/** `--under`: `gallery:7`. */
export const parseUnder = (text: string): Selector => {
  const split = splitAt(text, ':')
  if (split === null || split[2] === '') {
    throw new RowgraftError('usage', `--under "${text}" names no row`, { hint: 'Write --under <table>:<key>.' })
  }
  return { by: 'under', table: split[0], keys: [parseKey(split[2])] }
}

interface KeyLine {
  readonly table: string
  readonly key: Readonly<Record<string, unknown>> | readonly unknown[] | string
}

const isKeyLine = (value: unknown): value is KeyLine =>
  typeof value === 'object' &&
  value !== null &&
  'table' in value &&
  typeof value.table === 'string' &&
  'key' in value &&
  (typeof value.key === 'string' || (typeof value.key === 'object' && value.key !== null))

/**
 * `--keys-from`: NDJSON as `diff --rows --format ndjson` prints it, one `{"table":"public.photo","key":{"id":"7"}}` per line; a key
 * may also be a list or a string as typed. Throws `bad-file` with the line number, and with the file's `path` where it has one.
 */
export const parseKeyLines = (text: string, path?: string): readonly Selector[] => {
  const selectors = text.split('\n').flatMap((line, index): readonly Selector[] => {
    if (line.trim() === '') return []
    const fail = (why: string): RowgraftError =>
      new RowgraftError('bad-file', `line ${index + 1} of the key file ${why}`, {
        detail: path === undefined ? undefined : `In the file "${path}".`,
        hint: 'Each line is {"table":"public.photo","key":{"id":"7"}}, with values as strings.',
      })
    let value: unknown
    try {
      value = JSON.parse(line)
    } catch {
      throw fail('is not JSON')
    }
    if (!isKeyLine(value)) throw fail('does not name a table and a key')
    const entries = typeof value.key === 'string' ? [['', value.key] as const] : Object.entries(value.key)
    if (!entries.every(([, part]) => typeof part === 'string')) throw fail('has a key that is not made of strings')
    const key = entries.map(([, part]) => String(part))
    if (!key.every(isServerText)) throw fail('has a key that no text of the server can be')
    const listed = { by: 'keys', table: value.table, isListed: true } as const
    if (typeof value.key === 'string') return [{ ...listed, keys: [parseKey(value.key)] }]
    const named = Array.isArray(value.key) ? {} : { columns: entries.map(([name]) => name) }
    return [{ ...listed, keys: [key], ...named }]
  })
  return mergeSelectors(selectors)
}

/** Puts a key with named columns in the order of its table's identity. */
export const orderKey = (
  key: Key,
  columns: readonly string[],
  table: { readonly id: string; readonly identity: readonly string[] },
): Key => {
  checkText(key, table)
  const unknown = columns.filter((name) => !table.identity.includes(name))
  if (unknown.length > 0) {
    throw new RowgraftError('bad-key', `a key of "${table.id}" has no column ${unknown.join(', ')}`, {
      hint: `The key of "${table.id}" is ${table.identity.join(', ')}.`,
    })
  }
  const missing = table.identity.filter((name) => !columns.includes(name))
  if (missing.length > 0) {
    throw new RowgraftError('bad-key', `a key of "${table.id}" has no value for ${missing.join(', ')}`, {
      hint: `The key of "${table.id}" is ${table.identity.join(', ')}.`,
    })
  }
  return table.identity.map((name) => key[columns.indexOf(name)] ?? '')
}

/** What selectors have in common that are one. */
const kindOf = (selector: Selector): Key => {
  switch (selector.by) {
    case 'incident':
      return [selector.id, ...(selector.without ?? [])]
    case 'statement':
      return [selector.statement, selector.at ?? '']
    case 'where':
      return [selector.table, selector.where]
    case 'keys':
      return [
        selector.table,
        selector.isListed ? 'listed' : 'typed',
        JSON.stringify([selector.columns ?? [], selector.only ?? null]),
      ]
    default:
      return [selector.table ?? '']
  }
}

/** Merges selectors of the same kind and table, so that ten thousand keys are one selector. */
export const mergeSelectors = (selectors: readonly Selector[]): readonly Selector[] =>
  [...Map.groupBy(selectors, (selector) => packKey([selector.by, ...kindOf(selector)])).values()].flatMap(
    (alike): readonly Selector[] => {
      const [first] = alike
      if (first === undefined) return []
      return 'keys' in first
        ? [{ ...first, keys: alike.flatMap((each) => ('keys' in each ? each.keys : [])) }]
        : [first]
    },
  )

/** A selector that needs no look at everything that is missing, or overwritten; `overwritten`: what an UPDATE made of rows. */
export type DirectSelector = Exclude<Selector, { readonly by: 'incident' }> | (Hit & { readonly by: 'overwritten' })

/** A selection that names rows by themselves. */
export interface DirectSelection extends Omit<Selection, 'selectors'> {
  readonly selectors: readonly DirectSelector[]
}
