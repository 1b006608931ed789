/**
 * What the records of a journal must look like. Of the plan in it only what is used of a run that is over is asked for, and whatever
 * else is there is left alone: journals outlive the rowgraft that wrote them. Pure.
 */
import { declarationsShape, identityEntries } from '../../catalog/catalog-shape.ts'
import type { DatabaseIdentity } from '../../catalog/read/identity.ts'
import {
  choice,
  count,
  type Entries,
  listOf,
  looseObject,
  name,
  nullable,
  optional,
  pattern,
  record,
  type Shape,
  words,
} from '../../documents/shape.ts'
import { digestShape, optionEntries, unitEntries } from '../../plan/file/plan-shape.ts'
import { stepEntries, tableId } from '../../plan/file/step-shape.ts'
import type { Plan } from '../../plan/plan.ts'
import type { Step } from '../../plan/step.ts'
import type { Report } from '../run.ts'

/** What a set of rows in the journal is for. */
export type StreamKind =
  /** Images of rows before they were updated or deleted: every stored column, as COPY text. */
  | 'updated'
  | 'deleted'
  /** What `WrittenRow` has of every row. */
  | 'written'
  /** The same of rows that triggers made below inserted ones: an undo takes them back as well. */
  | 'made'

export interface Stream {
  readonly kind: StreamKind
  readonly table: string
  readonly columns: readonly string[]
}

export interface RunRecord {
  readonly run: string
  /** RFC 3339, UTC. */
  readonly started: string
  readonly live: DatabaseIdentity
  /** Process that runs it. */
  readonly process: number
}

export interface BeginRecord {
  readonly pid: string
  /** Null where the role of the run may not see it. */
  readonly backendStart: string | null
  /** The transaction's 64-bit id. */
  readonly xid: string
  /** Which transactions had ended by then; the first ones did not tell. */
  readonly ended?: EndedTransactions
}

/** Transactions with a lower 64-bit id than `below`, and their subtransactions, but for those named. */
export interface EndedTransactions {
  readonly below: string
  readonly except: readonly string[]
}

const transactionId = pattern(/^[1-9]\d{0,18}$/, 'the id of a transaction')

/** The options of a plan that its undo takes over. */
type KeptOptions = Pick<Plan['options'], 'triggers' | 'acceptTrigger' | 'role' | 'settings'>

/** A plan as a journal of any age has it. */
export interface JournalledPlan
  extends Pick<Plan, 'live' | 'undoes' | 'unit' | 'digest' | 'fingerprints' | 'declared' | 'steps' | 'hash'> {
  readonly selection: { readonly selectors: readonly { readonly by: string; readonly id?: string }[] }
  readonly options: KeptOptions
  readonly edits: readonly Pick<Plan['edits'][number], 'table'>[]
}

const runId = pattern(/^[a-z0-9]+$/, 'the id of a run')

const sha256 = pattern(/^[0-9a-f]{64}$/, 'a sha256')

const identity = looseObject<DatabaseIdentity>(identityEntries)

const { triggers, acceptTrigger, role, settings } = optionEntries

const planEntries: Entries<JournalledPlan> = {
  live: identity,
  undoes: nullable(runId),
  unit: optional(looseObject<NonNullable<Plan['unit']>>(unitEntries)),
  digest: digestShape,
  fingerprints: record(sha256),
  declared: optional(declarationsShape),
  steps: listOf(looseObject<Step>(stepEntries)),
  hash: sha256,
  selection: looseObject<JournalledPlan['selection']>({
    selectors: listOf(
      looseObject<JournalledPlan['selection']['selectors'][number]>({ by: words, id: optional(words) }),
    ),
  }),
  options: looseObject<KeptOptions>({ triggers, acceptTrigger, role, settings }),
  edits: listOf(looseObject<JournalledPlan['edits'][number]>({ table: tableId })),
}

export const journalledPlan: Shape<JournalledPlan> = looseObject(planEntries)

export const runRecord: Shape<RunRecord> = looseObject<RunRecord>({
  run: runId,
  started: pattern(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/, 'a time in UTC'),
  live: identity,
  process: count,
})

export const beginRecord: Shape<BeginRecord> = looseObject<BeginRecord>({
  pid: words,
  backendStart: nullable(words),
  xid: transactionId,
  ended: optional(looseObject<EndedTransactions>({ below: transactionId, except: listOf(transactionId) })),
})

/** Of a report, what later commands need; the first ones did not tell how many keys changed. */
export type ReportRecord = Partial<Pick<Report, 'changedKeys' | 'stays'>>

export const reportRecord: Shape<ReportRecord> = looseObject<ReportRecord>({
  changedKeys: optional(listOf(looseObject<Report['changedKeys'][number]>({ table: tableId, rows: count }))),
  stays: optional(listOf(name)),
})

export const streamRecord: Shape<Stream> = looseObject<Stream>({
  kind: choice<StreamKind>({ updated: true, deleted: true, written: true, made: true }),
  table: tableId,
  columns: listOf(name),
})
