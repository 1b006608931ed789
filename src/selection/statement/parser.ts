/** PostgreSQL's own parser, as WebAssembly: loaded when the first statement is read, so that nothing else waits for it. */
import type { Node } from 'libpg-query'
import { RowgraftError } from '../../errors.ts'

/** One word, literal or sign of SQL; comments are none. `start` and `end` count bytes of UTF-8, as the tree's locations do. */
export interface Token {
  readonly text: string
  readonly start: number
  readonly end: number
}

/** A text of SQL with its tokens. */
export interface Source {
  readonly bytes: Buffer
  readonly tokens: readonly Token[]
}

export interface ParsedSql {
  readonly source: Source
  readonly statements: readonly Node[]
}

/** The scanner's answer is JSON in which these are not escaped; inside of literals they tell nothing about where tokens end. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const controls = /[\u0001-\u0008\u000b\u000c\u000e-\u001f]/g

const placeOf = (text: string, position: number): string => {
  const before = [...text].slice(0, position).join('').split('\n')
  return `line ${before.length}, character ${[...(before.at(-1) ?? '')].length + 1}`
}

/** Parses SQL of any number of statements. Throws `bad-where` for what is not SQL. */
export const parseSql = async (text: string): Promise<ParsedSql> => {
  const fail = (why: string, detail?: string): RowgraftError =>
    new RowgraftError('bad-where', `the statement is not SQL: ${why}`, {
      detail,
      hint: 'Give --statement one DELETE, UPDATE or TRUNCATE as PostgreSQL takes it, or - to read it from standard input.',
    })
  if (text.trim() === '') throw fail('it is empty')
  if (text.includes('\0')) throw fail('it has a zero byte in it')
  const { parse, scan, hasSqlDetails } = await import('libpg-query')
  try {
    const { stmts = [] } = await parse(text)
    const { tokens } = await scan(text.replace(controls, ' '))
    return {
      statements: stmts.flatMap(({ stmt }) => (stmt === undefined ? [] : [stmt])),
      source: { bytes: Buffer.from(text), tokens: tokens.filter(({ tokenName }) => !tokenName.endsWith('_COMMENT')) },
    }
  } catch (error) {
    if (hasSqlDetails(error)) throw fail(error.message, placeOf(text, error.sqlDetails?.cursorPosition ?? 0))
    // The parser may run out of its own stack.
    const isTooDeep = error instanceof Error && ['RuntimeError', 'RangeError'].includes(error.name)
    if (isTooDeep) throw fail('it is nested too deep')
    throw error
  }
}
