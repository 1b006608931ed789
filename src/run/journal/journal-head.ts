/** A journal as it is read back: believed record by record, or not at all. */
import { basename, dirname } from 'node:path'
import { Readable } from 'node:stream'
import { parseJson } from '../../documents/json.ts'
import { findFlaw, type Shape } from '../../documents/shape.ts'
import { decodeText } from '../../documents/text-file.ts'
import { isRowgraftError, RowgraftError } from '../../errors.ts'
import { isSameNames } from '../../keys/key.ts'
import { findStepContradiction } from '../../plan/file/consistent.ts'
import { hashPlan } from '../../plan/plan.ts'
import type { RunState } from '../run.ts'
import { damagedHint, type JournalRecord, readRecords } from './journal-file.ts'
import {
  type BeginRecord,
  beginRecord,
  type JournalledPlan,
  journalledPlan,
  type ReportRecord,
  type RunRecord,
  reportRecord,
  runRecord,
  type Stream,
  streamRecord,
} from './journal-shape.ts'

/** Everything of a journal but its rows. */
export interface JournalHead {
  readonly path: string
  readonly plan: JournalledPlan
  readonly run: RunRecord
  readonly begin: BeginRecord | null
  readonly hasIntent: boolean
  readonly state: RunState
  readonly streams: readonly Stream[]
  /** Tables whose rows came back under other keys, as the report tells; null where there is no report. */
  readonly moved: ReadonlySet<string> | null
  /** Tables in which an undo leaves rows that triggers of the run wrote. */
  readonly stays: readonly string[]
  /** Bytes of whole records. */
  readonly length: number
}

/** A journal that holds what no run of this rowgraft or an earlier one writes. */
export const unlike = (path: string, why: string): RowgraftError =>
  new RowgraftError('damaged-journal', `the journal "${path}" is not as a run writes it`, {
    detail: `Run ${basename(dirname(path))}: ${why}`,
    hint: damagedHint,
  })

/** A journal that lacks rows it should hold: nothing is taken back from it. */
export const incomplete = (path: string, holds: string): RowgraftError =>
  new RowgraftError('damaged-journal', `the journal "${path}" is not complete`, {
    detail: `It holds ${holds}.`,
    hint: 'Restore the file from a copy: an undo needs the whole journal.',
  })

const parsePayload = ({ payload }: JournalRecord): ReturnType<typeof parseJson> => {
  try {
    return parseJson(decodeText(payload))
  } catch (error) {
    return { why: error instanceof Error ? error.message : String(error) }
  }
}

/** What a record of the journal holds. Throws `damaged-journal` where that is not of its shape. */
const parseRecord = <T>(path: string, record: JournalRecord, shape: Shape<T>): T => {
  const parsed = parsePayload(record)
  if ('why' in parsed) throw unlike(path, `its ${record.type} record is not JSON. ${parsed.why}`)
  const flaw = findFlaw(shape, parsed.value)
  if (flaw !== null) {
    throw unlike(
      path,
      `its ${record.type} record ${flaw.place === '' ? '' : `has a "${flaw.place}" that `}${flaw.why}.`,
    )
  }
  // Of this shape, as has just been found.
  return parsed.value as T
}

export const parseStream = (path: string, record: JournalRecord): Stream => parseRecord(path, record, streamRecord)

const parsePlanRecord = (path: string, record: JournalRecord): JournalledPlan => {
  const plan = parseRecord(path, record, journalledPlan)
  const flaw = findStepContradiction(plan)
  if (flaw !== null) throw unlike(path, `its plan contradicts itself: "${flaw.place}" ${flaw.why}.`)
  return plan
}

const movedTables = ({ changedKeys }: ReportRecord): ReadonlySet<string> | null =>
  changedKeys === undefined ? null : new Set(changedKeys.map(({ table }) => table))

const endStates: Readonly<Record<string, RunState>> = { ABORTED: 'rolled-back', DONE: 'committed', UNKNOWN: 'unknown' }

