/** Where files are kept that rows name: a folder of this machine, a web server that answers HEAD, or a bucket. */
import { access } from 'node:fs/promises'
import { resolve, sep } from 'node:path'
import type { FileStore } from '../../config/config.ts'
import { RowgraftError } from '../../errors.ts'
import type { CheckFile } from './check-file.ts'
import { checkInBucket } from './s3.ts'

/** Milliseconds that one answer may take. */
const patience = 10_000

const hasCode = (error: unknown, codes: readonly string[]): boolean =>
  error instanceof Error && 'code' in error && codes.includes(String(error.code))

const checkInFolder =
  (folder: string): CheckFile =>
  async (name) => {
    const root = resolve(folder)
    const path = resolve(root, `.${sep}${name.replaceAll('\0', '')}`)
    // Whatever stands outside is none of the store's files.
    if (path !== root && !path.startsWith(root.endsWith(sep) ? root : `${root}${sep}`)) return 'missing'
    return access(path).then(
      () => 'there',
      (error: unknown) => (hasCode(error, ['ENOENT', 'ENOTDIR', 'ENAMETOOLONG']) ? 'missing' : 'unknown'),
    )
  }

const checkOnServer =
  (prefix: string, signal: AbortSignal | undefined): CheckFile =>
  async (name) => {
    const path = name.split('/').map(encodeURIComponent).join('/')
    const url = `${prefix.replace(/\/$/, '')}/${path.replace(/^\//, '')}`
    const limit = AbortSignal.timeout(patience)
    const request = { method: 'HEAD', signal: signal === undefined ? limit : AbortSignal.any([limit, signal]) }
    try {
      const { ok, status } = await fetch(url, request)
      return ok ? 'there' : status === 404 || status === 410 ? 'missing' : 'unknown'
    } catch {
      return 'unknown'
    }
  }

/** Throws `usage` for a store that is none of these. A relative folder begins at the working directory. */
export const openStore = async (
  store: FileStore,
  column: string,
  signal: AbortSignal | undefined,
): Promise<CheckFile> => {
  if ('folder' in store) return checkInFolder(store.folder)
  if (/^https?:\/\//i.test(store.url)) return checkOnServer(store.url, signal)
  if (/^s3:\/\/[^/]/i.test(store.url)) return checkInBucket(store.url, column, { patience, signal })
  throw new RowgraftError('usage', `the files of "${column}" cannot be looked for at "${store.url}"`, {
    hint: 'Give { folder }, or a { url } that begins with https:// or s3://, under "files" in the config file.',
  })
}
