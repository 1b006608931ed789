/**
 * The journal's file: checksummed, length-prefixed records, appended and never changed.
 *
 *     rowgraft-journal 1\n
 *     <TYPE> <length> <crc32 of the payload, 8 hex digits>\n<payload>\n
 *     ...
 *
 * In order: PLAN, RUN, BEGIN, then per set of rows STREAM, DATA..., then INTENT => COMMIT => DONE or ABORTED. What stands before
 * INTENT and after DONE is on disk (fsync) before the step that follows it. A torn record at the end is what a crash leaves, and is
 * ignored; damage in the middle is an error.
 */
import { constants, readSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { RowgraftError } from '../../errors.ts'

export type RecordType =
  | 'PLAN'
  | 'RUN'
  | 'BEGIN'
  | 'STREAM'
  | 'DATA'
  | 'REPORT'
  | 'INTENT'
  | 'DONE'
  | 'ABORTED'
  | 'UNKNOWN'

const recordTypes: ReadonlySet<string> = new Set<RecordType>([
  'PLAN',
  'RUN',
  'BEGIN',
  'STREAM',
  'DATA',
  'REPORT',
  'INTENT',
  'DONE',
  'ABORTED',
  'UNKNOWN',
])

const isRecordType = (text: string | undefined): text is RecordType => text !== undefined && recordTypes.has(text)

const magic = 'rowgraft-journal 1\n'

const checksum = (payload: Buffer): string => crc32(payload).toString(16).padStart(8, '0')

/** Writes all of a buffer: one write may take less than it was given without saying so. */
const writeAll = async (file: FileHandle, bytes: Buffer): Promise<void> => {
  for (let offset = 0; offset < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, offset, bytes.length - offset)
    offset += bytesWritten
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** Runs one step of writing. Throws `rolled-back` naming the file: a run whose journal cannot be written is not committed. */
export const writing = async <T>(path: string, step: () => Promise<T>): Promise<T> => {
  try {
    return await step()
  } catch (error) {
    throw new RowgraftError('rolled-back', `the journal "${path}" cannot be written`, {
      detail: messageOf(error),
      advice: 'Make room for the journal, or name another folder with --journal.',
      cause: error,
    })
  }
}

/** A journal open for appending. Whatever keeps it from being written is a RowgraftError. */
export class JournalWriter {
  readonly #file: FileHandle
  readonly #path: string

  private constructor(file: FileHandle, path: string) {
    this.#file = file
    this.#path = path
  }

  /** Creates the file, readable by its owner only; fails if it exists or is a link. */
  static async create(path: string): Promise<JournalWriter> {
    const flags = constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW | constants.O_WRONLY | constants.O_APPEND
    return writing(path, async () => {
      const file = await open(path, flags, 0o600)
      await writeAll(file, Buffer.from(magic))
      return new JournalWriter(file, path)
    })
  }

  /** Opens an existing journal to settle it; whatever a crash left torn at its end is cut off first. */
  static async append(path: string, length: number): Promise<JournalWriter> {
    return writing(path, async () => {
      const file = await open(path, constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW)
      await file.truncate(length)
      return new JournalWriter(file, path)
    })
  }

  async write(type: RecordType, payload: Buffer | string): Promise<void> {
    const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload
    const head = Buffer.from(`${type} ${bytes.length} ${checksum(bytes)}\n`)
    await writing(this.#path, () => writeAll(this.#file, Buffer.concat([head, bytes, Buffer.from('\n')])))
  }

  /** Returns once everything written so far is on disk. */
  async sync(): Promise<void> {
    await writing(this.#path, () => this.#file.sync())
  }

  async close(): Promise<void> {
    await this.#file.close()
  }
}

export interface JournalRecord {
  readonly type: RecordType
  readonly payload: Buffer
  /** Offset of the first byte after the record. */
  readonly end: number
}

/** What helps where a journal is not believed. */
export const damagedHint = 'Restore the file from a copy, or move its folder away: what only it tells is lost then.'

const damaged = (path: string, offset: number, detail = 'A record does not match its checksum.'): RowgraftError =>
  new RowgraftError('damaged-journal', `the journal "${path}" is damaged at byte ${offset}`, {
    detail,
    hint: damagedHint,
  })

/** A file that does not begin as a journal of this version does. */
const unknownVersion = (path: string, start: string): RowgraftError => {
  const [, version] = /^rowgraft-journal (\d+)$/m.exec(start) ?? []
  if (version === undefined) return damaged(path, 0, 'It does not begin as a journal does.')
  return new RowgraftError('damaged-journal', `the journal "${path}" has version ${version}`, {
    detail: 'This rowgraft reads version 1.',
    hint: 'Use the rowgraft that wrote it, or name another folder with --journal.',
  })
}

/** What may follow each record; what settles a run may be written twice where two of them do. */
const ends = ['DONE', 'ABORTED', 'UNKNOWN'] as const
const rows = ['STREAM', 'REPORT', 'INTENT', ...ends] as const
const following: Readonly<Record<RecordType | 'nothing', readonly RecordType[]>> = {
  nothing: ['PLAN'],
  PLAN: ['RUN'],
  RUN: ['BEGIN', ...ends],
  BEGIN: rows,
  STREAM: ['DATA', ...rows],
  DATA: ['DATA', ...rows],
  REPORT: rows,
  INTENT: ends,
  DONE: ['DONE'],
  ABORTED: ['ABORTED'],
  UNKNOWN: ends,
}

/** Opens a journal for reading; null where there is none. Links are not followed. */
const openForReading = async (path: string): Promise<FileHandle | null> => {
  try {
    // Nobody waits for somebody who writes into a pipe of that name.
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    if ((await file.stat()).isFile()) return file
    await file.close()
    throw new Error('It is no ordinary file.')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw new RowgraftError('damaged-journal', `the journal "${path}" cannot be read`, {
      detail: messageOf(error),
      hint: damagedHint,
      cause: error,
    })
  }
}

/** Bytes read at once. */
const chunkSize = 1 << 20

/**
 * Reads the records one after the other; memory is one record. Stops silently at a torn end, and yields nothing where there is no
 * file. Throws `damaged-journal`. What is passed over comes with an empty payload, and is not held against its checksum.
 */
export async function* readRecords(
  path: string,
  isPassedOver: (type: RecordType) => boolean = () => false,
): AsyncGenerator<JournalRecord> {
  const file = await openForReading(path)
  if (file === null) return
  try {
    const { size } = await file.stat()
    const read = async (offset: number, length: number): Promise<Buffer> => {
      const buffer = Buffer.alloc(Math.max(0, Math.min(length, size - offset)))
      for (let got = 0; got < buffer.length; ) {
        const { bytesRead } = await file.read(buffer, got, buffer.length - got, offset + got)
        if (bytesRead === 0) return buffer.subarray(0, got)
        got += bytesRead
      }
      return buffer
    }
    const first = (await read(0, magic.length)).toString()
    if (first.length < magic.length && magic.startsWith(first)) return
    if (first !== magic) throw unknownVersion(path, first)
    let offset = magic.length
    let before: RecordType | 'nothing' = 'nothing'
    while (offset < size) {
      // Rows are passed over by tens of thousands of these: to await each would take longer than to read it.
      const start = Buffer.alloc(Math.min(64, size - offset))
      const got = readSync(file.fd, start, 0, start.length, offset)
      const lineEnd = start.subarray(0, got).indexOf(0x0a)
      const [type, length, sum] = start.subarray(0, Math.max(0, lineEnd)).toString().split(' ')
      const bytes = Number(length)
      const isHead = lineEnd > 0 && isRecordType(type) && /^\d+$/.test(length ?? '') && /^[0-9a-f]{8}$/.test(sum ?? '')
      const end = offset + lineEnd + 1 + bytes + 1
      if (!isHead || end > size) {
        if (await isTornEnd(read, isHead ? offset + 1 : offset, size)) return
        throw damaged(path, offset)
      }
      const isRead = !isPassedOver(type)
      const payload = isRead ? await read(offset + lineEnd + 1, bytes) : Buffer.alloc(0)
      if (isRead && checksum(payload) !== sum) throw damaged(path, offset)
      if (!following[before].includes(type)) throw damaged(path, offset, `${type} does not follow ${before}.`)
      before = type
      yield { type, payload, end }
      offset = end
    }
  } finally {
    await file.close()
  }
}

/** A crash tears only the last record: nothing that looks like the head of another one may follow. */
const isTornEnd = async (
  read: (offset: number, length: number) => Promise<Buffer>,
  from: number,
  size: number,
): Promise<boolean> => {
  for (let at = from; at < size; at += chunkSize) {
    const text = (await read(at, chunkSize + 64)).toString('latin1')
    if (/\n(RUN|BEGIN|STREAM|DATA|REPORT|INTENT|DONE|ABORTED|UNKNOWN) \d+ [0-9a-f]{8}\n/.test(text)) return false
  }
  return true
}