/** What is read of a journal. */
export interface Reading {
  /** Null is returned for a run that is not. */
  readonly isMeant: (run: RunRecord) => boolean
  /** Its rows are held against their checksums, too; else they are passed over: there may be gigabytes. */
  readonly isWhole: boolean
}

/** Whose run a journal is of; null where it died before that was on disk. */
const readRun = async (path: string): Promise<RunRecord | null> => {
  for await (const next of readRecords(path, (type) => type !== 'RUN')) {
    if (next.type === 'RUN') return parseRecord(path, next, runRecord)
  }
  return null
}

/**
 * Reads one journal without its rows. A damaged one has the state `damaged` and tells what stands before the damage. Null for a run
 * that is not meant, and for one that died before its plan was on disk: it has written nothing. Throws `damaged-journal` where not even
 * the plan can be read.
 */
export const readHead = async (
  path: string,
  { isMeant, isWhole }: Reading = { isMeant: () => true, isWhole: true },
): Promise<JournalHead | null> => {
  const run = await readRun(path)
  // What others planned, for whatever database, is no concern of this one.
  if (run === null || !isMeant(run)) return null
  let plan: JournalledPlan | null = null
  let begin: BeginRecord | null = null
  let state: RunState = 'open'
  let hasIntent = false
  let length = 0
  const streams: Stream[] = []
  let moved: ReadonlySet<string> | null = null
  let stays: readonly string[] = []
  try {
    for await (const next of readRecords(path, (type) => type === 'DATA' && !isWhole)) {
      length = next.end
      if (next.type === 'PLAN') plan = parsePlanRecord(path, next)
      else if (next.type === 'BEGIN') begin = parseRecord(path, next, beginRecord)
      else if (next.type === 'STREAM') streams.push(parseStream(path, next))
      else if (next.type === 'REPORT') {
        const report = parseRecord(path, next, reportRecord)
        moved = movedTables(report)
        stays = report.stays ?? []
      } else if (next.type === 'INTENT') hasIntent = true
      else if (next.type !== 'RUN') state = endStates[next.type] ?? state
    }
  } catch (error) {
    // Whose run it was, and whether it is in live, nobody can tell: going on as if it were not there could undo another one.
    if (!isRowgraftError(error) || plan === null) throw error
    state = 'damaged'
  }
  if (plan === null) return null
  return { path, plan, run, begin, hasIntent, state, streams, moved, stays, length }
}

/** Throws `damaged-journal` where the plan of a run is not the one that was run: nothing is concluded from its steps. */
export const refuseOtherPlan = ({ path, plan }: JournalHead): void => {
  if (hashPlan(plan) !== plan.hash) throw unlike(path, 'the hash of its plan is not that of what stands there.')
}

const [tab, lineFeed] = [9, 10]

/** Counts the fields of each line of COPY text, however the text is cut. Throws where a line has another number of them. */
const fieldCounter = (path: string, { table, columns }: Stream): ((bytes: Buffer) => void) => {
  let tabs = 0
  return (bytes) => {
    for (let at = 0; at < bytes.length; at++) {
      if (bytes[at] === tab) tabs++
      if (bytes[at] !== lineFeed) continue
      if (tabs !== columns.length - 1) {
        throw unlike(path, `an image of "${table}" has ${tabs + 1} values for ${columns.length} columns.`)
      }
      tabs = 0
    }
  }
}

/** The images of one table as bytes of COPY text. Rejects with `damaged-journal` for those of other columns. */
export const streamImages = (path: string, wanted: Stream): Readable => {
  async function* bytes(): AsyncGenerator<Buffer> {
    let check: ((bytes: Buffer) => void) | null = null
    for await (const record of readRecords(path)) {
      if (record.type === 'STREAM') {
        const stream = parseStream(path, record)
        const isWanted = stream.kind === wanted.kind && stream.table === wanted.table
        if (isWanted && !isSameNames(stream.columns, wanted.columns)) {
          throw unlike(path, `the images of "${stream.table}" have other columns than it.`)
        }
        check = isWanted ? fieldCounter(path, stream) : null
      } else if (record.type === 'DATA' && check !== null) {
        check(record.payload)
        yield record.payload
      }
    }
  }
  return Readable.from(bytes())
}
