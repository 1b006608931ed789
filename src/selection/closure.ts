/**
 * The edge-follower: from the selected rows to everything that must or may come along, set by set.
 *
 * Each row carries one of two marks, needed (a parent) < whole (selected, and what follows from it). A row promoted to whole is
 * expanded again; so each row moves at most twice, and any graph terminates. One round expands all new rows of one table with one
 * query per relation and batch. Links are judged last, when it is known which ends exist, and again when they brought rows along.
 */

import { isReadable } from '../catalog/drift.ts'
import type { Relation } from '../catalog/relations.ts'
import { batchSize, displayKey, inBatches } from '../catalog/row.ts'
import type { SharedTable } from '../catalog/shared.ts'
import type { Sides } from '../diff/sides.ts'
import type { RowState } from '../diff/states.ts'
import { type ClosureOptions, isFollowed } from './closure-options.ts'
import { type Because, type Mark, Members } from './members.ts'
import { findByValue, hasChildren, type Referring, readChildren, readParents, readReferring } from './references.ts'
import type { Resolved } from './resolve.ts'
import type { StateCache } from './state-cache.ts'
import { readSurvivors, type Survivor } from './survivors.ts'

/** Something asked for, or hanging together with it, that stays out, and why. */
export interface LeftOut {
  readonly table: string
  /** `*` where it is not known which rows. */
  readonly key: string
  readonly why: string
  /** The row whose absence keeps it out, if one does. */
  readonly other?: { readonly table: string; readonly key: string }
}

/** A row of the closure that needs a parent nobody has, or that may not be brought along. */
export interface MissingParent {
  readonly relation: Relation
  readonly key: string
  readonly why: string
  /** The backup has the parent, and nothing but the option stands against bringing it back. */
  readonly isHad?: boolean
}

export interface Closure {
  readonly members: ReadonlyMap<string, Members>
  /** Live rows that stand in for rows restored earlier: backup key -> live key, packed, per table. */
  readonly standIns: ReadonlyMap<string, ReadonlyMap<string, string>>
  readonly survivors: readonly Survivor[]
  readonly leftOut: readonly LeftOut[]
  /** Missing rows behind keys that are not followed. */
  readonly alsoMissing: ReadonlyMap<Relation, number>
  readonly missingParents: readonly MissingParent[]
  /** Rows whose reference is emptied because of `--parents null`, per relation. */
  readonly nulled: ReadonlyMap<Relation, readonly string[]>
  /** Rows that would have come along, had they not been excluded or restored already; packed, per table. */
  readonly met: ReadonlyMap<string, ReadonlySet<string>>
  /** Links that live has already, packed, per table. */
  readonly linked: ReadonlyMap<string, ReadonlySet<string>>
}

interface Link {
  readonly table: SharedTable
  readonly key: string
  readonly via: Relation
  readonly from: string
  readonly state: RowState | undefined
}

/** An end of a link that will not be there. */
interface GoneEnd {
  readonly table: SharedTable
  readonly key: string
  readonly state: RowState | undefined
}

/** Rows already decided upon, packed, per table. */
export interface Decided {
  /** Treated as not to be had. */
  readonly excluded: ReadonlyMap<string, ReadonlySet<string>>
  /** A live row stands in for them: their children come along, their own parents are not needed. */
  readonly matched: ReadonlyMap<string, ReadonlySet<string>>
}

/** Everything the follower needs to keep while it works. */
class Follower {
  readonly members = new Map<string, Members>()
  readonly standIns = new Map<string, Map<string, string>>()
  readonly survivors: Survivor[] = []
  readonly leftOut = new Map<string, LeftOut>()
  readonly alsoMissing = new Map<Relation, number>()
  readonly missingParents: MissingParent[] = []
  readonly nulled = new Map<Relation, string[]>()
  readonly met = new Map<string, Set<string>>()
  readonly linked = new Map<string, Set<string>>()
  readonly #sides: Sides
  readonly #options: ClosureOptions
  readonly #decided: Decided
  readonly #states: StateCache
  #links: Link[] = []

  constructor(sides: Sides, options: ClosureOptions, decided: Decided, states: StateCache) {
    this.#sides = sides
    this.#options = options
    this.#decided = decided
    this.#states = states
  }

  membersOf(table: string): Members {
    const known = this.members.get(table)
    if (known !== undefined) return known
    const made = new Members()
    this.members.set(table, made)
    return made
  }

  isExcluded(table: string, key: string): boolean {
    return this.#decided.excluded.get(table)?.has(key) ?? false
  }

