/** Parents that rows need and that are not to be had: why, as a kind with its facts. */

import type { Hidden, TableRefusal } from '../catalog/refusal/refusal.ts'

/** Why a parent is not to be had. */
export type Lacking =
  /** Nobody can look at its table. */
  | { readonly kind: 'hidden'; readonly refusal: Hidden }
  | { readonly kind: 'nowhere' }
  /** Live does not have it, and the backup has no rows of its table. */
  | { readonly kind: 'without rows' }
  /** Live does not have it, and the backup lacks these columns of its table, or, where there are none, the table. */
  | { readonly kind: 'only in live'; readonly columns: readonly string[] }
  | { readonly kind: 'left out' }
  /** It is gone from live, and the config file bars it. */
  | { readonly kind: 'barred' }
  /** It is gone from live, and `--parents` or `--without` leaves it there. */
  | { readonly kind: 'option'; readonly option: 'parents stop' | 'parents null' | 'without' }
  | { readonly kind: 'cannot be restored'; readonly refusal: TableRefusal }
  /** A migration makes it, under this name. */
  | { readonly kind: 'of a migration'; readonly name: string }

export interface MissingParent {
  readonly table: string
  /** As displayed; null where nobody could look which it is. */
  readonly key: string | null
  readonly because: Lacking
}
