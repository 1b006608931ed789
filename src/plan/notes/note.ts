/** What the config file may have to say about the tables written, or somebody may have to do: kinds with their facts. `format/` words them. */
import type { LikelyRename } from '../../catalog/conventions/suggestions.ts'

/** A column, and its type. */
export interface TypedColumn {
  readonly column: string
  readonly type: string
}

export type Note =
  | ({ readonly kind: 'looks renamed' } & LikelyRename)
  /** Keys of the table change, and columns that nothing says refer to it may hold old ones. */
  | {
      readonly kind: 'unfollowed keys'
      readonly table: string
      readonly columns: readonly (TypedColumn & { readonly table: string })[]
    }
  /** Values that speak of the server they come from. */
  | { readonly kind: 'server bound'; readonly table: string; readonly columns: readonly TypedColumn[] }
  /** Columns in which an application keeps a tree. */
  | {
      readonly kind: 'tree'
      readonly table: string
      readonly columns: readonly string[]
      readonly tree: 'nested sets' | 'paths'
    }
  /** An undo leaves rows there that triggers of the run wrote: an audit, a ledger. */
  | { readonly kind: 'trigger rows'; readonly table: string }
  /** Columns that may count rows which come back. */
  | { readonly kind: 'counts'; readonly table: string; readonly columns: readonly string[] }
  /** The table lacks an index on what refers to inserted rows; `columns` as SQL has them. */
  | {
      readonly kind: 'unindexed'
      readonly table: string
      readonly columns: string
      readonly parent: string
      readonly rows: number
    }