  /** True where the row will be in live when the run is over. */
  async isThere(table: SharedTable, keys: readonly string[]): Promise<ReadonlySet<string>> {
    const members = this.members.get(table.id)
    const open = keys.filter((key) => !members?.has(key))
    const states = await this.#states.read(table, open)
    return new Set(
      keys.filter((key) => members?.has(key) || isPresent(states.get(key)) || states.get(key)?.state === 'restored'),
    )
  }

  async follow(): Promise<void> {
    do {
      for (let table = this.#pending(); table !== undefined; table = this.#pending()) await this.#expand(table)
    } while (await this.#judgeLinks(false))
    await this.#judgeLinks(true)
  }

  #pending(): SharedTable | undefined {
    for (const [id, members] of this.members) if (members.hasPending) return this.#sides.catalog.tables.get(id)
    return undefined
  }

  async #expand(table: SharedTable): Promise<void> {
    const members = this.membersOf(table.id)
    const matched = this.#decided.matched.get(table.id)
    const needed = members.takeUnexpanded('parents').filter((key) => !matched?.has(key))
    for (const relation of this.#sides.catalog.relations) {
      if (relation.child !== table.id) continue
      const referring = needed.filter((key) => members.writes(key, relation.columns))
      for (const batch of inBatches(referring)) await this.#expandParents(table, relation, batch)
    }
    const whole = members.takeUnexpanded('children')
    for (const relation of this.#sides.catalog.relations) {
      if (relation.parent !== table.id) continue
      for (const batch of inBatches(whole, batchSize)) await this.#expandChildren(table, relation, batch)
    }
  }

