/** Why rows of a table cannot be looked at, compared or restored: a kind with its facts, which `format/` words. Pure. */
import { RowgraftError } from '../../errors.ts'

export type SideName = 'live' | 'the backup'

/** Why rows of a table cannot all be seen, or not be found again. */
export type Hidden =
  /** The dump was made without them. */
  | { readonly kind: 'without rows'; readonly side: SideName }
  | { readonly kind: 'row security'; readonly side: SideName }
  | {
      readonly kind: 'no select'
      readonly side: SideName
      readonly table: string
      readonly columns: readonly string[]
      readonly user: string
    }
  /** The type of a column of the key cannot be named without this grant. */
  | { readonly kind: 'no type'; readonly grant: string; readonly column: string }
  /** Rows cannot be looked up by a type of an extension. */
  | { readonly kind: 'own equality'; readonly of: 'key' | 'reference'; readonly column: string; readonly type: string }

/** Rows that columns do not tell apart, on one side. */
export interface Flaws {
  readonly side: SideName
  /** Rows in which one of the columns is NULL. */
  readonly empty: number
  /** Rows whose values another row has as well. */
  readonly twice: number
}

/** Why no row of a table can be restored. */
export type TableRefusal =
  | Hidden
  | { readonly kind: 'excluded' }
  /** What the config file takes for a key does not tell rows apart. */
  | {
      readonly kind: 'no such key'
      readonly as: 'identity' | 'junction' | 'reference'
      readonly columns: readonly string[]
      readonly flaws: readonly Flaws[]
    }
  /** NOT NULL in live without a default, and not in the backup. */
  | { readonly kind: 'required column'; readonly column: string }
  | { readonly kind: 'other type'; readonly column: string; readonly live: string; readonly backup: string }
  | {
      readonly kind: 'other attributes'
      readonly column: string
      readonly live: readonly string[]
      readonly backup: readonly string[]
    }
  | { readonly kind: 'subscription'; readonly subscription: string }
  | { readonly kind: 'rule' }
  | { readonly kind: 'period'; readonly constraint: string }
  | { readonly kind: 'nothing in common' }
  | { readonly kind: 'no key' }
  | { readonly kind: 'other key'; readonly live: readonly string[]; readonly backup: readonly string[] }
  | { readonly kind: 'key on one side' }

/** What has no rows of its own to be written. */
export type Computed = 'foreign' | 'materialised' | 'view'

/** Why something that is no table of both sides cannot be restored. */
export type OtherRefusal =
  | { readonly kind: 'not in the backup' | 'not in live' | Computed }
  | { readonly kind: 'no usage'; readonly schema: string; readonly user: string }

/** A table cannot be restored, or not be compared: why is its detail. */
export class RefusedError extends RowgraftError {
  readonly refusal: TableRefusal | OtherRefusal | null

  constructor(
    code: 'not-restorable' | 'plan-stale' | 'bad-file',
    message: string,
    { refusal, hint }: { readonly refusal: TableRefusal | OtherRefusal | null; readonly hint: string | undefined },
  ) {
    super(code, message, { hint })
    this.refusal = refusal
  }
}
