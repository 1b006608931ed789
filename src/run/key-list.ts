/** Old and new keys as CSV (RFC 4180), for whatever else remembers the old ones: caches, exports, other databases. Pure. */
import type { NamedKey, Report } from './run.ts'

const quoted = (text: string): string => (/[",\s]|^$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

/** A key as it is typed: values with commas between them. */
const formatKey = (key: NamedKey): string => {
  const values = Object.values(key)
  return values.length === 1 ? (values[0] ?? '') : values.map(quoted).join(',')
}

/** A header, and a line for each row whose key in live is not the backup's. */
export const formatKeyList = (keys: Report['keys']): string =>
  [
    'table,backup,live',
    ...keys.map(({ table, backup, live }) => [table, formatKey(backup), formatKey(live)].map(quoted).join(',')),
  ]
    .map((line) => `${line}\n`)
    .join('')
