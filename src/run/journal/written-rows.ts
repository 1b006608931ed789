/** The rows a run wrote, as its journal has them: where they are in live, what they looked like, and what they are in the backup. */
import { isInteger64 } from '../../documents/shape.ts'
import { isSameNames, packKey } from '../../keys/key.ts'
import { keysOf } from '../../keys/key-columns.ts'
import type { WrittenRows } from '../../plan/inverse.ts'
import type { OnStage } from '../../progress/progress.ts'
import { type RecordType, readRecords } from './journal-file.ts'
import { type JournalHead, parseStream, unlike } from './journal-head.ts'
import type { Stream } from './journal-shape.ts'

export interface WrittenRow {
  readonly action: 'insert' | 'update'
  /** Identity in live. */
  readonly live: readonly string[]
  /** Digest of live's image. */
  readonly digest: string
  /** Identity in the backup. */
  readonly backup: readonly string[]
  /** The keys by which people know the row. */
  readonly old: readonly string[]
  readonly now: readonly string[]
}

/** Which columns a stream of written rows has. */
export interface WrittenColumns {
  readonly identity: readonly string[]
  /** Rows may have another key in live than in the backup. */
  readonly changesKeys: boolean
  /** The columns by which people know a row, where they are not its identity; told of rows that may change their key. */
  readonly names: readonly string[]
}

/** The stream's columns, in the order in which `parseWritten` takes them. */
export const writtenColumns = ({ identity, changesKeys, names }: WrittenColumns): readonly string[] => [
  'action',
  ...identity.map((name) => `live ${name}`),
  'digest',
  ...(changesKeys ? identity.map((name) => `backup ${name}`) : []),
  ...(changesKeys ? ['old', 'new'].flatMap((when) => names.map((name) => `${when} ${name}`)) : []),
]

/** How to read the rows of one stream. */
export const parseWritten = (columns: Stream['columns']): ((fields: readonly (string | null)[]) => WrittenRow) => {
  const width = columns.indexOf('digest') - 1
  const changesKeys = columns.length > width + 2
  const start = 2 + 2 * width
  const more = changesKeys ? (columns.length - start) / 2 : 0
  return (fields) => {
    const texts = fields.map((field) => field ?? '')
    const live = texts.slice(1, 1 + width)
    const backup = changesKeys ? texts.slice(2 + width, start) : live
    return {
      action: texts[0] === 'update' ? 'update' : 'insert',
      live,
      digest: texts[1 + width] ?? '',
      backup,
      old: more > 0 ? texts.slice(start, start + more) : backup,
      now: more > 0 ? texts.slice(start + more) : live,
    }
  }
}

/** Undoes COPY's escapes in one field. */
const unescapeField = (field: string): string | null => {
  if (field === '\\N') return null
  if (!field.includes('\\')) return field
  const escapes: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }
  return field.replace(/\\(.)/gs, (_, character: string) => escapes[character] ?? character)
}

/** The fields of whole lines of COPY text, the last line feed included. */
export const splitFields = (lines: Buffer): readonly (readonly (string | null)[])[] =>
  lines
    .toString('utf8', 0, lines.length - 1)
    .split('\n')
    .map((line) => (line.includes('\\') ? line.split('\t').map(unescapeField) : line.split('\t')))

/** Rows as fields, many of a stream at a time, in one pass over the journal; for keys and digests, never for values. */
async function* readFields(
  path: string,
  wanted: (stream: Stream) => boolean,
): AsyncGenerator<{ readonly stream: Stream; readonly rows: readonly (readonly (string | null)[])[] }> {
  let stream: Stream | null = null
  let rest: Buffer = Buffer.alloc(0)
  const endStream = (): void => {
    if (rest.length > 0) throw unlike(path, `a row of "${stream?.table}" is cut off.`)
  }
  const isPassedOver = (type: RecordType): boolean => type === 'DATA' && (stream === null || !wanted(stream))
  for await (const record of readRecords(path, isPassedOver)) {
    if (record.type === 'STREAM') {
      endStream()
      stream = parseStream(path, record)
    }
    if (record.type !== 'DATA' || stream === null || !wanted(stream)) continue
    const bytes = Buffer.concat([rest, record.payload])
    const end = bytes.lastIndexOf('\n') + 1
    rest = bytes.subarray(end)
    if (end === 0) continue
    yield { stream, rows: splitFields(bytes.subarray(0, end)) }
  }
  endStream()
}

