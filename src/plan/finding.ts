/** What a probe finds about one backup row, and how it is told to go on. Plain data: `format/` makes the sentences. */
import type { MissingParent } from '../selection/missing-parent.ts'

export const answers = ['stop', 'skip', 'match', 'overwrite', 'attach', 'allocate'] as const

/** The choice taken for a conflict. */
export type Answer = (typeof answers)[number]

export type FindingKind =
  | 'key taken'
  | 'unique taken'
  | 'unique twice'
  | 'exclusion'
  | 'several live rows'
  | 'missing parent'
  | 'changed'
  | 'parent changed'
  | 'looks restored'
  | 'edited since'
  | 'enum label'
  | 'large object'
  | 'partition'
  | 'triggers'

/** One constraint of several that live rows stand in the way of. */
export interface FindingPart {
  readonly constraint: string
  readonly isExclusion: boolean
  readonly columns: readonly string[]
  readonly values: readonly (string | null)[]
  readonly live: readonly string[]
}

/** What settles a finding beside the answers: a flag, or a setting of the config file. */
export type Help =
  /** Every restored row gets another value in the column. */
  | { readonly kind: 'value'; readonly column: string }
  /** Each row gets a value of its own there. */
  | { readonly kind: 'transform'; readonly column: string }
  /** The column is left empty in every restored row. */
  | { readonly kind: 'empty'; readonly column: string }
  /** The column of its parent that live wants and the backup lacks gets a value. */
  | { readonly kind: 'parent value'; readonly table: string; readonly column: string }
  | { readonly kind: 'restore parents' }
  | { readonly kind: 'null parents'; readonly columns: readonly string[] }
  /** Another label is written, one of those that live has. */
  | { readonly kind: 'map label'; readonly column: string; readonly label: string; readonly labels: readonly string[] }
  /** Rows of the table are recognised by other columns. */
  | { readonly kind: 'identity' }

/** What is in the way of a row: a kind with its facts. Rows and keys are as displayed. */
export interface InTheWay {
  readonly kind: FindingKind
  /** Constraint, index, partition or trigger, where one is concerned. */
  readonly constraint: string | null
  /** Columns of the constraint with the backup's values. */
  readonly columns: readonly string[]
  readonly values: readonly (string | null)[]
  /** The live rows in the way. */
  readonly live: readonly string[]
  /** What the index compares, where that is not the columns themselves: `lower(email)`. */
  readonly expressions?: readonly string[]
  /** For several live rows: each constraint with its own. */
  readonly parts?: readonly FindingPart[]
  /** For a unique value that is wanted twice: the row of the plan that gets it. */
  readonly other?: string
  readonly parent?: MissingParent
  /** For an enum label: those of each column that live lacks. */
  readonly labels?: readonly (readonly string[])[]
  /** For a large object: whether live has one of that number, per column. */
  readonly isThere?: readonly boolean[]
  /** For a changed parent: of how many columns that tell records apart `columns` differ. */
  readonly of?: number
  /** For a changed parent: how many rows of which tables would come to refer to it. */
  readonly uses?: readonly { readonly table: string; readonly rows: number }[]
  /** For a changed parent: live's row is marked as deleted, and would lose the mark. */
  readonly isRevived?: boolean
  /** For a trigger: by what it reaches outside the database. */
  readonly reachesOutside?: string
  /** For a trigger: it fires with triggers off too. */
  readonly firesAlways?: boolean
  /** For a row that looks restored: somebody changed its key in live. */
  readonly isRenamed?: boolean
}

/** What a probe found about one backup row. */
export interface Finding extends InTheWay {
  readonly table: string
  readonly key: string
  /** Answers that make sense for this very row. */
  readonly possible: readonly Answer[]
  readonly helps?: readonly Help[]
  /** What holds where nobody has answered; else `stop`. */
  readonly otherwise?: Answer
}

/** Decides findings. Planning goes round until nothing changes; open conflicts are found again in each round. */
export interface Decider {
  /** One of the possible answers, or `stop`. */
  decide(finding: Finding): Answer
  nextRound(): void
}
