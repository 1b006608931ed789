/** What a probe finds about one backup row, and how it is told to go on. Plain data. */

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

/** A flag that settles a finding beside the answers, and what it does. */
export interface Help {
  readonly flag: string
  readonly does: string
}

/** What a probe found about one backup row. */
export interface Finding {
  readonly kind: FindingKind
  readonly table: string
  readonly key: string
  readonly constraint: string | null
  readonly columns: readonly string[]
  readonly values: readonly (string | null)[]
  readonly live: readonly string[]
  /** Answers that make sense for this very row. */
  readonly possible: readonly Answer[]
  readonly detail?: string
  /** What the index compares, where that is not the columns themselves: `lower(email)`. */
  readonly expressions?: readonly string[]
  /** For several live rows: each constraint with its own. */
  readonly parts?: readonly FindingPart[]
  readonly helps?: readonly Help[]
  /** For a changed parent: of how many columns that tell records apart `columns` differ. */
  readonly of?: number
  /** For a changed parent: how many rows of which tables would come to refer to it. */
  readonly uses?: readonly { readonly table: string; readonly rows: number }[]
  /** For a changed parent: live's row is marked as deleted, and would lose the mark. */
  readonly isRevived?: boolean
  /** For a trigger: it fires with triggers off too. */
  readonly firesAlways?: boolean
  /** What holds where nobody has answered; else `stop`. */
  readonly otherwise?: Answer
}

/** Decides findings. Planning goes round until nothing changes; open conflicts are found again in each round. */
export interface Decider {
  /** One of the possible answers, or `stop`. */
  decide(finding: Finding): Answer
  nextRound(): void
}
