/** The records of a journal's file, taken apart and put together again with checksums that fit. */
import { crc32 } from 'node:zlib'

export interface PlainRecord {
  readonly type: string
  readonly payload: Buffer
}

const head = /^(\w+) (\d+) ([0-9a-f]{8})$/

export const splitRecords = (file: Buffer): readonly PlainRecord[] => {
  const records: PlainRecord[] = []
  for (let at = file.indexOf(0x0a) + 1; at < file.length; ) {
    const line = file.indexOf(0x0a, at)
    const [, type = '', length = '0'] = head.exec(file.toString('latin1', at, line)) ?? []
    records.push({ type, payload: file.subarray(line + 1, line + 1 + Number(length)) })
    at = line + 1 + Number(length) + 1
  }
  return records
}

export const joinRecords = (records: readonly PlainRecord[], version = 1): Buffer =>
  Buffer.concat([
    Buffer.from(`rowgraft-journal ${version}\n`),
    ...records.flatMap(({ type, payload }) => [
      Buffer.from(`${type} ${payload.length} ${crc32(payload).toString(16).padStart(8, '0')}\n`),
      payload,
      Buffer.from('\n'),
    ]),
  ])
