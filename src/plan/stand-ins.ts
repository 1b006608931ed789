/** Live rows in the place of the backup's. */
import type { KeyColumn } from '../catalog/key-columns.ts'

/** Live rows that stand in for backup rows: references to them follow. */
export interface StandIns {
  readonly table: string
  /** `moved`: the row itself, which live has with other values in the columns referred to. */
  readonly why: 'match' | 'restored' | 'moved'
  readonly backup: readonly KeyColumn[]
  readonly live: readonly KeyColumn[]
}
