/**
 * The plan: the ordered decision as data. Steps are sets: keys in columns, never an object per row. A plan holds keys, the columns of
 * a conflicting constraint and what the user typed; no other row values. Its hash covers everything but `answers`.
 *
 * It is made by `planning/`, worded by `format/`, and carried out by `run/`; `file/` reads one back.
 */
import { createHash } from 'node:crypto'
import type { DeleteAction, TableSource } from '../catalog/catalog.ts'
import type { Declarations } from '../catalog/declared.ts'
import type { DatabaseIdentity } from '../catalog/read/identity.ts'
import type { TableRefusal } from '../catalog/refusal/refusal.ts'
import type { KeyColumn } from '../keys/key-columns.ts'
import type { NotFollowed } from '../rows/typed-rows.ts'
import type { Coverage } from '../selection/coverage.ts'
import type { Selection } from '../selection/selection.ts'
import type { PlacedMethod } from '../sql/column-digest.ts'
import type { Conflict } from './conflicts.ts'
import type { Answer } from './finding.ts'
import type { StaysOut } from './left-out.ts'
import type { Note } from './notes/note.ts'
import type { PlanOptions } from './options.ts'
import type { Footprint, PlanRelation, PlanSequence, PlanTrigger, StandIns, Step } from './step.ts'

export interface TableKey {
  readonly table: string
  readonly key: string
}

export interface TableRows {
  readonly table: string
  readonly rows: number
}

export interface Plan {
  readonly v: 1
  readonly kind: 'plan'
  /** RFC 3339, UTC. */
  readonly made: string
  readonly live: DatabaseIdentity
  readonly backup: DatabaseIdentity | null
  /** Live's transactions from this one on (`xid8`) were not seen: rows they wrote may have become others since. Absent for an undo. */
  readonly unseenFrom?: string
  /** Run this plan takes back, for an undo. */
  readonly undoes: string | null
  /** The plan that this one is a part of, by hash, and which part. */
  readonly unit?: { readonly of: string; readonly number: number; readonly total: number }
  readonly selection: Selection
  readonly options: PlanOptions
  /** Digest of the backup's row images that will be written. */
  readonly digest: { readonly method: PlacedMethod; readonly value: string }
  /** Fingerprint of every used table of live. */
  readonly fingerprints: Readonly<Record<string, string>>
  /** What it relies on that no constraint says; absent where that is nothing. */
  readonly declared?: Declarations
  readonly steps: readonly Step[]
  readonly standIns: readonly StandIns[]
  /** Relations that rows of the steps came by. */
  readonly relations: readonly PlanRelation[]
  readonly conflicts: readonly Conflict[]
  /** Rows that stay out, and why; `isAsked` for those without which the restore is not complete. */
  readonly leftOut: readonly (StaysOut & { readonly isAsked: boolean })[]
  /** Live rows that have other values than in the backup, and that rows of the plan come to refer to; absent where there are none. */
  readonly attached?: readonly {
    readonly table: string
    readonly via: string
    /** The table of the rows that refer to them. */
    readonly child: string
    /** Columns that differ, but for those that are there to change, unless there are no others. */
    readonly columns: readonly string[]
    readonly keys: readonly KeyColumn[]
    readonly rows: number
  }[]
  /** Rows that belonged to some that come back, and that live has under another row of `parent` by now; absent where there are none. */
  readonly elsewhere?: readonly (TableRows & {
    readonly parent: string
    readonly via: string
    /** What they refer by, in the backup and in live; both empty where they are too many to be told apart. */
    readonly before: readonly (string | null)[]
    readonly now: readonly (string | null)[]
    /** What gives them back to the row that comes back. */
    readonly givesBack: GivesBack | null
  })[]
  readonly notInBackup: readonly TableKey[]
  /** What became of the rows that a statement hits, or a file of keys lists. */
  readonly coverage: readonly Coverage[]
  /** Selected rows that live holds unchanged. */
  readonly unchanged: readonly TableRows[]
  /** Links that live has already. */
  readonly alreadyLinked: readonly TableRows[]
  /** Missing rows behind keys that are not followed (`via`), and why; or, with `via` empty, that came only because of rows left out. */
  readonly alsoMissing: readonly MissingToo[]
  /** Values of columns live no longer has. */
  readonly lost: readonly { readonly table: string; readonly column: string; readonly values: number }[]
  readonly triggers: readonly PlanTrigger[]
  readonly sequences: readonly PlanSequence[]
  /** Columns of live that take their default, per table. */
  readonly defaults: readonly { readonly table: string; readonly column: string; readonly value: string }[]
  /** Columns of live, with their types, that may not take every value of the backup's type. */
  readonly narrower: readonly {
    readonly table: string
    readonly column: string
    readonly live: string
    readonly backup: string
  }[]
  /** Materialised views of live that read written tables, in an order to refresh them in. */
  readonly materialisedViews: readonly string[]
  /** Files that written rows name and that do not exist, by column: keys of the rows, and how many rows could not be told of. */
  readonly missingFiles: readonly {
    readonly table: string
    readonly column: string
    readonly keys: readonly string[]
    readonly unchecked: number
  }[]
  /** Updated rows that are moved aside first, because others take their unique values. */
  readonly aside: readonly Aside[]
  /** Tables whose inserted rows an undo could not delete as live is: what publishes deletes of them, or a plan of before's sentence. */
  readonly notUndoable: readonly { readonly table: string; readonly publication?: string; readonly why?: string }[]
  /** Rows are inserted that refer to others: those are locked until the run ends. */
  readonly locksParents: boolean
  /** Privileges, room and replication; null for a plan without steps, and for an undo. */
  readonly footprint: Footprint | null
  /** Bytes the written rows take as text, about. */
  readonly bytes: number
  /** Where the backup's rows stand, for tables that are not read as their names say. */
  readonly sources: Readonly<Record<string, TableSource>>
  /** Values that live gets instead of the backup's; `rows` are those in which they are others. `from` is a label. */
  readonly edits: readonly {
    readonly table: string
    readonly column: string
    readonly by: 'set' | 'map-enum' | 'transform'
    readonly from?: string
    readonly to?: string | null
    readonly rows: number
  }[]
  /** References by a type column that are not followed, from rows that come back or to them. */
  readonly notFollowed: readonly NotFollowed[]
  /** What the config file may have to say about the tables written, or somebody to do; absent in plans of before. */
  readonly notes?: readonly Note[]
  /** The sentences of it, in plans of before. */
  readonly hints?: readonly string[]
  /** Answers to conflicts, by conflict id. May be edited. */
  readonly answers: Readonly<Record<string, Answer>>
  /** The answers that the steps were made with. */
  readonly answered: Readonly<Record<string, Answer>>
  /** sha256 over everything but `answers` and `hash`. */
  readonly hash: string
}

