/** What there is to know of a table beside its columns and relations: kinds with their facts, which `format/` words. */
import type { LikelyMove } from '../catalog/conventions/suggestions.ts'
import type { Drift } from '../catalog/drift.ts'
import type { TypedSuggestion } from '../rows/typed-rows.ts'

export type TableNote =
  | Drift
  /** Live has a table that it may be, under another name. */
  | ({ readonly kind: 'looks moved' } & Pick<LikelyMove, 'to' | 'line'>)
  /** A column that looks as if it marked rows as deleted. */
  | { readonly kind: 'soft delete'; readonly table: string; readonly column: string }
  | ({ readonly kind: 'typed reference' } & TypedSuggestion)
  /** A junction table whose pairs no key holds to be unique: they are now, and nothing keeps them so. */
  | { readonly kind: 'not held'; readonly columns: readonly string[] }
  /** The backup's table is unlogged. */
  | { readonly kind: 'unlogged' }
