/** Rows that stay out, and why: a kind with its facts. `format/` makes the sentences of them. */

import type { Hidden, TableRefusal } from '../catalog/refusal/refusal.ts'

/** Names and keys are as displayed. A reason in a plan of before has a sentence instead of a refusal's facts. */
export type LeftOutReason =
  /** A link's other end will not be in live. */
  | { readonly kind: 'end gone'; readonly table: string; readonly key: string; readonly canPull: boolean }
  /** A link's other end is gone from live, and the config file bars it. */
  | { readonly kind: 'end barred'; readonly table: string; readonly key: string }
  | { readonly kind: 'end hidden'; readonly table: string; readonly because?: Hidden; readonly hidden?: string }
  /** Nobody can say which rows of the table they are; some belong to rows of the parent: so many, where those are gone from live. */
  | {
      readonly kind: 'cannot be compared'
      readonly parent: string
      readonly because?: TableRefusal
      readonly refusal?: string
      readonly rows?: number
    }
  | { readonly kind: 'cannot be restored'; readonly because?: TableRefusal; readonly refusal?: string }
  | { readonly kind: 'never' }
  | { readonly kind: 'marked in the backup' }
  | { readonly kind: 'dropped by its transform' }
  /** Columns are to be restored, and live does not have the row. */
  | { readonly kind: 'no row for columns' }
  /** An UPDATE hit it, and live does not have it as itself any more; `live` is the key under which it was restored. */
  | { readonly kind: 'hit and missing' }
  | { readonly kind: 'hit and reused' }
  | { readonly kind: 'hit and doubtful'; readonly columns: readonly string[] }
  | { readonly kind: 'hit and restored'; readonly live: string }
  /** Live's row of its parent's key was answered not to be it. */
  | { readonly kind: 'parent refused'; readonly table: string; readonly key: string }
  /** What is missing below it was asked for, and live's row of its key is not it. */
  | { readonly kind: 'anchor refused' }
  /** Live has its key with other values. */
  | { readonly kind: 'looks like another'; readonly columns: readonly string[]; readonly canComeBeside: boolean }
  /** A survivor that `--relink none` leaves as it is. */
  | { readonly kind: 'relink none'; readonly columns: readonly string[]; readonly isDefault: boolean }
  /** A survivor of which it is not known that the deletion emptied it. */
  | { readonly kind: 'not relinked'; readonly columns: readonly string[]; readonly because: UnlinkedBecause }

export type UnlinkedBecause = 'at its default' | 'another record' | 'empty before' | 'written since'

/** Something asked for, or hanging together with it, that stays out. */
export interface LeftOut {
  readonly table: string
  /** `*` where it is not known which rows. */
  readonly key: string
  readonly reason: LeftOutReason
}