/** How rows are restored to what they referred to: by the statement that took them away, or by a condition and the columns that are put back. */
export type GivesBack =
  | { readonly by: 'statement'; readonly statement: string }
  | { readonly by: 'columns'; readonly where: string; readonly columns: readonly string[] }

/** Why rows that are missing too do not come along: an option, or something about their table or their relation. */
export type MissingReason =
  | 'cannot be restored'
  | 'without'
  | 'bookkeeping'
  | 'links'
  | 'children'
  | 'emptied'
  | 'unhooked'
  | 'needed'
  | 'follows'

/** Missing rows that do not come along. */
export interface MissingToo extends TableRows {
  readonly via: string
  /** Absent in plans of before. */
  readonly reason?: MissingReason
  /** Where they cannot be restored. */
  readonly refusal?: TableRefusal
  /** Where they were not deleted with it. */
  readonly onDelete?: DeleteAction
  /** Where they belonged to rows that come back only because others need them. */
  readonly below?: NeededRows
  /** The sentence, in plans of before. */
  readonly why?: string
}

/** Rows that come back only because others need them; the first of their keys, as displayed. */
export interface NeededRows extends TableRows {
  readonly keys: readonly string[]
  /** What belonged to them was counted in the backup alone: some of it may be in live still. */
  readonly isAtMost: boolean
}

/** Hash over everything but the answers. */
export const hashPlan = (plan: object): string => {
  const { answers: _, hash: __, ...covered } = { answers: null, hash: null, ...plan }
  return createHash('sha256')
    .update(canonical(covered) ?? '')
    .digest('hex')
}

/** Conflicts that still need an answer. */
export const openConflicts = (plan: Plan): readonly Conflict[] =>
  plan.conflicts.filter(({ id }) => (plan.answers[id] ?? 'stop') === 'stop')

/** True when running the plan would write nothing. */
export const isEmpty = (plan: Plan): boolean => plan.steps.length === 0

/** Rows that are moved aside before others take their values. */
export interface Aside {
  readonly table: string
  readonly constraint: string
  /** The column that holds another value meanwhile; null where the constraint can wait. */
  readonly column: string | null
  readonly rows: number
}

/** Names in their order; a list of nothing but values, of which there may be millions, is left as it is. */
const sorted = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    return value.some((part) => typeof part === 'object' && part !== null) ? value.map(sorted) : value
  }
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
      .map(([name, part]) => [name, sorted(part)]),
  )
}

/** JSON with sorted keys, so that a reformatted file hashes the same. */
export const canonical = (value: unknown): string | undefined => JSON.stringify(sorted(value))
