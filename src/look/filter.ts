/**
 * What people type to narrow a list of rows, as conditions. Pure.
 *
 *     dog                      any column has it in its text
 *     title ~ dog              the column has it in its text, in any case of letters
 *     id > 100 and title is null
 *     + title ~ dog            missing rows alone; ~ changed, · or - only in live, ? reused
 *     where taken < now()      SQL, evaluated on the backup
 */

import type { DiffState } from '../diff/diff-states.ts'
import { RowgraftError } from '../errors.ts'

/** One condition on a column; a column of null is any of them. */
export interface FilterTerm {
  readonly column: string | null
  readonly operator: '~' | '=' | '!=' | '<' | '<=' | '>' | '>=' | 'is null' | 'is not null'
  readonly value: string
}

export interface Filter {
  /** Null: all states. */
  readonly states: readonly DiffState[] | null
  /** All of them must hold. */
  readonly terms: readonly FilterTerm[]
  /** The user's own SQL. */
  readonly where: string | null
}

const stateOf: Readonly<Record<string, readonly DiffState[]>> = {
  '+': ['missing'],
  '~': ['changed'],
  '·': ['extra'],
  '-': ['extra'],
  '?': ['reused'],
}

const name = String.raw`(?:"(?:[^"]|"")+"|[\p{L}_][\p{L}\p{N}_$]*)`
const isNull = new RegExp(String.raw`^(${name})\s+is\s+(not\s+)?null$`, 'iu')
const compared = new RegExp(String.raw`^(${name})\s*(<=|>=|!=|<>|=|<|>|~)\s*(.*)$`, 'su')

const nameOf = (text: string): string => (text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text)

/** A value may stand in quotes, so that it can be empty or hold the word "and". */
const unquote = (text: string): string => {
  const quoted = /^'((?:[^']|'')*)'$/s.exec(text)?.[1]
  return quoted === undefined ? text : quoted.replaceAll("''", "'")
}

/** Splits at the word "and" outside of quotes. */
const splitTerms = (text: string): readonly string[] =>
  (text.match(/(?:"(?:[^"]|"")*"|'(?:[^']|'')*'|[^"']|["'])+?(?=\s+and\s+|$)/giu) ?? []).map((part) =>
    part.replace(/^\s*and\s+/i, '').trim(),
  )

const operatorOf = (text: string): FilterTerm['operator'] => {
  if (text === '<>' || text === '!=') return '!='
  return text === '<=' || text === '>=' || text === '=' || text === '<' || text === '>' ? text : '~'
}

const parseTerm = (text: string): FilterTerm => {
  const [, empty, not] = isNull.exec(text) ?? []
  if (empty !== undefined) {
    return { column: nameOf(empty), operator: not === undefined ? 'is null' : 'is not null', value: '' }
  }
  const [, column, operator, value] = compared.exec(text) ?? []
  if (column === undefined || operator === undefined || value === undefined) {
    return { column: null, operator: '~', value: unquote(text) }
  }
  if (value.trim() === '') {
    throw new RowgraftError('bad-where', `the filter says nothing after "${operator}"`, {
      hint: `Write a value, for example ${column} ${operator} 7, or ${column} = '' for an empty text.`,
    })
  }
  return { column: nameOf(column), operator: operatorOf(operator), value: unquote(value.trim()) }
}

/** Reads a filter. Throws `bad-where` for one that cannot be read; names of columns are looked up later. */
export const parseFilter = (text: string): Filter => {
  const trimmed = text.trim()
  const [, mark, rest] = /^([+~·?-])(?:\s+(.*))?$/su.exec(trimmed) ?? []
  const states = mark === undefined ? null : (stateOf[mark] ?? null)
  const own = mark === undefined ? trimmed : (rest ?? '').trim()
  const [, where] = /^where\s+(.*)$/is.exec(own) ?? []
  if (where !== undefined) return { states, terms: [], where }
  return { states, terms: own === '' ? [] : splitTerms(own).map(parseTerm), where: null }
}
