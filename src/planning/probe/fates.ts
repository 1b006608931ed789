/**
 * What live says about the rows of a closure: taken keys, taken uniques, exclusions, twins, labels; and what the answers given make of
 * each row. Tables are probed parents first, because a child's key and references follow its parents'; tables in a cycle are probed
 * again until no further row is stood in for.
 *
 * In come the rows of a closure, out go a mapping of keys, and findings for whoever decides. `judged-parents.ts` asks about parents.
 */
import { orderTables } from '../../catalog/order.ts'
import type { SharedTable } from '../../catalog/shared.ts'
import type { Answer, Decider, Finding } from '../../plan/finding.ts'
import { tellBatches } from '../../progress/progress.ts'
import { type Sides, tableOf } from '../../rows/sides.ts'
import type { Closure } from '../../selection/closure/closure.ts'
import type { Members } from '../../selection/closure/members.ts'
import { inBatches, stepSize } from '../../sql/rows.ts'
import { findLabels } from './enum-labels.ts'
import { findLargeObjects } from './large-objects.ts'
import { findLiveConflicts, findReferred, findTaken, type LiveConflict } from './live-conflicts.ts'
import { hasNewStandIns, type MappedRows, Mapping } from './mapping.ts'
import type { Moving } from './moving.ts'
import { findUnhoused } from './partitions.ts'
import {
  canComeBeside,
  type RowToWrite,
  severalFinding,
  takenFinding,
  twiceFinding,
  twinFinding,
  uniqueFinding,
} from './taken-findings.ts'
import { lookUpEqual, mayHaveTwins, type Search, searchTwins } from './twins/equal-rows.ts'
import { findRenamed } from './twins/renamed.ts'
import { findCycleTwins } from './twins/twin-cycles.ts'
import { assignTwins, type Offered } from './twins/twins.ts'
import { WantedPlaces } from './unique-values.ts'

export interface KeyPolicy {
  readonly keys: 'auto' | 'keep' | 'new'
  readonly decider: Decider
  /** Reused rows for which the live row of the same key is known to stand in, packed, per table. */
  readonly inPlace: ReadonlyMap<string, ReadonlySet<string>>
  /** Rows that come back beside the live rows of their keys, as somebody has said; packed, per table. */
  readonly beside: ReadonlyMap<string, ReadonlySet<string>>
  /** Live rows that give up a unique value in the same run. */
  readonly moving: Moving
}

export interface Probed {
  readonly mapping: Mapping
  /** Rows answered `skip`, packed, per table. */
  readonly skipped: ReadonlyMap<string, ReadonlySet<string>>
  /** Rows that look restored already and are not restored again: backup key -> live key, per table. */
  readonly twins: ReadonlyMap<string, ReadonlyMap<string, string>>
}

/** Probes every row to be inserted. */
export const probeRows = async (
  sides: Sides,
  { members, standIns }: Pick<Closure, 'members' | 'standIns'>,
  policy: KeyPolicy,
): Promise<Probed> => {
  const mapping = new Mapping(sides)
  for (const [table, rows] of standIns) for (const [key, live] of rows) mapping.of(table).standIns.set(key, live)
  const prober = new Prober(mapping, { sides, members, policy })
  for (const group of orderTables([...members.keys()], sides.catalog.relations)) {
    const isCycle =
      group.length > 1 || sides.catalog.relations.some(({ child, parent }) => child === group[0] && parent === group[0])
    const tables = group.map((id) => tableOf(sides.catalog, id))
    if (isCycle) await prober.probeCycleTwins(tables)
    let before: number
    do {
      before = prober.standInCount
      for (const table of tables) await prober.probe(table, { hasTwins: isCycle })
    } while (isCycle && prober.standInCount > before)
    // Rows below a key that turns out to be the live row's own are not lost after all: the closure is to be made again first.
    if (tables.some(({ id }) => hasNewStandIns(mapping.of(id), policy.inPlace.get(id)))) break
  }
  return { mapping, skipped: prober.skipped, twins: prober.twins }
}

/** What is probed, and what goes for it. */
interface Probing {
  readonly sides: Sides
  readonly members: ReadonlyMap<string, Members>
  readonly policy: KeyPolicy
}

class Prober {
  readonly skipped = new Map<string, Set<string>>()
  readonly twins = new Map<string, Map<string, string>>()
  standInCount = 0
  readonly #standing = new Map<string, Set<string>>()
  readonly #sides: Sides
  readonly #mapping: Mapping
  readonly #members: ReadonlyMap<string, Members>
  readonly #policy: KeyPolicy
  readonly #places = new WantedPlaces()

  constructor(mapping: Mapping, { sides, members, policy }: Probing) {
    this.#sides = sides
    this.#mapping = mapping
    this.#members = members
    this.#policy = policy
  }

