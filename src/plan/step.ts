/** One action on a set of rows, and what goes with it: stand-ins, triggers, sequences, footprint. Plain data. */
import type { Relation } from '../catalog/relations.ts'
import type { KeyColumn } from '../keys/key-columns.ts'
import type { Because } from '../selection/closure/members.ts'

/** One action on a set of rows of one table, for one reason. */
export interface Step {
  readonly action: 'insert' | 'update' | 'delete'
  readonly table: string
  readonly because: Because
  /** Relation the rows came by; null for selected rows. */
  readonly via: string | null
  /** Columns written. */
  readonly columns: readonly string[]
  readonly rows: number
  /** Backup keys, one column per identity column: a list of values, or, of many integers, the differences between them. */
  readonly keys: readonly KeyColumn[]
  /** Live keys of the rows, where they differ from the backup's (a row that stands in). */
  readonly live?: readonly KeyColumn[]
  /** Rows (by position) whose primary key is made anew; `all` of them. */
  readonly allocate?: readonly number[] | 'all'
  /** Digest of each live row to be updated, as the plan saw it. */
  readonly guards?: readonly string[]
  /** References emptied because of `--parents null`: columns and rows by position. */
  readonly nulled?: readonly { readonly columns: readonly string[]; readonly rows: readonly number[] }[]
  /** The reference stands at the column's default (SET DEFAULT), not at NULL. */
  readonly isAtDefault?: boolean
  /** Rows (by position) that were edited after their reference was emptied. */
  readonly editedSince?: readonly number[]
}

export interface PlanTrigger {
  readonly table: string
  readonly name: string
  readonly events: readonly string[]
  readonly reachesOutside: string | null
  /** False for one that `--triggers off` keeps from firing. */
  readonly fires: boolean
}

export interface PlanSequence {
  readonly table: string
  readonly column: string
  /** Qualified name; null for `max + 1` under a lock on the table. */
  readonly sequence: string | null
  readonly allocates: number
  /** What it hands out next as live is, and after the run; null where that is not known beforehand. */
  readonly next?: string
  readonly after?: string | null
}

/** A relation that rows of the plan came by. */
export type PlanRelation = Pick<Relation, 'id' | 'child' | 'columns' | 'parent' | 'parentColumns'>

/** Privileges, and the objects they are used on. */
export interface UsedPrivilege {
  /** `select, insert`, `update (gallery_id)` */
  readonly privilege: string
  readonly kind: 'table' | 'sequence' | 'database'
  readonly on: readonly string[]
}

/** A publication with the written tables in it; only actions it publishes count. */
export interface PublishedTables {
  readonly publication: string
  readonly tables: readonly string[]
}

/** A standby, or a logical slot of this database. */
export interface Follower {
  readonly kind: 'standby' | 'slot'
  readonly name: string
  /** `async`, `sync`; for a slot its plugin. */
  readonly how: string
}

export interface Footprint {
  readonly privileges: readonly UsedPrivilege[]
  /** Bytes in temporary tables, about. */
  readonly stage: number
  /** Bytes of write-ahead log, about; full-page images come on top. */
  readonly wal: number
  readonly publications: readonly PublishedTables[]
  readonly followers: readonly Follower[]
}

/** Live rows that stand in for backup rows: references to them follow. */
export interface StandIns {
  readonly table: string
  /** `renamed`, `moved`: the row itself, which live has under another key, or with other values in the columns referred to. */
  readonly why: 'match' | 'restored' | 'renamed' | 'moved'
  readonly backup: readonly KeyColumn[]
  readonly live: readonly KeyColumn[]
}

/** What a plan takes of live. */
export interface PlanUse {
  readonly steps: readonly Step[]
  readonly standIns: readonly Pick<StandIns, 'table'>[]
  readonly sequences: readonly PlanSequence[]
}
