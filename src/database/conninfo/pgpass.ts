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

/** What the password file said, and why it was left unread if it was. */
export interface PasswordLookup {
  readonly password: string | undefined
  readonly warning: string | undefined
}

const none: PasswordLookup = { password: undefined, warning: undefined }
const unread = (reason: string): PasswordLookup => ({ password: undefined, warning: reason })

/** Looks a password up in a file. A file that others may read is not used, as with psql; a missing one is no error. */
export const readPassword = async (path: string, query: PasswordQuery): Promise<PasswordLookup> => {
  try {
    const facts = await stat(path)
    if (!facts.isFile()) return unread(`password file "${path}" is not a plain file; it was not used`)
    if (process.platform !== 'win32' && (facts.mode & 0o077) !== 0) {
      return unread(`password file "${path}" can be read by others; it was not used until you run: chmod 600 "${path}"`)
    }
    return { password: findPassword(await readFile(path, 'utf8'), query), warning: undefined }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT' || code === 'ENOTDIR') return none
    return unread(`password file "${path}" cannot be read (${String(code)})`)
  }
}
