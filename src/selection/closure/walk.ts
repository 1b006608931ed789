/** What is known while edges are followed: rows reached, rows put off, rows that stay out. */
import type { Relation } from '../../catalog/relations.ts'
import type { SharedTable } from '../../catalog/shared.ts'
import type { Referring } from '../../rows/references.ts'
import type { Sides } from '../../rows/sides.ts'
import type { StateCache } from '../../rows/state-cache.ts'
import { isGone, isPresent, type RowState } from '../../rows/states.ts'
import type { LeftOut, LeftOutReason } from '../left-out.ts'
import type { MissingParent } from '../missing-parent.ts'
import type { Elsewhere } from './elsewhere.ts'
import { type Because, type Mark, Members } from './members.ts'
import type { ClosureOptions } from './options.ts'
import type { Survivor } from './survivors.ts'

/** A row of the closure that needs a parent nobody has, or that may not be brought along. */
export interface Orphan {
  readonly relation: Relation
  readonly key: string
  readonly parent: MissingParent
  /** The backup has the parent, and nothing but the option stands against bringing it back. */
  readonly isHad?: boolean
}

/** A row of the closure whose parent live has with other values, and was answered not to be it; keys are packed. */
export interface RefusedParent {
  readonly relation: Relation
  readonly key: string
  readonly parent: string
}

/** A lost link that waits for its ends. */
export interface Link {
  readonly table: SharedTable
  readonly key: string
  readonly via: Relation
  readonly from: string
  readonly state: RowState | undefined
}

/** Rows that come to refer to parents that live has, but not as they were or not under their keys, or that come below them. */
export interface Attachment {
  readonly via: Relation
  /** The table of the rows. */
  readonly child: string
  /** How many of them there are, by the parent's packed key. */
  readonly rows: ReadonlyMap<string, number>
}

/** A live row that has the value which others refer to a lost one by. */
export interface ByValue {
  /** Packed. */
  readonly liveKey: string
  /** What it was found by. */
  readonly columns: readonly string[]
}

/** Rows already decided upon, packed, per table. */
export interface DecidedRows {
  /** Treated as not to be had. */
  readonly excluded: ReadonlyMap<string, ReadonlySet<string>>
  /** A live row stands in for them: their children come along, their own parents are not needed. */
  readonly matched: ReadonlyMap<string, ReadonlySet<string>>
  /** Live has them with other values, and nothing may be attached to those. */
  readonly refused: ReadonlyMap<string, ReadonlySet<string>>
}

/** How rows come along. */
export interface Coming {
  readonly mark: Mark
  readonly because: Because
  readonly via: Relation
  readonly states: ReadonlyMap<string, RowState>
}

/** What a walk goes by. */
export interface WalkTerms {
  readonly sides: Sides
  readonly options: ClosureOptions
  readonly decided: DecidedRows
  readonly states: StateCache
  /** Tables, by id, all of whose rows live is known to have: nobody looks for parents there. */
  readonly present?: ReadonlySet<string>
}

/** One walk along the edges. */
export class Walk {
  readonly sides: Sides
  readonly options: ClosureOptions
  readonly decided: DecidedRows
  readonly states: StateCache
  readonly present: ReadonlySet<string>
  readonly members = new Map<string, Members>()
  readonly standIns = new Map<string, Map<string, string>>()
  readonly survivors: Survivor[] = []
  readonly leftOut = new Map<string, LeftOut>()
  /** Packed keys of lost rows behind keys that are not followed; some may come along by another way. */
  readonly behind = new Map<Relation, string[]>()
  readonly orphans: Orphan[] = []
  readonly refusedParents: RefusedParent[] = []
  readonly nulled = new Map<Relation, string[]>()
  readonly met = new Map<string, Set<string>>()
  readonly linked = new Map<string, Set<string>>()
  readonly attached = new Map<string, Attachment & { readonly rows: Map<string, number> }>()
  /** Lost parents, packed, whose values that others refer to live has in other rows. */
  readonly byValue = new Map<string, Map<string, ByValue>>()
  /** Rows that went with their parent, packed, and that live has with other values all the same, per table. */
  readonly namesakes = new Map<string, Set<string>>()
  /** Rows that live has under other parents by now. */
  readonly elsewhere = new Map<string, Elsewhere>()
  links: Link[] = []

  constructor({ sides, options, decided, states, present = new Set() }: WalkTerms) {
    this.sides = sides
    this.options = options
    this.decided = decided
    this.states = states
    this.present = present
  }

