/**
 * The password file, as libpq reads it (PostgreSQL manual 34.16): the first line whose host, port, database and user fit.
 */
import { readFile, stat } from 'node:fs/promises'

/** What a password is looked up for. `hosts` are the spellings by which this host may be written in the file. */
export interface PasswordQuery {
  readonly hosts: readonly string[]
  readonly port: number
  readonly database: string
  readonly user: string
}

const splitLine = (line: string): readonly string[] => {
  const fields = ['']
  for (const [, escaped, other = ''] of line.matchAll(/\\(.)|(.)/gsu)) {
    if (escaped === undefined && other === ':') fields.push('')
    // A * that is escaped is a name, not a wildcard: the backslash stays until the fields are compared.
    else fields[fields.length - 1] += escaped === undefined ? other : `\\${escaped}`
  }
  return fields
}

const dropBackslashes = (field: string): string => field.replace(/\\(.)/gsu, '$1')

/** The password of the first line that fits, or undefined. An empty password counts as none. */
export const findPassword = (text: string, query: PasswordQuery): string | undefined => {
  const wanted = [query.hosts, [String(query.port)], [query.database], [query.user]]
  for (const line of text.split(/\r?\n/)) {
    if (line === '' || line.startsWith('#')) continue
    const fields = splitLine(line)
    if (fields.length < 5) continue
    const fits = wanted.every((names, index) => {
      const field = fields[index] ?? ''
      return field === '*' || names.includes(dropBackslashes(field))
    })
    if (fits) return dropBackslashes(fields[4] ?? '') || undefined
  }
  return undefined
}

/** What a password file came to. `mode` is octal, as `ls` and `chmod` have it. */
export type PassfileUse =
  | { readonly kind: 'used' | 'absent' | 'no line' | 'not a file'; readonly path: string }
  | { readonly kind: 'open to others'; readonly path: string; readonly mode: string }
  | { readonly kind: 'unreadable'; readonly path: string; readonly code: string }

/** What the password file gave. */
export interface PasswordLookup {
  readonly password: string | undefined
  readonly use: PassfileUse
}

const readUsable = async (path: string, query: PasswordQuery): Promise<PasswordLookup> => {
  const facts = await stat(path)
  if (!facts.isFile()) return { password: undefined, use: { kind: 'not a file', path } }
  if (process.platform !== 'win32' && (facts.mode & 0o077) !== 0) {
    const mode = (facts.mode & 0o7777).toString(8).padStart(4, '0')
    return { password: undefined, use: { kind: 'open to others', path, mode } }
  }
  const password = findPassword(await readFile(path, 'utf8'), query)
  return { password, use: { kind: password === undefined ? 'no line' : 'used', path } }
}

/** Looks a password up in a file. A file that others may read is not used, as with psql; a missing one is no error. */
export const readPassword = async (path: string, query: PasswordQuery): Promise<PasswordLookup> => {
  try {
    return await readUsable(path, query)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    const isAbsent = code === 'ENOENT' || code === 'ENOTDIR'
    return { password: undefined, use: isAbsent ? { kind: 'absent', path } : { kind: 'unreadable', path, code } }
  }
}

/** What is wrong with a password file that is there; undefined where nothing is. */
export const passfileWarning = (use: PassfileUse): string | undefined => {
  switch (use.kind) {
    case 'not a file':
      return `password file "${use.path}" is not a plain file; it was not used`
    case 'open to others':
      return `password file "${use.path}" can be read by others; it was not used until you run: chmod 600 "${use.path}"`
    case 'unreadable':
      return `password file "${use.path}" cannot be read (${use.code})`
    default:
      return undefined
  }
}
