/** SQL as text in a file: laid out, quoted and commented, so that nothing a database holds can end a comment or a quote. Pure. */

/** Quoted strings, quoted identifiers, dollar quotes and line comments: what layout must leave alone. */
const opaque = /\b[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|(\$(?:[A-Za-z_]\w*)?\$)[\s\S]*?\1|--[^\n]*/g

/** The pieces of a statement: what may be laid out, and what may not. */
const piecesOf = (text: string): readonly { readonly text: string; readonly isOpaque: boolean }[] => {
  const pieces: { text: string; isOpaque: boolean }[] = []
  let from = 0
  for (const match of text.matchAll(opaque)) {
    pieces.push({ text: text.slice(from, match.index), isOpaque: false }, { text: match[0], isOpaque: true })
    from = match.index + match[0].length
  }
  return [...pieces, { text: text.slice(from), isOpaque: false }]
}

const lineBreak = /\s*\n( *)/g

/** A statement with its lines moved to an indent; strings in it are left as they are. */
export const layOutSql = (sql: string, indent = ''): string => {
  const pieces = piecesOf(sql.trim())
  const breaks = pieces.flatMap(({ text, isOpaque }) => (isOpaque ? [] : [...text.matchAll(lineBreak)]))
  const common = Math.min(...breaks.map(([, blanks = '']) => blanks.length))
  const laidOut = pieces.map(({ text, isOpaque }) =>
    isOpaque
      ? text
      : text.replace(lineBreak, (_, blanks: string) => `\n${indent}${' '.repeat(blanks.length - common)}`),
  )
  return indent + laidOut.join('')
}

/** A text in dollar quotes that it cannot end. */
export const dollarQuote = (text: string, name: string): string => {
  const isShort = !text.includes('\n') && text.length < 100
  let tag = `$${name}$`
  for (let number = 1; text.includes(tag); number += 1) tag = `$${name}${number}$`
  return isShort ? `${tag} ${text.trim()} ${tag}` : `${tag}\n${text}\n${tag}`
}

/** Characters that end a line somewhere, or are not seen. */
const unseen = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu

/** Text in a comment: one line, whatever is in it. */
export const plain = (text: string): string => text.replace(unseen, (c) => `\\u{${c.codePointAt(0)?.toString(16)}}`)

/** Lines as a comment. */
export const comment = (lines: readonly string[]): string =>
  lines
    .map((line) => `-- ${plain(line)}`.trimEnd())
    .join('\n')
    .concat('\n')

/** psql replaces `:name` outside of quotes, where it knows such a variable. */
export const hasColon = (sql: string): boolean => /(?<!:):[\w'"{]/.test(sql.replace(opaque, "''"))
