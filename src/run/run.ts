/**
 * A run: one execution of a plan, its options and its report.
 *
 * In comes a plan, with both sides open or the journal of the run that it undoes (`start/start-run.ts`); out go a `Report` and a journal on
 * disk. The only room that writes to live. It imports from any room up to `planning/`.
 */

import type { StaysOut } from '../plan/left-out.ts'
import type { Plan } from '../plan/plan.ts'
import { measured, type Reached, type RunPhase, type StageProgress } from '../progress/progress.ts'

export interface RunOptions {
  /** Do everything, verify, and roll back. */
  readonly rehearse: boolean
  /** Rows per round trip of the transfer. */
  readonly batchSize: number
  /** Milliseconds a statement on live may take. */
  readonly timeout: number
  /** Milliseconds to wait for a lock on live. */
  readonly lockTimeout: number
  /** Milliseconds to wait for the answer to COMMIT before live is asked what became of it, and to go on asking. */
  readonly patience: number
  /** Commit in units of about so many rows, each complete in itself; null: all in one transaction. */
  readonly commitEvery: number | null
  /** Run a plan of more than a million rows, or a gigabyte, in one transaction. */
  readonly big: boolean
  /** Live's database name, as somebody typed it; null: nobody did. */
  readonly confirm: string | null
}

export const defaultRunOptions: RunOptions = {
  rehearse: false,
  batchSize: 10_000,
  timeout: 600_000,
  lockTimeout: 5_000,
  // A PgBouncer that has lost its server tries it again after 15 s.
  patience: 18_000,
  commitEvery: null,
  big: false,
  confirm: null,
}

export type RunOutcome = 'committed' | 'nothing' | 'rehearsed' | 'refused' | 'rolled-back' | 'partial' | 'unknown'

export interface TableReport {
  readonly table: string
  readonly inserted: number
  readonly updated: number
  readonly deleted: number
  /** Links that live had already. */
  readonly linked: number
  readonly skipped: number
}

/** A key by column name. */
export type NamedKey = Readonly<Record<string, string>>

export interface Report {
  readonly v: 1
  /** Id of the run; empty when nothing was run. */
  readonly run: string
  /** Ids of all runs, where it took several; else of the one. */
  readonly runs: readonly string[]
  readonly outcome: RunOutcome
  /** How many units are committed, of those that were to be; null where all was one transaction. */
  readonly units: { readonly done: number; readonly total: number } | null
  /** Why it stopped part way. */
  readonly stopped: {
    readonly code: string
    readonly message: string
    readonly detail: string | null
    readonly hint: string | null
  } | null
  readonly tables: readonly TableReport[]
  /** Rows whose live key is not their backup key: the first of each table, up to 10,000. All of them are in `left.keysFiles`. */
  readonly keys: readonly { readonly table: string; readonly backup: NamedKey; readonly live: NamedKey }[]
  /** How many rows have another key in live than in the backup, per table. */
  readonly changedKeys: readonly { readonly table: string; readonly rows: number }[]
  readonly leftOut: readonly StaysOut[]
  readonly notInBackup: readonly { readonly table: string; readonly key: string }[]
  /** What became of the rows that a statement hits, or a file of keys lists, before the run. */
  readonly coverage: Plan['coverage']
  readonly verified: boolean
  /** Everything asked for is back. */
  readonly complete: boolean
  /** Rows that triggers of the run made, and that made way for the backup's. */
  readonly replaced: readonly Replaced[]
  /** Columns that triggers of the run had changed in rows it wrote, and that were set back to what they are to be. */
  readonly setBack: readonly { readonly table: string; readonly column: string; readonly rows: number }[]
  /** Numbers of rows that were updated in which live had counted other things since the backup: what triggers made of them is kept. */
  readonly kept: readonly { readonly table: string; readonly column: string; readonly rows: number }[]
  /** Values that live's type rounds, where that was accepted. */
  readonly rounded: readonly { readonly table: string; readonly column: string; readonly rows: number }[]
  /** What triggers changed on rows that were written, and what was accepted. */
  readonly triggerChanges: readonly { readonly table: string; readonly column: string; readonly rows: number }[]
  /** Tables beside those of the plan into which triggers of the run wrote rows that an undo leaves there. */
  readonly stays: readonly string[]
  /** Generated columns whose value in live differs from the backup's. */
  readonly generatedDifferences: readonly { readonly table: string; readonly column: string; readonly rows: number }[]
  /** What became of the commands of the config file that run once all is committed. */
  readonly hooks: readonly {
    readonly command: string
    readonly failed: boolean
    /** `exit 1`, `ended by SIGTERM`, or why it was not run. */
    readonly status: string
    /** The end of what it printed. */
    readonly output: string
  }[]
  /** What is left for somebody to do. */
  readonly left: {
    /** Paths of CSV files with old and new keys, one for each run in which keys changed. */
    readonly keysFiles: readonly string[]
    /** As they were when the plan was made. */
    readonly missingFiles: Plan['missingFiles']
    readonly materialisedViews: Plan['materialisedViews']
    /** Triggers that fired and reach outside the database. */
    readonly firedOutward: readonly { readonly table: string; readonly trigger: string; readonly how: string }[]
    /** Triggers that were kept from firing. */
    readonly notFired: readonly { readonly table: string; readonly trigger: string }[]
  }
  /** What an undo does not take back. */
  readonly remains: readonly Remaining[]
  /** Milliseconds from connect to commit. */
  readonly elapsed: number
}

/** Something that an undo does not take back. */
export type Remaining =
  /** What the SQL of the config file changed. */
  | { readonly kind: 'hook'; readonly when: 'before' | 'after' }
  /** Rows that triggers wrote into a table beside the plan's. */
  | { readonly kind: 'trigger rows'; readonly table: string }
  /** It stays raised. */
  | { readonly kind: 'sequence'; readonly sequence: string }
  /** A trigger writes it at each update. */
  | { readonly kind: 'column'; readonly table: string; readonly column: string }

/** Rows of a table that made way, and the triggers that may have made them. */
export interface Replaced {
  readonly table: string
  readonly rows: number
  readonly by: readonly { readonly table: string; readonly trigger: string }[]
}

/** Told by each phase of a run how far it is. */
export type RunProgress = (at: Reached & { readonly stage: RunPhase }) => void

/** What a run tells, as those hear it who asked for it. */
export const runProgress = (
  tell: (event: StageProgress & { readonly kind: 'run'; readonly phase: string; readonly rows: number }) => void = () =>
    undefined,
): RunProgress => measured((step) => tell({ kind: 'run', phase: step.stage, rows: step.done, ...step }))

export type RunState = 'committed' | 'rolled-back' | 'open' | 'undone' | 'damaged' | 'unknown'

/** A run as `runs` lists it. */
export interface RunSummary {
  readonly run: string
  readonly state: RunState
  /** RFC 3339, UTC. */
  readonly started: string
  readonly database: string
  readonly undoes: string | null
  readonly inserted: number
  readonly updated: number
  readonly deleted: number
}

/** What `verify` found: rows of a run whose image in live is no longer what the run wrote. */
export interface VerifyReport {
  readonly v: 1
  readonly run: string
  readonly verified: boolean
  readonly rows: number
  readonly mismatches: readonly { readonly table: string; readonly key: NamedKey; readonly why: 'gone' | 'changed' }[]
}

/** What `recover` found for one run. */
export interface RecoverReport {
  readonly v: 1
  readonly runs: readonly {
    readonly run: string
    readonly outcome: 'committed' | 'rolled-back' | 'unknown'
    readonly evidence: string
  }[]
}