/** True for columns as `writtenColumns` makes them. */
const areWritten = (columns: Stream['columns']): boolean => {
  const digest = columns.indexOf('digest')
  const live = columns.slice(1, digest)
  const [backup, names] = [columns.slice(digest + 1, 2 * digest), columns.slice(2 * digest)]
  const named = (given: readonly string[], when: string): readonly string[] | null =>
    given.every((name) => name.startsWith(`${when} `)) ? given.map((name) => name.slice(when.length + 1)) : null
  const identity = named(live, 'live')
  const [old, now] = [names.slice(0, names.length / 2), names.slice(names.length / 2)]
  return (
    columns[0] === 'action' &&
    digest > 1 &&
    identity !== null &&
    (backup.length === 0 || isSameNames(named(backup, 'backup'), identity)) &&
    named(old, 'old') !== null &&
    isSameNames(named(old, 'old'), named(now, 'new'))
  )
}

/** Why fields are none of a written row; null where they are. */
const whyNoRow = (fields: readonly (string | null)[], { columns }: Stream): string | null => {
  if (fields.length !== columns.length) return `has ${fields.length} values for ${columns.length} columns`
  if (fields.includes(null)) return 'has a key that is NULL'
  if (fields[0] !== 'insert' && fields[0] !== 'update') return 'was neither inserted nor updated'
  return isInteger64(fields[columns.indexOf('digest')]) ? null : 'has a digest that is none'
}

/** True where the stream tells of rows whose key may have changed. */
export const tellsKeys = ({ columns }: Stream): boolean => columns.length > columns.indexOf('digest') + 1

/** True where the stream tells of the columns by which people know a row, beside its identity. */
export const tellsNames = ({ columns }: Stream): boolean => columns.length > 2 * columns.indexOf('digest')

/** The written rows of a journal, of the streams that are wanted, many of a table at a time. */
export async function* readWrittenRows(
  path: string,
  isWanted: (stream: Stream) => boolean = () => true,
): AsyncGenerator<{ readonly table: string; readonly rows: readonly WrittenRow[] }> {
  const isMeant = (stream: Stream): boolean => stream.kind === 'written' && isWanted(stream)
  for await (const { stream, rows } of readFields(path, isMeant)) {
    if (!areWritten(stream.columns)) throw unlike(path, `the rows of "${stream.table}" have columns that none have.`)
    for (const fields of rows) {
      const why = whyNoRow(fields, stream)
      if (why !== null) throw unlike(path, `a row of "${stream.table}" ${why}.`)
    }
    yield { table: stream.table, rows: rows.map(parseWritten(stream.columns)) }
  }
}

/** The rows that triggers of the run made, many of a table at a time; `identity` tells by which columns they are known. */
export async function* readMadeRows(path: string): AsyncGenerator<{
  readonly table: string
  readonly identity: readonly string[]
  readonly rows: readonly WrittenRow[]
}> {
  for await (const { stream, rows } of readFields(path, ({ kind }) => kind === 'made')) {
    const { table, columns } = stream
    const identity = columns.slice(1, columns.indexOf('digest')).map((name) => name.replace(/^live /, ''))
    yield { table, identity, rows: rows.map(parseWritten(columns)) }
  }
}

/** True for a row whose key in live is not the backup's. */
export const hasMoved = (before: readonly string[], after: readonly string[]): boolean =>
  before.some((value, position) => value !== after[position])

/** Reads what a run wrote, per table, from its journal. */
export const readWritten = async (
  head: JournalHead,
  onStage: OnStage = () => undefined,
): Promise<readonly WrittenRows[]> => {
  type Rows = { key: string; digest: string }[]
  const written = new Map(
    head.plan.steps.map(({ table }) => [table, { inserted: [] as Rows, updated: [] as Rows }] as const),
  )
  const total = head.plan.steps.reduce((sum, { action, rows }) => sum + (action === 'delete' ? 0 : rows), 0)
  let done = 0
  for await (const { table, rows } of readWrittenRows(head.path)) {
    const known = written.get(table)
    onStage({ stage: 'written', done, total })
    done += rows.length
    for (const { action, live, digest } of rows) {
      known?.[action === 'insert' ? 'inserted' : 'updated'].push({ key: packKey(live), digest })
    }
  }
  return [...written].map(([table, rows]) => ({
    table,
    ...rows,
    deleted: head.plan.steps
      .filter((step) => step.table === table && step.action === 'delete')
      .flatMap((step) => keysOf(step.keys)),
  }))
}
