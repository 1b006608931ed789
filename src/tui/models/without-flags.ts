/** Words of the command line without the flags that it has for what a key does here. Pure. */
export const withoutFlags = (words: string): string =>
  words.replace(/;? ?--[a-z-]+ [a-z]+ (brings? (them|it) along|writes it)/g, '')