  async #expandParents(table: SharedTable, relation: Relation, keys: readonly string[]): Promise<void> {
    const hidden = this.#sides.catalog.tables.get(relation.parent)?.hidden ?? null
    if (hidden !== null) {
      const why = `its parent cannot be looked at: ${hidden}`
      const referring = await readReferring(this.#sides, table, relation, keys)
      this.missingParents.push(...referring.map((key) => ({ relation, key, why, isHad: false })))
      return
    }
    const references = await readParents(this.#sides, table, relation, keys)
    const parent = this.#sides.catalog.tables.get(relation.parent)
    const fail = (rows: readonly Referring[], what: string): void => {
      for (const { key, other } of rows) {
        const isHad = rows !== references.nowhere && parent !== undefined && !this.#isBarred(parent, other)
        const why = `its parent ${relation.parent} ${displayKey(other)} ${what}`
        if (this.#options.parents === 'null' && relation.isNullable) this.#nullOut(relation, key)
        else this.missingParents.push({ relation, key, why, isHad })
      }
    }
    fail(references.nowhere, 'is neither in live nor in the backup')
    if (parent === undefined || references.rows.length === 0) return
    const states = await this.#states.read(parent, [...new Set(references.rows.map(({ other }) => other))])
    const lost: Referring[] = []
    for (const row of references.rows) {
      const state = states.get(row.other)
      if (state?.state === 'restored') this.#standIn(parent.id, row.other, state.liveKey)
      else if (!isPresent(state)) lost.push(row)
      // The value referred to was edited in live: the reference follows.
      else if (state?.state === 'changed' && state.columns.some((name) => relation.parentColumns.includes(name))) {
        this.#standIn(parent.id, row.other, row.other)
      }
    }
    const found = await findByValue(this.#sides, table, parent, relation, lost)
    const wanted = lost.filter(({ key }) => !found.has(key))
    const refusal = this.#refuseParent(parent)
    const isHad = (row: Referring): boolean => this.membersOf(parent.id).has(row.other)
    const open = wanted.filter((row) => !isHad(row))
    const [out, along] = [
      open.filter((row) => refusal !== null || this.isExcluded(parent.id, row.other)),
      open.filter((row) => refusal === null && !this.isExcluded(parent.id, row.other)),
    ]
    if (out.length > 0) fail(out, refusal ?? 'was left out')
    for (const { other } of out) addTo(this.met, parent.id, other)
    this.#add(parent, along, 'needed', 'parent', relation, states)
  }

  #refuseParent(parent: SharedTable): string | null {
    if (this.#options.parents === 'stop') return 'is gone from live, and --parents stop forbids restoring it'
    if (this.#options.parents === 'null') return 'is gone from live, and --parents null restores none'
    if (this.#options.without.has(parent.id)) return 'is gone from live, and --without leaves it out'
    return parent.refusal === null ? null : `is gone from live and cannot be restored: ${parent.refusal}`
  }

  async #expandChildren(parent: SharedTable, relation: Relation, keys: readonly string[]): Promise<void> {
    const child = this.#sides.catalog.tables.get(relation.child)
    if (child === undefined) return
    if (child.hidden !== null || child.identity.length === 0) {
      await this.#leaveOutUnseen(child, parent, relation, keys)
      return
    }
    const isEnd = child.ends?.some(({ id }) => id === relation.id) ?? false
    const children = await readChildren(this.#sides, child, parent, relation, keys)
    const states = await this.#states.read(
      child,
      children.map(({ key }) => key),
    )
    const isOut = (key: string): boolean => this.isExcluded(child.id, key) || states.get(key)?.state === 'restored'
    for (const { key } of children) if (isOut(key)) addTo(this.met, child.id, key)
    const lost = children.filter(
      ({ key }) => isLost(states.get(key)) && !wasMarked(states.get(key)) && !isOut(key),
    )
    if (child.refusal !== null || this.#options.without.has(child.id) || (isEnd && this.#options.links === 'none')) {
      this.#countMissing(child, relation, lost)
      return
    }
    const hiddenEnd = child.ends
      ?.map((end) => this.#sides.catalog.tables.get(end.parent))
      .find((end) => end !== undefined && end.hidden !== null)
    if (isEnd && hiddenEnd !== undefined) {
      for (const { key } of lost) this.#leaveOut(child, displayKey(key), `${hiddenEnd.id}: ${hiddenEnd.hidden}`)
      return
    }
    if (isEnd) {
      for (const { key, other } of lost) {
        this.#links.push({ table: child, key, via: relation, from: other, state: states.get(key) })
      }
      const linked = children.filter(({ key }) => isPresent(states.get(key)))
      for (const { key } of linked) addTo(this.linked, child.id, key)
      return
    }
    const present = children.filter(({ key }) => isPresent(states.get(key)))
    const survivors = await readSurvivors(this.#sides, child, relation, present)
    this.survivors.push(...survivors)
    const unhooked = new Set(survivors.filter(({ isDefault }) => !isDefault).map(({ parent: key }) => key))
    const follows = ({ other }: Referring): boolean => isFollowed(relation, this.#options, unhooked.has(other))
    const [along, behind] = [lost.filter(follows), lost.filter((row) => !follows(row))]
    this.#add(
      child,
      along.map(({ key, other }) => ({ key: other, other: key })),
      'whole',
      'child',
      relation,
      states,
    )
    this.#countMissing(child, relation, behind)
  }

  /** Rows of a table that cannot be compared, as far as any belong to the rows given; which of them live lacks is not known. */
  async #leaveOutUnseen(
    child: SharedTable,
    parent: SharedTable,
    relation: Relation,
    keys: readonly string[],
  ): Promise<void> {
    if (this.#options.children === 'none' || this.#options.without.has(child.id)) return
    if (isReadable(child.backup) && !(await hasChildren(this.#sides, child, parent, relation, keys))) return
    this.#leaveOut(child, '*', `rows of it belong to ${parent.id}; ${child.refusal}`)
  }

  #leaveOut(table: SharedTable, key: string, why: string): void {
    this.leftOut.set(`${table.id}\0${key}`, { table: table.id, key, why })
  }

  #countMissing(child: SharedTable, relation: Relation, rows: readonly Referring[]): void {
    const open = rows.filter(({ key }) => !this.members.get(child.id)?.has(key)).length
    if (open > 0) this.alsoMissing.set(relation, (this.alsoMissing.get(relation) ?? 0) + open)
  }

  /** Adds the links whose ends will both be there; in the last round the others are left out. True if rows were added. */
  async #judgeLinks(isLast: boolean): Promise<boolean> {
    const open: Link[] = []
    let added = 0
    for (const [table, links] of Map.groupBy(this.#links, (link) => link.table)) {
      const judged = links.filter(({ key }) => !this.membersOf(table.id).has(key))
      const gone = await this.#goneEnds(table, judged)
      for (const link of judged) {
        const end = gone.get(link.key)
        if (end === undefined) {
          added += this.membersOf(table.id).add(link.key, 'whole', 'link', link.via, link.from)
          note(this.membersOf(table.id), link.key, link.state)
        } else {
          // Judged again in the next round, when a pulled end is a member.
          open.push(link)
          if (this.#options.links === 'pull' && this.#pull(end, link)) added++
        }
        if (isLast && end !== undefined) {
          const other = { table: end.table.id, key: displayKey(end.key) }
          const isBarred = this.#options.links === 'pull' || this.#isBarred(end.table, end.key)
          const help = isBarred ? '' : '; --links pull brings it along'
          const why = `${other.table} ${other.key} is gone from live too${help}`
          this.leftOut.set(`${table.id}\0${link.key}`, { table: table.id, key: displayKey(link.key), why, other })
        }
      }
    }
    this.#links = open
    return added > 0
  }

  /** Per link the end that will not be there, if one will not. */
  async #goneEnds(
    table: SharedTable,
    links: readonly Link[],
  ): Promise<ReadonlyMap<string, GoneEnd>> {
    const gone = new Map<string, GoneEnd>()
    for (const relation of table.ends ?? []) {
      const end = this.#sides.catalog.tables.get(relation.parent)
      if (end === undefined) continue
      const references = await readParents(
        this.#sides,
        table,
        relation,
        links.map(({ key }) => key),
      )
      const there = await this.isThere(end, [...new Set(references.rows.map(({ other }) => other))])
      const lost = references.rows.filter(({ other }) => !there.has(other))
      const found = await findByValue(this.#sides, table, end, relation, lost)
      const states = await this.#states.read(end, lost.map(({ other }) => other))
      for (const { key, other } of lost) {
        if (!found.has(key)) gone.set(key, { table: end, key: other, state: states.get(other) })
      }
    }
    return gone
  }

  #pull(end: GoneEnd, link: Link): boolean {
    if (this.#isBarred(end.table, end.key)) return false
    const relation = link.table.ends?.find(({ parent }) => parent === end.table.id) ?? link.via
    note(this.membersOf(end.table.id), end.key, end.state)
    return this.membersOf(end.table.id).add(end.key, 'needed', 'parent', relation, link.key) === 1
  }

  /** True where the row may not be restored, whatever needs it. */
  #isBarred(table: SharedTable, key: string): boolean {
    return this.isExcluded(table.id, key) || this.#options.without.has(table.id) || table.refusal !== null
  }

  #nullOut(relation: Relation, key: string): void {
    this.nulled.set(relation, [...(this.nulled.get(relation) ?? []), key])
  }

  #standIn(table: string, key: string, liveKey: string): void {
    const known = this.standIns.get(table) ?? new Map<string, string>()
    known.set(key, liveKey)
    this.standIns.set(table, known)
  }

  /** Adds `other` of each row; `key` is the row it comes because of. */
  #add(
    table: SharedTable,
    rows: readonly Referring[],
    mark: Mark,
    because: Because,
    via: Relation,
    states: ReadonlyMap<string, RowState>,
  ): void {
    const members = this.membersOf(table.id)
    for (const { key, other } of rows) {
      members.add(other, mark, because, via, key)
      note(members, other, states.get(other))
    }
  }
}

const addTo = (sets: Map<string, Set<string>>, table: string, key: string): void => {
  sets.set(table, (sets.get(table) ?? new Set()).add(key))
}

const isPresent = (state: RowState | undefined): boolean => state?.state === 'same' || state?.state === 'changed'
const isLost = (state: RowState | undefined): boolean =>
  state?.state === 'missing' || state?.state === 'reused' || state?.state === 'deleted'

/** Deleted in the backup already: not what went with its parent. */
const wasMarked = (state: RowState | undefined): boolean =>
  (state?.state === 'missing' || state?.state === 'reused') && state.isMarked === true

/** Notes on a member what live holds of it. */
const note = (members: Members, key: string, state: RowState | undefined): void => {
  if (state?.state === 'reused') members.reused.add(key)
  if (state?.state === 'deleted') members.deleted.add(key)
}

/** Rows of live to be updated: packed keys with their columns, by table. They bring their parents along; as whole, their children. */
export interface UpdatedRows {
  readonly rows: ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>
  /** True for a row that is restored in some columns only. */
  readonly isPartial: (table: string, key: string) => boolean
}

/** Computes the closure of the rows chosen. Excluded rows are left out with everything that comes only because of them. */
export const followEdges = async (
  sides: Sides,
  resolved: Pick<Resolved, 'chosen' | 'under'>,
  updated: UpdatedRows,
  options: ClosureOptions,
  decided: Decided,
  states: StateCache,
): Promise<Closure> => {
  const follower = new Follower(sides, options, decided, states)
  for (const [id, { states: chosen }] of resolved.chosen) {
    const members = follower.membersOf(id)
    for (const [key, state] of chosen) {
      if (follower.isExcluded(id, key) || !isLost(state)) continue
      members.add(key, 'whole', 'selected', null, null)
      note(members, key, state)
    }
  }
  for (const [id, rows] of updated.rows) {
    for (const [key, columns] of rows) {
      const mark = updated.isPartial(id, key) ? 'needed' : 'whole'
      if (!follower.isExcluded(id, key)) follower.membersOf(id).addUpdated(key, columns, mark)
    }
  }
  for (const [id, keys] of resolved.under) {
    for (const key of keys) follower.membersOf(id).addAnchor(key)
  }
  await follower.follow()
  return {
    members: follower.members,
    standIns: follower.standIns,
    survivors: follower.survivors,
    leftOut: [...follower.leftOut.values()],
    alsoMissing: follower.alsoMissing,
    missingParents: follower.missingParents,
    nulled: follower.nulled,
    met: follower.met,
    linked: follower.linked,
  }
}
