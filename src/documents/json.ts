/** JSON that is read back: parsed, and no deeper than anything we write. Pure. */

/** A value, or why there is none. */
export type Parsed = { readonly value: unknown } | { readonly why: string }

/** Far more than anything that is written here, and far less than a stack holds. */
const deepest = 100

const isDeep = (value: unknown, level: number): boolean => {
  if (typeof value !== 'object' || value === null) return false
  if (level > deepest) return true
  for (const part of Array.isArray(value) ? value : Object.values(value)) if (isDeep(part, level + 1)) return true
  return false
}

/** Parses JSON text. */
export const parseJson = (text: string): Parsed => {
  if (text.startsWith('\ufeff')) return { why: 'It begins with a byte order mark: save it as UTF-8 without one.' }
  try {
    const value: unknown = JSON.parse(text)
    return isDeep(value, 1) ? { why: `It is nested more than ${deepest} levels deep.` } : { value }
  } catch (error) {
    return { why: error instanceof Error ? error.message : String(error) }
  }
}
