/** What a probe finds about one backup row, and how it is told to go on. Plain data. */

/** The choice taken for a conflict. */
export type Answer = 'stop' | 'skip' | 'match' | 'overwrite' | 'allocate'

export type FindingKind =
  | 'key taken'
  | 'unique taken'
  | 'exclusion'
  | 'several live rows'
  | 'missing parent'
  | 'changed'
  | 'looks restored'
  | 'edited since'
  | 'enum label'
  | 'triggers'

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
}

/** Decides findings. Planning goes round until nothing changes; open conflicts are found again in each round. */
export interface Decider {
  /** One of the possible answers, or `stop`. */
  decide(finding: Finding): Answer
  nextRound(): void
}
