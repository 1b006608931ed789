/** Anything that can be the backup, as a database: a server is passed through, a file is materialised into scratch. */
import { access } from 'node:fs/promises'
import { parseConninfo, resolveConninfo } from '../../database/conninfo/conninfo.ts'
import { openDump } from './dump.ts'
import type { OpenedSource, SourceOptions } from './opened-source.ts'

const fileEndings = /\.(dump|backup|pgdump|custom|sql|tar|gz|zst|xz|sqlite3?|db|json)$/i

const isFile = async (text: string): Promise<boolean> => {
  const exists = await access(text).then(
    () => true,
    () => false,
  )
  if (exists) return true
  // "host=/var/run/postgresql" has a slash too.
  if (text.includes('://') || /^\s*\w+\s*=/.test(text)) return false
  // A URL with a slip in it, not a file: its password must not be repeated.
  if (/^postgres(ql)?:?\//i.test(text) || /:[^/\\]*@/.test(text)) return false
  return fileEndings.test(text) || /[/\\]/.test(text)
}

/**
 * Opens a backup: the path of a `pg_dump -Fc` file, or a connection string.
 *
 * @throws RowgraftError `bad-conninfo`, `bad-file`, `damaged-dump`, `cannot-connect` (scratch does not start), `interrupted`
 */
export const openSource = async (text: string, options: SourceOptions = {}): Promise<OpenedSource> => {
  if (text.trim() !== '' && (await isFile(text))) return openDump(text, options)
  const env = options.env ?? process.env
  const { label, database, warnings } = await resolveConninfo(parseConninfo(text, env), env)
  return {
    label,
    kind: 'server',
    conninfo: text,
    identity: undefined,
    createdAt: undefined,
    database,
    serverVersion: undefined,
    warnings,
    close: async () => undefined,
  }
}
