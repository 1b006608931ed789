/** The first bytes of a pg_dump archive: which format and version it is, and so which pg_restore can read it. */
import { RowgraftError } from '../../errors.ts'

/** As in `1.14`. */
export interface ArchiveVersion {
  readonly major: number
  readonly minor: number
}

/** The archive format (pg_backup_archiver.h) and the first PostgreSQL release whose pg_restore reads it. */
const readers: readonly (readonly [minor: number, postgres: number])[] = [
  [14, 12],
  [15, 16],
  [16, 17],
]

const customFormat = 1

/** The version of a custom-format archive. Throws `damaged-dump` if it is cut off, `bad-file` if it is part of another format. */
export const parseArchiveHeader = (path: string, head: Buffer): ArchiveVersion => {
  // "PGDMP", version (3 bytes), size of an integer, size of an offset, format.
  if (head.length < 11) {
    throw new RowgraftError('damaged-dump', `dump file "${path}" is cut off in its header`, {
      hint: 'Copy the file again from where it was made, or take another backup.',
    })
  }
  if (head[10] !== customFormat) {
    throw new RowgraftError('bad-file', `file "${path}" is only the table of contents of a directory or tar dump`, {
      hint: 'Make the backup with pg_dump -Fc, or restore the whole dump into a database and give its URL with --backup.',
    })
  }
  return { major: head[5] ?? 0, minor: head[6] ?? 0 }
}

/** The oldest PostgreSQL release whose pg_restore reads this archive; undefined if it is newer than any we know. */
export const oldestReader = ({ major, minor }: ArchiveVersion): number | undefined => {
  if (major !== 1) return undefined
  return readers.find(([known]) => minor <= known)?.[1]
}
