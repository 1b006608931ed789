/** Numbers in words that people read. */

/** `1,204` */
export const formatCount = (count: number): string => String(count).replace(/\B(?=(\d{3})+$)/g, ',')

/** `1 row`, `1,204 rows`; a plural that is not the noun and an s is given. */
export const plural = (count: number, noun: string, many = `${noun}s`): string =>
  `${formatCount(count)} ${count === 1 ? noun : many}`

/** `6 rows back, 14 re-linked`: the counts that are not zero, the noun once. */
export const joinCounts = (counts: readonly (readonly [count: number, what: string])[]): string =>
  counts
    .filter(([count]) => count > 0)
    .map(([count, what], index) => `${index === 0 ? plural(count, 'row') : formatCount(count)} ${what}`)
    .join(', ')

/** `340 bytes`, `12 kB`, `3.4 MB` */
export const formatBytes = (bytes: number): string => {
  const units = ['kB', 'MB', 'GB', 'TB']
  if (bytes < 1000) return plural(bytes, 'byte')
  const power = Math.min(units.length, Math.floor(Math.log10(bytes) / 3))
  const value = bytes / 1000 ** power
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[power - 1]}`
}

/** Milliseconds as `24 ms`, `0.6 s`, `42 s` or `3 min 5 s`. */
export const formatElapsed = (milliseconds: number): string => {
  if (milliseconds < 100) return `${Math.max(1, Math.round(milliseconds))} ms`
  const seconds = milliseconds / 1000
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  if (seconds < 60) return `${Math.round(seconds)} s`
  return `${Math.floor(Math.round(seconds) / 60)} min ${Math.round(seconds) % 60} s`
}
