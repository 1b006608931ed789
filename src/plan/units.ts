/**
 * A plan in parts: units that are complete in themselves, because rows that refer to each other are never parted. A unit is a plan like
 * any other, of some of the rows. Pure.
 */
import { type KeyColumn, keyColumns, keysOf } from '../keys/key-columns.ts'
import type { StandIns, Step } from './step.ts'

/** Which unit a row belongs to, by number; undefined for rows of none. */
export type UnitOf = (table: string, key: string) => number | undefined

/** Rows that belong together, as sets that are joined (union-find). */
export class RowGroups {
  readonly #ids = new Map<string, Map<string, number>>()
  readonly #above: number[] = []
  readonly #sizes: number[] = []

  /** Adds a row once for each step that writes it. */
  add(table: string, key: string): void {
    const rows = this.#ids.get(table) ?? new Map<string, number>()
    this.#ids.set(table, rows)
    const known = rows.get(key)
    if (known !== undefined) {
      this.#sizes[known] = (this.#sizes[known] ?? 0) + 1
      return
    }
    rows.set(key, this.#above.length)
    this.#above.push(this.#above.length)
    this.#sizes.push(1)
  }

  keys(table: string): readonly string[] {
    return [...(this.#ids.get(table)?.keys() ?? [])]
  }

  has(table: string, key: string): boolean {
    return this.#ids.get(table)?.has(key) ?? false
  }

  join(a: readonly [string, string], b: readonly [string, string]): void {
    const [one, other] = [this.#rootOf(...a), this.#rootOf(...b)]
    if (one === undefined || other === undefined || one === other) return
    // The earlier row leads, so that units keep the plan's order.
    const [first, second] = one < other ? [one, other] : [other, one]
    this.#above[second] = first
    this.#sizes[first] = (this.#sizes[first] ?? 0) + (this.#sizes[second] ?? 0)
  }

  /** Gathers whole groups, in their order, into units of about `size` rows; a group that is larger is a unit of its own. */
  pack(size: number): { readonly count: number; readonly unitOf: UnitOf } {
    const units = new Map<number, number>()
    let [unit, rows] = [0, 0]
    for (let id = 0; id < this.#above.length; id += 1) {
      if (this.#find(id) !== id) continue
      const own = this.#sizes[id] ?? 0
      if (rows > 0 && rows + own > size) {
        unit += 1
        rows = 0
      }
      units.set(id, unit)
      rows += own
    }
    const unitOf: UnitOf = (table, key) => {
      const root = this.#rootOf(table, key)
      return root === undefined ? undefined : units.get(root)
    }
    return { count: units.size === 0 ? 0 : unit + 1, unitOf }
  }

  #rootOf(table: string, key: string): number | undefined {
    const id = this.#ids.get(table)?.get(key)
    return id === undefined ? undefined : this.#find(id)
  }

  #find(id: number): number {
    let root = id
    for (let above = this.#above[root] ?? root; above !== root; above = this.#above[root] ?? root) root = above
    for (let at = id; at !== root; ) {
      const above = this.#above[at] ?? root
      this.#above[at] = root
      at = above
    }
    return root
  }
}

const pick = <T>(values: readonly T[], positions: readonly number[]): readonly T[] =>
  positions.flatMap((position) => {
    const value = values[position]
    return value === undefined ? [] : [value]
  })

const pickColumns = (columns: readonly KeyColumn[], positions: readonly number[]) =>
  keyColumns(columns.length, pick(keysOf(columns), positions))

/** Positions of a step's rows by unit. */
const positionsByUnit = (keys: readonly string[], unitOf: (key: string) => readonly number[]) => {
  const found = new Map<number, number[]>()
  for (const [position, key] of keys.entries()) {
    for (const unit of unitOf(key)) {
      const own = found.get(unit)
      if (own === undefined) found.set(unit, [position])
      else own.push(position)
    }
  }
  return found
}

/** The parts of a step, by unit. */
export const splitStep = (step: Step, unitOf: UnitOf): ReadonlyMap<number, Step> => {
  const found = positionsByUnit(keysOf(step.keys), (key) => {
    const unit = unitOf(step.table, key)
    return unit === undefined ? [] : [unit]
  })
  const { allocate, nulled, editedSince, live, guards, ...rest } = step
  const among = (rows: readonly number[]) => {
    const wanted = new Set(rows)
    return (positions: readonly number[]) => positions.flatMap((own, index) => (wanted.has(own) ? [index] : []))
  }
  const allocated = allocate === undefined || allocate === 'all' ? null : among(allocate)
  const edited = editedSince === undefined ? null : among(editedSince)
  const emptied = (nulled ?? []).map(({ columns, rows }) => ({ columns, among: among(rows) }))
  const parts = [...found].map(([unit, positions]): readonly [number, Step] => {
    const own = {
      allocate: allocate === 'all' ? allocate : allocated?.(positions),
      nulled: emptied
        .map((each) => ({ columns: each.columns, rows: each.among(positions) }))
        .filter(({ rows }) => rows.length > 0),
      editedSince: edited?.(positions),
    }
    return [
      unit,
      {
        ...rest,
        rows: positions.length,
        keys: pickColumns(step.keys, positions),
        ...(live === undefined ? {} : { live: pickColumns(live, positions) }),
        ...(guards === undefined ? {} : { guards: pick(guards, positions) }),
        ...(own.allocate === undefined || own.allocate.length === 0 ? {} : { allocate: own.allocate }),
        ...(own.nulled.length === 0 ? {} : { nulled: own.nulled }),
        ...(own.editedSince === undefined || own.editedSince.length === 0 ? {} : { editedSince: own.editedSince }),
      },
    ]
  })
  return new Map(parts)
}

/** The rows that stand in, by every unit that refers to them. */
export const splitStandIns = (
  standIns: StandIns,
  unitsOf: (table: string, key: string) => readonly number[],
): ReadonlyMap<number, StandIns> => {
  const found = positionsByUnit(keysOf(standIns.backup), (key) => unitsOf(standIns.table, key))
  const parts = [...found].map(([unit, positions]): readonly [number, StandIns] => [
    unit,
    { ...standIns, backup: pickColumns(standIns.backup, positions), live: pickColumns(standIns.live, positions) },
  ])
  return new Map(parts)
}
