/** Live rows in the place of the backup's. */

/** Live rows that stand in for backup rows: references to them follow. */
export interface StandIns {
  readonly table: string
  /** `moved`: the row itself, which live has with other values in the columns referred to. */
  readonly why: 'match' | 'restored' | 'moved'
  readonly backup: readonly (readonly string[])[]
  readonly live: readonly (readonly string[])[]
}
