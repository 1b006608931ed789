/** Durations and counts as they are typed. */
import { InvalidArgumentError } from 'commander'

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, min: 60_000, h: 3_600_000, '': 1000 }

/** The largest timeout the server takes, in milliseconds. */
const largest = 2_147_483_647

/** `30s`, `5min`, `500ms`, `1h`; a plain number is seconds. To milliseconds. */
export const parseDuration = (text: string): number => {
  const match = /^(\d{1,10}(?:\.\d{1,3})?)\s*(ms|s|min|h|)$/.exec(text.trim())
  const milliseconds = Math.round(Number(match?.[1]) * (units[match?.[2] ?? ''] ?? Number.NaN))
  if (match === null || milliseconds > largest) throw new InvalidArgumentError('Write it as 30s, 5min or 500ms.')
  return milliseconds
}

/** A whole number from 1 to a million. */
export const parseCount = (text: string): number => {
  const count = /^\d{1,7}$/.test(text) ? Number(text) : 0
  if (count < 1 || count > 1_000_000) throw new InvalidArgumentError('Write a whole number from 1 to 1000000.')
  return count
}
