/** One row: the server's text per column, null for NULL. */
export type Row = readonly (string | null)[]

/** What a statement came back with: the command tag's word, its row count, and rows if it returns any. */
export interface Outcome {
  readonly command: string
  readonly count: number
  readonly rows: readonly Row[]
}
