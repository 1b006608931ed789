/** One row as it is looked at side by side. */
import type { Rowgraft } from '../../index.ts'

type Shown = Awaited<ReturnType<Rowgraft['show']>>

/** A row of both sides, its relations, and what the rows it refers to are called. */
export interface RowDetails {
  readonly table: string
  /** Key as typed. */
  readonly key: string
  readonly shown: Shown
  /** Labels of parents by column: `Ola Berg`. */
  readonly labels: Readonly<Record<string, string>>
  /** Where the columns lead, to follow them. */
  readonly parents: readonly { readonly columns: readonly string[]; readonly table: string; readonly key: string }[]
}
