/**
 * States of rows already asked for: one planning reads each row's state once.
 *
 * A row whose key is made of references is only as much the same row as its parents are. Where a parent's key belongs to another
 * record in live, so does everything live holds below that key: a line of the backup's order 7 is not live's line of another order 7.
 * Such rows are `reused`, unless live's row stands in for that very parent under the same key. The same where the parent's rows are
 * recognised by other columns than those the key is made of, and live has other values in these; and for rows that hold nothing but
 * references, places and states: that live's row is equal is no proof that it is the same. And for rows that have other values in live,
 * but still refer to what they would have gone with.
 */
import type { Relation } from '../catalog/relations.ts'
import { hasSurrogate, type SharedTable } from '../catalog/shared.ts'
import { findMoved } from './moved.ts'
import { findNeverAmong } from './never.ts'
import { isBelow, isMadeOf } from './records/content.ts'
import { readParents } from './references.ts'
import { JudgedStates, RowStates, type StatesByKey } from './row-states.ts'
import type { Sides } from './sides.ts'
import { type RowState, readStates } from './states.ts'

/** A row whose key is, or may turn out to be, another record's in live; packed. */
export interface Owner {
  readonly table: string
  readonly key: string
  /** What rows refer to it by. */
  readonly via: Relation
  /** Live has it with other values: only an answer says that it is another record. */
  readonly isChanged: boolean
  /** The row is what it is by this one alone. */
  readonly isAll: boolean
}

/** Rows already decided upon, packed, per table; they may grow. */
export interface DecidedKeys {
  /** Reused rows whose live namesake stands in for them. */
  readonly inPlace: ReadonlyMap<string, ReadonlySet<string>>
  /** Rows that are to come back beside those that live has for them. */
  readonly beside: ReadonlyMap<string, ReadonlySet<string>>
}

export const nothingDecided: DecidedKeys = { inPlace: new Map(), beside: new Map() }

const missing: RowState = { state: 'missing' }

/** Live has a row of this key: as it was, changed, or marked as deleted. */
const isHeld = ({ state }: RowState): boolean => state === 'same' || state === 'changed' || state === 'deleted'

export class StateCache {
  readonly #sides: Sides
  readonly #decided: DecidedKeys
  /** What was read elsewhere, and is not written to. */
  readonly #adopted = new Map<string, StatesByKey>()
  readonly #known = new Map<string, RowStates>()
  readonly #never = new Map<string, Set<string>>()
  readonly #owners = new Map<string, Map<string, readonly Owner[]>>()

  constructor(sides: Sides, decided: DecidedKeys) {
    this.#sides = sides
    this.#decided = decided
  }

