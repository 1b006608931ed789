/**
 * What live says about the rows of a closure: taken keys, taken uniques, exclusions, twins, labels; and what the answers given make of
 * each row. Tables are probed parents first, because a child's key and references follow its parents'; tables in a cycle are probed
 * again until no further row is stood in for.
 */
import { sql } from 'kysely'
import { orderTables } from '../catalog/order.ts'
import type { Uniqueness } from '../catalog/catalog.ts'
import { columnOf } from '../catalog/catalog.ts'
import { asText, fromTable, inBatches, joinOn, keySource, ordinal } from '../catalog/row.ts'
import type { SharedTable } from '../catalog/shared.ts'
import { type Sides, tableOf } from '../diff/sides.ts'
import { displayKey, readPresent } from '../diff/states.ts'
import type { Members } from '../selection/members.ts'
import { readChildren } from '../selection/references.ts'
import type { Answer, Decider, Finding } from './finding.ts'
import { fresh, type MappedValue, Mapping, mappedKey } from './mapping.ts'
import { findCycleTwins } from './twin-cycles.ts'
import { findTwins } from './twins.ts'
import { canProbe, probeUnique } from './uniques.ts'

export interface KeyPolicy {
  readonly keys: 'auto' | 'keep' | 'new'
  readonly decider: Decider
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
  members: ReadonlyMap<string, Members>,
  standIns: ReadonlyMap<string, ReadonlyMap<string, string>>,
  policy: KeyPolicy,
): Promise<Probed> => {
  const mapping = new Mapping(sides)
  for (const [table, rows] of standIns) for (const [key, live] of rows) mapping.of(table).standIns.set(key, live)
  const prober = new Prober(sides, mapping, members, policy)
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
  }
  return { mapping, skipped: prober.skipped, twins: prober.twins }
}

/** A live row in the way of a row to be written. */
interface LiveConflict {
  readonly unique: Uniqueness
  /** Packed live key. */
  readonly live: string
  /** What would be written into the columns of the constraint. */
  readonly values: readonly (string | null)[]
}

class Prober {
  readonly skipped = new Map<string, Set<string>>()
  readonly twins = new Map<string, Map<string, string>>()
  standInCount = 0
  readonly #sides: Sides
  readonly #mapping: Mapping
  readonly #members: ReadonlyMap<string, Members>
  readonly #policy: KeyPolicy

  constructor(sides: Sides, mapping: Mapping, members: ReadonlyMap<string, Members>, policy: KeyPolicy) {
    this.#sides = sides
    this.#mapping = mapping
    this.#members = members
    this.#policy = policy
  }