  membersOf(table: string): Members {
    const known = this.members.get(table)
    if (known !== undefined) return known
    const made = new Members(this.sides.keys, table)
    this.members.set(table, made)
    return made
  }

  isExcluded(table: string, key: string): boolean {
    return (this.decided.excluded.get(table)?.has(key) ?? false) || this.states.isNever(table, key)
  }

  /** True where the row may not be restored, whatever needs it. */
  isBarred(table: SharedTable, key: string): boolean {
    // What goes by its name, and live does not have, a migration makes.
    const isMade = this.sides.catalog.named.get(table.id)?.get(key)?.live === null
    return isMade || this.isExcluded(table.id, key) || this.options.without.has(table.id) || table.refusal !== null
  }

  /** True for a row that is inserted: live does not have it. */
  isGone(table: SharedTable, key: string): boolean {
    const members = this.members.get(table.id)
    return members?.isInserted(key) === true && !members.deleted.has(key)
  }

  /** Of the rows given, those that will be in live when the run is over. */
  async isThere(table: SharedTable, keys: readonly string[]): Promise<ReadonlySet<string>> {
    const members = this.members.get(table.id)
    const open = keys.filter((key) => !members?.has(key))
    const states = await this.states.read(table, open)
    return new Set(
      keys.filter((key) => members?.has(key) || isPresent(states.get(key)) || states.get(key)?.state === 'restored'),
    )
  }

  /** Somebody has said that live's row, or one above it without which it would not be there, is not the backup's. */
  isRefused(table: SharedTable, key: string): boolean {
    const { refused } = this.decided
    const isOut = (owner: { readonly table: string; readonly key: string }): boolean =>
      refused.get(owner.table)?.has(owner.key) === true
    return isOut({ table: table.id, key }) || this.states.changedOwners(table.id, key).some(isOut)
  }

  /** A table with rows that have not been expanded yet. */
  get pending(): SharedTable | undefined {
    for (const [id, members] of this.members) if (members.hasPending) return this.sides.catalog.tables.get(id)
    return undefined
  }

  /** Says why a row, as displayed, stays out. */
  leaveOut({ id }: SharedTable, key: string, reason: LeftOutReason): void {
    this.leftOut.set(`${id}\0${key}`, { table: id, key, reason })
  }

  nullOut(relation: Relation, key: string): void {
    const known = this.nulled.get(relation)
    if (known === undefined) this.nulled.set(relation, [key])
    else known.push(key)
  }

  /** Notes that a row of `child` comes to refer to a parent that live does not have as it was, or comes below it. */
  attach(via: Relation, child: string, parent: string): void {
    const name = `${via.id}\0${child}`
    const known = this.attached.get(name) ?? { via, child, rows: new Map<string, number>() }
    this.attached.set(name, known)
    known.rows.set(parent, (known.rows.get(parent) ?? 0) + 1)
  }

  /** The same of a lost parent whose value that is referred to live has in another row. */
  attachByValue(via: Relation, child: string, { parent, liveKey }: { parent: string; liveKey: string }): void {
    const known = this.byValue.get(via.parent) ?? new Map<string, ByValue>()
    this.byValue.set(via.parent, known.set(parent, { liveKey, columns: via.parentColumns }))
    this.attach(via, child, parent)
  }

  standIn(table: string, key: string, liveKey: string): void {
    const known = this.standIns.get(table) ?? new Map<string, string>()
    this.standIns.set(table, known.set(key, liveKey))
  }

  /** Adds `other` of each row; `key` is the row it comes because of. */
  add(table: SharedTable, rows: readonly Referring[], { mark, because, via, states }: Coming): void {
    const members = this.membersOf(table.id)
    for (const { key, other } of rows) {
      members.add(other, mark, { because, via, from: key })
      note(members, other, states.get(other))
    }
  }
}

/** Adds a row to a set per table. */
export const addKey = (sets: Map<string, Set<string>>, table: string, key: string): void => {
  sets.set(table, (sets.get(table) ?? new Set()).add(key))
}

/** Deleted in the backup already: not what went with its parent. */
export const wasMarked = (state: RowState | undefined): boolean => isGone(state) && state.isMarked === true

/** Notes on a member what live holds of it. */
export const note = (members: Members, key: string, state: RowState | undefined): void => {
  if (state?.state === 'reused') members.reused.add(key)
  if (state?.state === 'deleted') members.deleted.add(key)
}
