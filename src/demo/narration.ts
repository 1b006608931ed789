const width = 80

/** Breaks a text into lines that fit on a terminal of 80 columns, all but the first with a hanging indent. */
const wrap = (text: string, first: string, rest: string): string => {
  const lines: string[] = []
  let line = first
  for (const word of text.split(' ')) {
    const isFresh = line === first || line === rest
    if (!isFresh && line.length + 1 + word.length > width) {
      lines.push(line)
      line = `${rest}${word}`
    } else {
      line = isFresh ? `${line}${word}` : `${line} ${word}`
    }
  }
  return [...lines, line].map((complete) => `${complete}\n`).join('')
}

/** A sentence of the story, as a comment that a shell would skip. Ends in a line feed, as all of these do. */
export const formatComment = (text: string): string => wrap(text, '# ', '# ')

/** One thing that happened, under its time. */
export const formatHappening = (when: string, what: string): string =>
  wrap(what, `#   ${when}  `, `#   ${' '.repeat(when.length)}  `)

/** An argument as a shell takes it: in quotes where it needs them. */
export const quoteArgument = (argument: string): string => {
  if (/^[\w.,:/=@+-]+$/.test(argument)) return argument
  return /["$`\\!]/.test(argument) ? `'${argument.replaceAll("'", `'\\''`)}'` : `"${argument}"`
}

/** A command line as a user would type it: `rowgraft plan gallery --where "slug = 'pets'"`. */
export const formatCommand = (program: string, argv: readonly string[]): string =>
  [program, ...argv.map(quoteArgument)].join(' ')