  /** Probes the rows of one table. `hasTwins`: its twins have been looked for, with those of the tables it depends on. */
  async probe(table: SharedTable, options: { readonly hasTwins: boolean }): Promise<void> {
    const members = this.#members.get(table.id)
    if (members === undefined) return
    for (const batch of inBatches(this.#open(table))) await this.#probeBatch(table, members, batch, options)
  }

  /** Looks for twins in tables that refer to each other. */
  async probeCycleTwins(tables: readonly SharedTable[]): Promise<void> {
    const rows = new Map(tables.map((table) => [table, this.#open(table)]))
    const twins = await findCycleTwins(this.#sides, this.#mapping, rows)
    for (const table of tables) for (const [key, live] of twins.get(table.id) ?? []) this.#settleTwin(table, key, live)
  }

  /** Rows of the closure that nothing has been decided about. */
  #open(table: SharedTable): readonly string[] {
    const fates = this.#mapping.of(table.id)
    const keys = this.#members.get(table.id)?.keys() ?? []
    return keys.filter((key) => !fates.standIns.has(key) && !this.#isOut(table, key))
  }

  #isOut(table: SharedTable, key: string): boolean {
    return (this.skipped.get(table.id)?.has(key) || this.twins.get(table.id)?.has(key)) ?? false
  }

  async #probeBatch(
    table: SharedTable,
    members: Members,
    keys: readonly string[],
    { hasTwins }: { readonly hasTwins: boolean },
  ): Promise<void> {
    const rewritten = await this.#mapping.rewrite(table, keys)
    const open = new Set(keys)
    await this.#probeLabels(table, open)
    if (!hasTwins) {
      const twins = await findTwins(this.#sides, table, [...open], rewritten)
      for (const [key, live] of twins) if (this.#settleTwin(table, key, live)) open.delete(key)
    }
    const takenBy = await this.#takenKeys(table, members, open, rewritten)
    const conflicts = await this.#uniqueConflicts(table, open, rewritten)
    const referred = await this.#referred(table, [...takenBy.keys()])
    for (const key of open) {
      const mine = conflicts.get(key) ?? []
      const owner = takenBy.get(key)
      if (owner !== undefined) this.#settleTaken(table, key, owner, mine, referred.has(key))
      else if (mine.length > 0) this.#settleUnique(table, key, mine)
      else if (this.#isAllocatedAnew(table)) this.#mapping.of(table.id).allocated.add(key)
    }
    await this.#keepRewritten(table, keys, rewritten)
  }

  /** `--keys new` makes every key anew that can be; the same uuid is the same entity, and stays. */
  #isAllocatedAnew(table: SharedTable): boolean {
    return this.#policy.keys === 'new' && table.allocation !== null && table.allocation.how !== 'uuid'
  }

  #report(finding: Finding, packed: string): Answer {
    const answer = this.#policy.decider.decide(finding)
    if (answer === 'skip') {
      const skipped = this.skipped.get(finding.table) ?? new Set<string>()
      this.skipped.set(finding.table, skipped.add(packed))
    }
    return answer
  }

  #standIn(table: SharedTable, key: string, live: string, isOverwritten: boolean): void {
    const fates = this.#mapping.of(table.id)
    fates.standIns.set(key, live)
    if (isOverwritten) fates.overwritten.add(key)
    this.standInCount++
  }

  async #probeLabels(table: SharedTable, open: Set<string>): Promise<void> {
    const drifted = table.drift.filter(({ kind }) => kind === 'enum labels')
    if (drifted.length === 0) return
    const names = drifted.map(({ column }) => column)
    for (const [key, values] of await readBackupValues(this.#sides, table, [...open], names)) {
      const bad = drifted.filter(({ labels = [] }, p) => labels.some((label) => hasLabel(values[p] ?? null, label)))
      if (bad.length === 0) continue
      open.delete(key)
      this.#report(
        {
          kind: 'enum label',
          table: table.id,
          key: displayKey(key),
          constraint: null,
          columns: bad.map(({ column }) => column),
          values: bad.map((drift) => values[drifted.indexOf(drift)] ?? null),
          live: [],
          possible: ['skip'],
        },
        key,
      )
    }
  }

  /** Lets a twin stand in, unless the row is to be restored again. True if it does. */
  #settleTwin(table: SharedTable, key: string, live: string): boolean {
    const answer = this.#policy.decider.decide({
      kind: 'looks restored',
      table: table.id,
      key: displayKey(key),
      constraint: null,
      columns: [],
      values: [],
      live: [displayKey(live)],
      possible: ['skip', 'allocate'],
    })
    if (answer !== 'skip') return false
    const twins = this.twins.get(table.id) ?? new Map<string, string>()
    this.twins.set(table.id, twins.set(key, live))
    this.#standIn(table, key, live, false)
    return true
  }

