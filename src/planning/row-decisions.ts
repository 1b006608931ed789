/**
 * What has been decided about rows so far, packed, per table. Rows are added and stay, but for those that were to come back beside live's
 * and turn out to be back already; which is why deciding comes to an end.
 */
import type { SharedTable } from '../catalog/shared.ts'
import { displayKey } from '../keys/key.ts'
import type { RestoredKeys } from '../rows/sides.ts'
import type { LeftOut } from '../selection/left-out.ts'
import { mayHaveTwins } from './probe/twins/equal-rows.ts'

export type RowSets = Map<string, Set<string>>

export class RowDecisions {
  /** Rows that stay out. */
  readonly excluded: RowSets = new Map()
  /** Rows that another row of live stands in for. */
  readonly matched: RowSets = new Map()
  /** Reused rows for which the live row of the same key stands in. */
  readonly inPlace: RowSets = new Map()
  /** Rows that live has with other values, and that come back beside them. */
  readonly beside: RowSets = new Map()
  /** Rows that live has with other values, and to which nothing is attached. */
  readonly refused: RowSets = new Map()
  /** Rows that their transform leaves out. */
  readonly dropped: RowSets = new Map()
  /** Rows whose key was changed in live. */
  readonly renamed: RowSets = new Map()
  /** Live rows under other keys that are the backup's rows, brought back before or renamed. */
  readonly twins: Map<string, Map<string, string>>
  readonly #leftOut = new Map<string, LeftOut>()
  #hasChanged = false

  constructor(restored: RestoredKeys) {
    this.twins = new Map([...restored].map(([table, rows]) => [table, new Map(rows)]))
  }

  /** Something has been decided in this round: what was judged by the decisions before is to be judged again. */
  get hasChanged(): boolean {
    return this.#hasChanged
  }

  /** Rows that stay out for a reason that is to be told. */
  get leftOut(): readonly LeftOut[] {
    return [...this.#leftOut.values()]
  }

  nextRound(): void {
    this.#hasChanged = false
  }

  /** Adds rows to one of the sets. */
  add(sets: RowSets, table: string, keys: Iterable<string>): void {
    const known = sets.get(table) ?? new Set<string>()
    sets.set(table, known)
    const before = known.size
    for (const key of keys) known.add(key)
    if (known.size > before) this.#hasChanged = true
  }

  /** Takes live's row for one that an earlier run brought back, or whose key was changed: so it does not come back beside another. */
  addTwin(table: SharedTable, key: string, liveKey: string): void {
    const known = this.twins.get(table.id) ?? new Map<string, string>()
    this.twins.set(table.id, known.set(key, liveKey))
    this.beside.get(table.id)?.delete(key)
    if (!mayHaveTwins(table)) this.add(this.renamed, table.id, [key])
    this.#hasChanged = true
  }

  /** Says why a row stays out. */
  tell(table: string, key: string, reason: LeftOut['reason']): void {
    this.#leftOut.set(`${table}\0${key}`, { table, key: displayKey(key), reason })
  }
}
