/**
 * Where the clauses of a DELETE or UPDATE begin and end. The parser says where names stand, not where expressions end; but outside
 * of brackets the words that part clauses are reserved, so that the tokens tell.
 */
import type { Source } from './parser.ts'

/** Tokens `first` up to, not including, `end`. */
export interface TokenRange {
  readonly first: number
  readonly end: number
}

/** Bytes of the source that are read as other SQL. */
export interface Replacement {
  readonly start: number
  readonly end: number
  readonly sql: string
}

export interface Clauses {
  readonly with: TokenRange | null
  /** What stands behind USING or FROM. */
  readonly from: TokenRange | null
  /** The parts of SET, between its commas. */
  readonly sets: readonly TokenRange[]
  readonly where: TokenRange | null
}

/** The text of a range, with replacements made. It does not end in a comment. */
export const sliceSql = (source: Source, range: TokenRange, replacements: readonly Replacement[] = []): string => {
  const start = source.tokens[range.first]?.start ?? 0
  const end = source.tokens[range.end - 1]?.end ?? start
  const inside = replacements.filter((own) => own.start >= start && own.end <= end).sort((a, b) => a.start - b.start)
  const parts: string[] = []
  let position = start
  for (const own of inside) {
    parts.push(source.bytes.toString('utf8', position, own.start), own.sql)
    position = own.end
  }
  return parts.join('') + source.bytes.toString('utf8', position, end)
}

const wordAt = (source: Source, index: number): string => source.tokens[index]?.text.toLowerCase() ?? ''

/** The token that begins at a location of the parse tree. */
export const tokenAt = (source: Source, location: number): number =>
  source.tokens.findIndex(({ start }) => start === location)

/** The indices of tokens in a range that stand outside of all brackets of that range. */
export const topLevel = (source: Source, { first, end }: TokenRange): readonly number[] => {
  const found: number[] = []
  let depth = 0
  for (let index = first; index < end; index++) {
    const text = wordAt(source, index)
    if (text === ')' || text === ']') depth--
    if (depth === 0) found.push(index)
    if (text === '(' || text === '[') depth++
  }
  return found
}

/** The parts of a range between its outer commas. */
export const splitCommas = (source: Source, range: TokenRange): readonly TokenRange[] => {
  const commas = topLevel(source, range).filter((index) => wordAt(source, index) === ',')
  const ends = [...commas, range.end]
  return ends.map((end, position) => ({ first: position === 0 ? range.first : (ends[position - 1] ?? 0) + 1, end }))
}

/** What stands between the first bracket of a range and the one that closes it. */
export const insideBrackets = (source: Source, range: TokenRange): TokenRange => {
  const [open, close] = topLevel(source, range).filter((index) => ['(', ')'].includes(wordAt(source, index)))
  return { first: (open ?? range.first) + 1, end: close ?? range.end }
}

/** Left and right of the first `=` outside of brackets. */
export const splitAssignment = (source: Source, range: TokenRange): readonly [TokenRange, TokenRange] => {
  const equals = topLevel(source, range).find((index) => wordAt(source, index) === '=') ?? range.end
  return [
    { first: range.first, end: equals },
    { first: equals + 1, end: range.end },
  ]
}

interface Place {
  readonly action: 'delete' | 'update'
  /** Location of the target table. */
  readonly relation: number
  /** Location of the first column that is set. */
  readonly set: number | null
}

/** Splits a statement that the parser has accepted. */
export const splitClauses = (source: Source, { action, relation, set }: Place): Clauses => {
  const all = topLevel(source, { first: 0, end: source.tokens.length })
  const target = tokenAt(source, relation)
  const verb = all.findLast((index) => index < target && wordAt(source, index) === action) ?? 0
  const first = all.find((index) => wordAt(source, index) !== ';') ?? 0
  const stop = all.find((index) => index > target && wordAt(source, index) === ';') ?? source.tokens.length
  const find = (word: string, from: number, to: number): number | undefined =>
    all.find((index) => index > from && index < to && wordAt(source, index) === word)
  const end = find('returning', target, stop) ?? stop
  const where = find('where', target, end)
  const whereRange = where === undefined ? null : { first: where + 1, end }
  const withRange = first === verb ? null : { first, end: verb }
  const last = where ?? end
  if (set === null) {
    const using = find('using', target, last)
    const from = using === undefined ? null : { first: using + 1, end: last }
    return { with: withRange, from, sets: [], where: whereRange }
  }
  const column = tokenAt(source, set)
  const begin = wordAt(source, column - 1) === '(' ? column - 1 : column
  // IS DISTINCT FROM is the one other place where this word stands outside of brackets.
  const from = all.find(
    (index) =>
      index > begin && index < last && wordAt(source, index) === 'from' && wordAt(source, index - 1) !== 'distinct',
  )
  return {
    with: withRange,
    from: from === undefined ? null : { first: from + 1, end: last },
    sets: splitCommas(source, { first: begin, end: from ?? last }),
    where: whereRange,
  }
}