  /** Probes the rows of one table. `hasTwins`: its twins have been looked for, with those of the tables it depends on. */
  async probe(table: SharedTable, options: { readonly hasTwins: boolean }): Promise<void> {
    const members = this.#members.get(table.id)
    if (members === undefined) return
    this.#places.forget(table)
    const search = options.hasTwins && mayHaveTwins(table) ? null : await this.#searchTwins(table)
    const at = { stage: 'probe', table: table.id, total: members.size } as const
    for (const keys of tellBatches(this.#sides.onStage, at, inBatches(this.#open(table), stepSize))) {
      const rewritten = await this.#mapping.rewrite(table, keys)
      await this.#probeBatch({ table, keys, rewritten }, members, search)
    }
  }

  /** Looks for all twins of a table at once where that is better, or its keys are its own; else how to look for those of a batch. */
  async #searchTwins(table: SharedTable): Promise<Search | null> {
    const found = mayHaveTwins(table)
      ? await searchTwins(this.#sides, this.#mapping, { table, open: () => this.#open(table) })
      : await findRenamed(this.#sides, this.#mapping, { table, keys: this.#open(table) })
    if ('lead' in found) return found
    await this.#settleTwins(table, found)
    return null
  }

  /** Lets live rows that equal others stand in for them. The keys of those that are settled are returned. */
  async #settleTwins(table: SharedTable, candidates: Offered['candidates']): Promise<readonly string[]> {
    const twins = await assignTwins(this.#sides, table, { candidates, taken: this.#taken(table) })
    return [...twins].flatMap(([key, live]) => (this.#settleTwin({ table, key }, live) ? [key] : []))
  }

  /** Looks for twins in tables that refer to each other. */
  async probeCycleTwins(tables: readonly SharedTable[]): Promise<void> {
    const rows = new Map(tables.map((table) => [table, [...this.#open(table)]]))
    const twins = await findCycleTwins(this.#sides, this.#mapping, { rows, taken: (table) => this.#taken(table) })
    for (const table of tables)
      for (const [key, live] of twins.get(table.id) ?? []) this.#settleTwin({ table, key }, live)
  }

  /** Live rows that stand in for a row of the backup, now or since an earlier run. */
  #taken(table: SharedTable): Set<string> {
    const restored = this.#sides.restored.get(table.id)?.values() ?? []
    const known =
      this.#standing.get(table.id) ?? new Set([...this.#mapping.of(table.id).standIns.values(), ...restored])
    this.#standing.set(table.id, known)
    return known
  }

  /** Rows of the closure that nothing has been decided about. */
  *#open(table: SharedTable): Generator<string> {
    const fates = this.#mapping.of(table.id)
    const members = this.#members.get(table.id)
    for (const key of members?.keys() ?? []) {
      if (!members?.deleted.has(key) && !fates.standIns.has(key) && !this.#isOut(table, key)) yield key
    }
  }

  #isOut(table: SharedTable, key: string): boolean {
    return (this.skipped.get(table.id)?.has(key) || this.twins.get(table.id)?.has(key)) ?? false
  }

  async #probeBatch({ table, keys, rewritten }: MappedRows, members: Members, search: Search | null): Promise<void> {
    const open = new Set(keys)
    const openRows = (): MappedRows => ({ table, rewritten, keys: [...open] })
    for (const find of [findLabels, findLargeObjects]) {
      for (const [key, finding] of await find(this.#sides, table, [...open])) {
        open.delete(key)
        this.#report(finding, key)
      }
    }
    for (const [key, finding] of await findUnhoused(this.#sides, openRows())) {
      open.delete(key)
      this.#report(finding, key)
    }
    if (search !== null) {
      const candidates = await lookUpEqual(this.#sides, openRows(), { ...search, ignored: [] })
      for (const key of await this.#settleTwins(table, candidates)) open.delete(key)
    }
    const { taken: takenBy, linked } = await findTaken(this.#sides, openRows(), members)
    for (const [key, live] of linked) {
      this.#mapping.of(table.id).linked.add(key)
      this.#standIn({ table, key }, live)
      open.delete(key)
    }
    const conflicts = await findLiveConflicts(this.#sides, openRows(), this.#policy.moving)
    const referred = await findReferred(this.#sides, table, [...takenBy.keys()])
    for (const key of open) {
      const row = { table, key }
      const mine = conflicts.get(key) ?? []
      const owner = takenBy.get(key)
      if (owner !== undefined) this.#settleTaken(row, { owner, isReferred: referred.has(key) }, mine)
      else if (mine.length > 0) this.#settleUnique(row, mine)
      else if (this.#isAllocatedAnew(table)) this.#mapping.of(table.id).allocated.add(key)
    }
    const { standIns } = this.#mapping.of(table.id)
    const going = [...open].filter((key) => !conflicts.has(key) && !standIns.has(key) && !this.#isOut(table, key))
    for (const [key, wanted] of await this.#places.add(this.#sides, { table, rewritten, keys: going })) {
      this.#report(twiceFinding({ table, key }, wanted), key)
    }
    this.#mapping.keep(table, rewritten)
  }

  /** `--keys new` makes every key anew that can be; the same uuid is the same entity, and stays. */
  #isAllocatedAnew(table: SharedTable): boolean {
    return this.#policy.keys === 'new' && table.allocation !== null && table.allocation.how !== 'uuid'
  }

  #report(finding: Finding, packed: string): Answer {
    const answer = this.#policy.decider.decide(finding)
    const skipped = this.skipped.get(finding.table) ?? new Set<string>()
    if (answer === 'skip') this.skipped.set(finding.table, skipped.add(packed))
    return answer
  }

  #standIn({ table, key }: RowToWrite, live: string): void {
    this.#mapping.of(table.id).standIns.set(key, live)
    this.#taken(table).add(live)
    this.standInCount++
  }

  /** Lets live's row stand in, as it is or overwritten, where that is the answer. */
  #standInIf(answer: Answer, row: RowToWrite, live: string): void {
    if (answer !== 'match' && answer !== 'overwrite') return
    this.#standIn(row, live)
    if (answer === 'overwrite') this.#mapping.of(row.table.id).overwritten.add(row.key)
  }

  /** Lets a twin stand in, unless the row is to be restored again. True if it does. */
  #settleTwin(row: RowToWrite, live: string): boolean {
    const { table, key } = row
    const answer = this.#policy.decider.decide(twinFinding(row, live))
    if (answer !== 'skip') return false
    const twins = this.twins.get(table.id) ?? new Map<string, string>()
    this.twins.set(table.id, twins.set(key, live))
    this.#standIn(row, live)
    return true
  }

  /** A row whose key the live row `owner` has. `isReferred`: some row of the backup refers to it. */
  #settleTaken(
    row: RowToWrite,
    { owner, isReferred }: { readonly owner: string; readonly isReferred: boolean },
    conflicts: readonly LiveConflict[],
  ): void {
    const { table, key } = row
    const { allocated, undecided } = this.#mapping.of(table.id)
    const others = new Set(conflicts.map(({ live }) => live))
    if (this.#policy.beside.get(table.id)?.has(key)) {
      allocated.add(key)
      if (conflicts.length > 0) this.#settleUnique(row, conflicts)
      return
    }
    if (others.size > (others.has(owner) ? 1 : 0)) {
      this.#settleSeveral(row, conflicts, owner)
      return
    }
    const canAllocate = others.size === 0 && canComeBeside(table, this.#policy.keys)
    if (canAllocate && (this.#policy.keys === 'new' || !isReferred)) {
      allocated.add(key)
      return
    }
    const answer = this.#report(takenFinding(row, owner, { canAllocate }), key)
    // Whatever the answer will be, the row will not have this key as its own.
    if (answer === 'stop') undecided.add(key)
    if (answer === 'allocate') allocated.add(key)
    this.#standInIf(answer, row, owner)
  }

  #settleUnique(row: RowToWrite, conflicts: readonly LiveConflict[]): void {
    const { table, key } = row
    // The key of a link that is not one of its ends, and which nobody sees, is made anew without asking.
    const own = conflicts.filter(({ unique }) => unique.kind === 'primary')
    const rest = conflicts.filter(({ unique }) => unique.kind !== 'primary')
    const isSurrogateTaken = own.length > 0 && table.allocation !== null && this.#policy.keys !== 'keep'
    if (isSurrogateTaken || this.#isAllocatedAnew(table)) this.#mapping.of(table.id).allocated.add(key)
    const open = isSurrogateTaken ? rest : conflicts
    const live = [...new Set(open.map((conflict) => conflict.live))]
    const [first] = open
    if (first === undefined) return
    if (live.length > 1) {
      this.#settleSeveral(row, open, null)
      return
    }
    // A link whose own key is taken, and a live row that is another row of the backup, are nothing to stand in.
    const isStranger = first.unique.kind === 'primary' || first.isOwn
    const possible: readonly Answer[] = isStranger ? ['skip'] : ['skip', 'match', 'overwrite']
    const answer = this.#report(uniqueFinding(row, first, { live, possible }), key)
    if (answer !== 'match' && answer !== 'overwrite') return
    this.#mapping.of(table.id).allocated.delete(key)
    this.#standInIf(answer, row, first.live)
  }

  #settleSeveral(row: RowToWrite, conflicts: readonly LiveConflict[], owner: string | null): void {
    const [first, ...rest] = conflicts
    if (first !== undefined) this.#report(severalFinding(row, [first, ...rest], owner), row.key)
  }
}
