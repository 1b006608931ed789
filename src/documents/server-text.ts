/** The server's text has no NUL, and no half of a surrogate pair: sent, it would become another text. */
export const isServerText = (value: unknown): value is string =>
  typeof value === 'string' && !value.includes('\0') && value.isWellFormed()