  /** States of the keys given, as things stand. */
  async read(table: SharedTable, keys: readonly string[]): Promise<ReadonlyMap<string, RowState>> {
    const states = new Map<string, RowState>()
    const unknown: string[] = []
    for (const key of keys) {
      if (states.has(key)) continue
      const known = this.#find(table.id, key)
      if (known === undefined) unknown.push(key)
      states.set(key, known ?? missing)
    }
    if (unknown.length > 0) {
      const read = await readStates(this.#sides, table, unknown)
      await this.seed(table, read)
      for (const [key, state] of read) states.set(key, state)
    }
    if (this.#owners.has(table.id) || this.#decided.beside.has(table.id)) {
      for (const [key, state] of states) states.set(key, this.#judge(table.id, key, state))
    }
    return states
  }

  /** The states of the rows given, which are known, as things stand when they are read. */
  judged(table: SharedTable, rows: StatesByKey): StatesByKey {
    return new JudgedStates(rows, (key, read) => this.#judge(table.id, key, this.#find(table.id, key) ?? read))
  }

  /** As `seed`, for states that stay as they are: they are not copied. */
  async adopt(table: SharedTable, states: StatesByKey): Promise<void> {
    if (this.#adopted.has(table.id)) return this.seed(table, states)
    this.#adopted.set(table.id, states)
    await this.#learn(table, states)
  }

  /** Takes over states that were read elsewhere. */
  async seed(table: SharedTable, states: StatesByKey): Promise<void> {
    const known = this.#of(table.id)
    for (const [key, state] of states) known.set(key, state)
    await this.#learn(table, states)
  }

  async #learn(table: SharedTable, states: StatesByKey): Promise<void> {
    const present: string[] = []
    for (const [key, state] of states) {
      if (isHeld(state)) present.push(key)
    }
    const never = this.#never.get(table.id) ?? new Set<string>()
    for (const key of await findNeverAmong(this.#sides, table, states)) never.add(key)
    this.#never.set(table.id, never)
    if (present.length > 0) await this.#findOwners(table, present)
  }

  /** True for a row, among those read, that must not come back. */
  isNever(table: string, key: string): boolean {
    return this.#never.get(table)?.has(key) ?? false
  }

  /** Rows that live has with other values, and without which a row, among those read, would not be what it is. */
  changedOwners(table: string, key: string): readonly Owner[] {
    return (
      this.#owners
        .get(table)
        ?.get(key)
        ?.filter(({ isChanged, isAll }) => isChanged && isAll) ?? []
    )
  }

  /** What is known about a row has changed. */
  set(table: string, key: string, state: RowState): void {
    this.#of(table).set(key, state)
  }

  #find(table: string, key: string): RowState | undefined {
    return this.#known.get(table)?.get(key) ?? this.#adopted.get(table)?.get(key)
  }

  #of(table: string): RowStates {
    const known = this.#known.get(table) ?? new RowStates(this.#sides.keys.of(table))
    this.#known.set(table, known)
    return known
  }

  #judge(table: string, key: string, state: RowState): RowState {
    const { inPlace, beside } = this.#decided
    if (/^(changed|restored|deleted)$/.test(state.state) && beside.get(table)?.has(key)) {
      return { state: 'reused', columns: 'columns' in state ? state.columns : [] }
    }
    const isAnother = (owner: Owner): boolean =>
      owner.isChanged
        ? beside.get(owner.table)?.has(owner.key) === true
        : inPlace.get(owner.table)?.has(owner.key) !== true
    return this.#owners.get(table)?.get(key)?.some(isAnother) ? { state: 'reused', columns: [] } : state
  }

  /** Finds the reused rows that the keys of these rows are made of, and those that a changed row would have gone with. */
  async #findOwners(table: SharedTable, keys: readonly string[]): Promise<void> {
    for (const relation of this.#sides.catalog.relations) {
      const parent = this.#sides.catalog.tables.get(relation.parent)
      if (relation.child !== table.id || parent === undefined || parent === table || parent.identity.length === 0)
        continue
      const isAll = isMadeOf(table, relation)
      // Live's row still refers as in the backup; and where that is not all that it is, it has changed in other columns.
      const owned = keys.filter((key) => {
        const state = this.#find(table.id, key)
        return state?.state === 'changed' ? !state.columns.some((name) => relation.columns.includes(name)) : isAll
      })
      if (owned.length === 0 || !(isAll || isBelow(relation))) continue
      const { rows } = await readParents(this.#sides, { relation, child: table }, owned)
      const parents = [...new Set(rows.map(({ other }) => other))]
      const states = await this.read(parent, parents)
      const isBySurrogate =
        hasSurrogate(parent) && relation.parentColumns.some((name) => !parent.identity.includes(name))
      const moved = await findMoved(this.#sides, parent, { columns: relation.parentColumns, keys: parents })
      for (const { key, other } of rows) {
        const { state } = this.#find(parent.id, other) ?? missing
        // A surrogate that moved, or went: in live it may be anybody's.
        const isElsewhere = moved.has(other) || (isBySurrogate && states.get(other)?.state === 'missing')
        const isChanged = state === 'changed' && !isElsewhere
        const own =
          state === 'reused' || isElsewhere || isChanged
            ? [{ table: parent.id, key: other, via: relation, isChanged, isAll }]
            : []
        // A parent that is another record is all there is to know.
        const above = own.some((owner) => !owner.isChanged) ? [] : (this.#owners.get(parent.id)?.get(other) ?? [])
        const owners = this.#owners.get(table.id) ?? new Map<string, readonly Owner[]>()
        this.#owners.set(table.id, owners)
        const all = [...(owners.get(key) ?? []), ...own, ...above]
        if (all.length > 0) owners.set(key, all)
      }
    }
  }
}
