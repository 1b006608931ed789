/** Names in their order; a list of nothing but values, of which there may be millions, is left as it is. */
const sorted = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    return value.some((part) => typeof part === 'object' && part !== null) ? value.map(sorted) : value
  }
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
      .map(([name, part]) => [name, sorted(part)]),
  )
}

/** JSON with sorted keys, so that a reformatted file hashes the same. */
export const canonical = (value: unknown): string | undefined => JSON.stringify(sorted(value))
