/** A Writer that writes down what it is asked to do, for somebody else to run: nothing reaches live, and nothing is read from it. */
import type { Readable } from 'node:stream'
import { compileLiteral } from '../../database/names.ts'
import type { Reader, Writer } from '../../database/session/reader.ts'
import { amended } from './amended.ts'
import { checked, raised, statement } from './blocks.ts'
import { layOutSql } from './text.ts'

/** Where a script goes; resolves when it may go on. */
export type ScriptSink = (chunk: string | Buffer) => Promise<void>

const unread = (): never => {
  throw new Error('a script cannot read from live')
}

const lineFeed = 10

const countLines = (chunk: Buffer): number => {
  let lines = 0
  for (let at = chunk.indexOf(lineFeed); at !== -1; at = chunk.indexOf(lineFeed, at + 1)) lines += 1
  return lines
}

/** Rows go into the script as COPY text, unparsed; a row is a line, for COPY escapes the line feeds within. */
const writeRows = async (sink: ScriptSink, sources: AsyncIterable<Readable>): Promise<number> => {
  let rows = 0
  for await (const source of sources) {
    for await (const chunk of source) {
      rows += countLines(chunk as Buffer) // copyOut streams buffers
      await sink(chunk as Buffer)
    }
  }
  return rows
}

/** A Writer into a script for the live that is read from. */
export const makeScriptWriter = (live: Reader, sink: ScriptSink): Writer => ({
  canRead: false,
  side: 'live',
  version: live.version,
  encoding: live.encoding,
  signal: live.signal,
  rows: unread,
  batches: unread,
  copyOut: unread,
  copyFrames: unread,
  execute: async (query) => {
    await sink(statement(query))
    return { command: '', count: 0, rows: [] }
  },
  check: (check) => sink(checked(check)),
  amend: async (amendments) => {
    for (const text of amended(amendments)) await sink(text)
    return []
  },
  raise: async (sequence, goal) => {
    await sink(raised(sequence, goal))
    return false
  },
  outside: async () => null,
  look: live.rows,
  observe: async () => [],
  copyIn: async (query, sources) => {
    await sink(`${layOutSql(compileLiteral(query))};\n`)
    const rows = await writeRows(sink, sources)
    await sink('\\.\n')
    return rows
  },
})
