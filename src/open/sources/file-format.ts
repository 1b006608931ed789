/** What kind of file a backup is, told by its first bytes and not by its name. */
import { open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { RowgraftError } from '../../errors.ts'

/** A kind of file that was recognised. `dump` is the one that can be opened. */
export type FileFormat =
  | 'dump'
  | 'directory dump'
  | 'tar dump'
  | 'plain SQL script'
  | 'compressed file'
  | 'SQLite database'
  | 'JSON file'
  | 'MySQL dump'
  | 'unknown'

const startsWith = (head: Buffer, bytes: readonly number[]): boolean =>
  bytes.every((byte, index) => head[index] === byte)

const compressed: readonly (readonly number[])[] = [
  [0x1f, 0x8b], // gzip
  [0x28, 0xb5, 0x2f, 0xfd], // zstd
  [0xfd, 0x37, 0x7a, 0x58, 0x5a], // xz
  [0x42, 0x5a, 0x68], // bzip2
  [0x04, 0x22, 0x4d, 0x18], // lz4
  [0x50, 0x4b, 0x03, 0x04], // zip
]

/** How many bytes `recogniseFormat` wants to see. */
export const headLength = 4096

/** The format of a file that begins with these bytes. */
export const recogniseFormat = (head: Buffer): FileFormat => {
  const text = head.toString('latin1')
  if (text.startsWith('PGDMP')) return 'dump'
  if (text.startsWith('SQLite format 3\0')) return 'SQLite database'
  if (compressed.some((magic) => startsWith(head, magic))) return 'compressed file'
  if (text.startsWith('toc.dat\0') && text.slice(257, 262) === 'ustar') return 'tar dump'
  if (/^(?:\/\*.*\n)?-- (?:MySQL|MariaDB) dump/.test(text)) return 'MySQL dump'
  if (/^(?:ï»¿)?\s*[[{]/.test(text)) return 'JSON file'
  if (/^(?:ï»¿)?(?:\s|--.*\n)*(?:\\restrict|set|create|insert|begin|copy|select|alter|drop)\b/i.test(text)) {
    return 'plain SQL script'
  }
  if (text.includes('PostgreSQL database')) return 'plain SQL script'
  return 'unknown'
}

const otherwise = 'or restore it into a database yourself and give that database with --backup postgres://...'

const hints: Readonly<Record<Exclude<FileFormat, 'dump'>, string>> = {
  'directory dump': `Make the backup with pg_dump -Fc instead of -Fd, ${otherwise}`,
  'tar dump': `Make the backup with pg_dump -Fc instead of -Ft, ${otherwise}`,
  'plain SQL script': `Make the backup with pg_dump -Fc, ${otherwise}`,
  'compressed file': `Unpack it first, ${otherwise}`,
  'SQLite database': 'Load it into a PostgreSQL database and give that database with --backup postgres://...',
  'JSON file': 'Load it into a PostgreSQL database and give that database with --backup postgres://...',
  'MySQL dump': 'rowgraft restores from PostgreSQL backups only.',
  unknown: 'Give a file that pg_dump -Fc made, or a database as postgres://user@host/database.',
}

const refuse = (path: string, format: Exclude<FileFormat, 'dump'>): RowgraftError =>
  new RowgraftError(
    'bad-file',
    format === 'unknown'
      ? `file "${path}" is not a backup`
      : `file "${path}" is a ${format}, which is not supported yet`,
    { hint: hints[format] },
  )

const openError = (path: string, error: unknown): RowgraftError => {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new RowgraftError('bad-file', `file "${path}" does not exist`, {
      hint: 'Check the path; a database is written as postgres://user@host/database.',
    })
  }
  return new RowgraftError('bad-file', `file "${path}" cannot be read (${String(code)})`, { cause: error })
}

/** The first bytes of a file that can be opened as a dump. Throws `bad-file` for anything else, saying what it is. */
export const readDumpHead = async (path: string): Promise<Buffer> => {
  const facts = await stat(path).catch((error: unknown) => {
    throw openError(path, error)
  })
  if (facts.isDirectory()) {
    const toc = await stat(join(path, 'toc.dat')).catch(() => undefined)
    if (toc !== undefined) throw refuse(path, 'directory dump')
    throw new RowgraftError('bad-file', `"${path}" is a folder`, { hint: hints.unknown })
  }
  if (!facts.isFile()) {
    throw new RowgraftError('bad-file', `"${path}" is not a plain file`, {
      hint: 'Save the backup to a file first: it is read more than once.',
    })
  }
  if (facts.size === 0) throw new RowgraftError('bad-file', `file "${path}" is empty`, { hint: hints.unknown })
  const file = await open(path).catch((error: unknown) => {
    throw openError(path, error)
  })
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(headLength), 0, headLength, 0)
    const head = buffer.subarray(0, bytesRead)
    const format = recogniseFormat(head)
    if (format !== 'dump') throw refuse(path, format)
    return head
  } finally {
    await file.close()
  }
}