  /** Rows whose key another live row has: reused as it is, or taken where the row's key is mapped to. */
  async #takenKeys(
    table: SharedTable,
    members: Members,
    open: Set<string>,
    rewritten: ReadonlyMap<string, ReadonlyMap<string, MappedValue>>,
  ): Promise<ReadonlyMap<string, string>> {
    const taken = new Map<string, string>()
    const moved = new Map<string, string>()
    for (const key of open) {
      const live = mappedKey(table, key, rewritten.get(key))
      if (live === key && members.reused.has(key)) taken.set(key, key)
      else if (live !== null && live !== key) moved.set(key, live)
    }
    const there = await readPresent(this.#sides.live, table, [...moved.values()])
    for (const [key, live] of moved) {
      if (!there.has(live)) continue
      if (table.ends === null) taken.set(key, live)
      else {
        this.#mapping.of(table.id).linked.add(key)
        this.#standIn(table, key, live, false)
        open.delete(key)
      }
    }
    return taken
  }

  async #uniqueConflicts(
    table: SharedTable,
    open: ReadonlySet<string>,
    rewritten: ReadonlyMap<string, ReadonlyMap<string, MappedValue>>,
  ): Promise<ReadonlyMap<string, readonly LiveConflict[]>> {
    const found = new Map<string, LiveConflict[]>()
    for (const unique of table.live.uniques) {
      // The primary key is the identity, and is judged as such; except where the two ends of a link are.
      if ((unique.kind === 'primary' && table.ends === null) || !canProbe(table, unique)) continue
      const values = await readBackupValues(this.#sides, table, [...open], unique.columns)
      const rows = [...values].flatMap(([key, row]) => {
        const mapped = row.map((value, p) => {
          const own = rewritten.get(key)
          const name = unique.columns[p] ?? ''
          return own?.has(name) ? (own.get(name) ?? null) : value
        })
        const known = mapped.filter((value) => value !== fresh)
        return known.length < mapped.length ? [] : [{ key, values: known }]
      })
      const written = new Map(rows.map((row) => [row.key, row.values]))
      for (const [key, live] of await probeUnique(this.#sides.live, table, unique, rows)) {
        const conflicts = live.map((row) => ({ unique, live: row, values: written.get(key) ?? [] }))
        found.set(key, [...(found.get(key) ?? []), ...conflicts])
      }
    }
    return found
  }

  /** Of the rows given, those that some row of the backup refers to. */
  async #referred(table: SharedTable, keys: readonly string[]): Promise<ReadonlySet<string>> {
    const referred = new Set<string>()
    for (const relation of this.#sides.catalog.relations) {
      const child = this.#sides.catalog.tables.get(relation.child)
      if (relation.parent !== table.id || child === undefined || child.identity.length === 0) continue
      for (const { other } of await readChildren(this.#sides, child, table, relation, keys)) referred.add(other)
    }
    return referred
  }

  #settleTaken(table: SharedTable, key: string, owner: string, conflicts: readonly LiveConflict[], isReferred: boolean): void {
    const others = new Set(conflicts.map(({ live }) => live))
    const isAllocatable = table.allocation !== null && table.identity.includes(table.allocation.column)
    if (others.size > (others.has(owner) ? 1 : 0)) {
      this.#settleSeveral(table, key, [owner, ...others], conflicts)
      return
    }
    const canAllocate = isAllocatable && others.size === 0 && this.#policy.keys !== 'keep'
    if (canAllocate && (this.#policy.keys === 'new' || !isReferred)) {
      this.#mapping.of(table.id).allocated.add(key)
      return
    }
    const primary = table.live.uniques.find(({ kind }) => kind === 'primary')
    const answer = this.#report(
      {
        kind: 'key taken',
        table: table.id,
        key: displayKey(key),
        constraint: primary?.name ?? null,
        columns: table.identity,
        values: owner.split('\0'),
        live: [displayKey(owner)],
        possible: canAllocate ? ['skip', 'match', 'overwrite', 'allocate'] : ['skip', 'match', 'overwrite'],
      },
      key,
    )
    if (answer === 'allocate') this.#mapping.of(table.id).allocated.add(key)
    else if (answer === 'match' || answer === 'overwrite') this.#standIn(table, key, owner, answer === 'overwrite')
  }

  #settleUnique(table: SharedTable, key: string, conflicts: readonly LiveConflict[]): void {
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
      this.#settleSeveral(table, key, live, open)
      return
    }
    const answer = this.#report(
      uniqueFinding(table, key, first, live, ['skip', 'match', 'overwrite']),
      key,
    )
    if (answer !== 'match' && answer !== 'overwrite') return
    this.#mapping.of(table.id).allocated.delete(key)
    this.#standIn(table, key, first.live, answer === 'overwrite')
  }

  #settleSeveral(table: SharedTable, key: string, live: readonly string[], conflicts: readonly LiveConflict[]): void {
    const [first] = conflicts
    if (first === undefined) return
    const finding = uniqueFinding(table, key, first, [...new Set(live)], ['skip'])
    this.#report({ ...finding, kind: 'several live rows' }, key)
  }

  /** Keeps rewritten columns that other tables refer to, so that their references follow. */
  async #keepRewritten(
    table: SharedTable,
    keys: readonly string[],
    rewritten: ReadonlyMap<string, ReadonlyMap<string, MappedValue>>,
  ): Promise<void> {
    const referenced = new Set(
      this.#sides.catalog.relations.flatMap(({ parent, parentColumns }) => (parent === table.id ? parentColumns : [])),
    )
    if (referenced.size === 0) return
    const fates = this.#mapping.of(table.id)
    for (const key of keys) {
      const row = rewritten.get(key)
      if (row !== undefined && [...row.keys()].some((name) => referenced.has(name))) fates.rewritten.set(key, row)
    }
  }
}

const uniqueFinding = (
  table: SharedTable,
  key: string,
  { unique, values }: Pick<LiveConflict, 'unique' | 'values'>,
  live: readonly string[],
  possible: readonly Answer[],
): Finding => ({
  kind: unique.kind === 'exclusion' ? 'exclusion' : 'unique taken',
  table: table.id,
  key: displayKey(key),
  constraint: unique.name,
  columns: unique.columns,
  values,
  live: live.map(displayKey),
  possible,
})

/** True where a value, or an array of such values, holds the label. */
const hasLabel = (value: string | null, label: string): boolean => {
  if (value === null || value === label) return value !== null
  const elements = /^\{(.*)\}$/s.exec(value)?.[1]?.split(',') ?? []
  return elements.some((element) => element.replace(/^"(.*)"$/s, '$1').replace(/\\(.)/gs, '$1') === label)
}

/** Text of some columns of backup rows, by packed key. */
export const readBackupValues = async (
  sides: Sides,
  table: SharedTable,
  keys: readonly string[],
  columns: readonly string[],
): Promise<ReadonlyMap<string, readonly (string | null)[]>> => {
  const known = columns.filter((name) => columnOf(table.backup, name) !== undefined)
  const found = new Map<string, readonly (string | null)[]>()
  for (const batch of inBatches(keys)) {
    const rows = await sides.backup.rows(sql`
      select ${ordinal('k')}::text, ${asText('t', known)}
      from ${keySource(table.backup, table.identity, batch)}
      join ${fromTable(table.backup)} as t on ${joinOn(table.identity, 't', 'k')}`)
    for (const [ord, ...values] of rows) found.set(batch[Number(ord) - 1] ?? '', values)
  }
  return found
}
