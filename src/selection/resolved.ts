/** The rows that a selection comes to, on both sides. */
import type { SharedTable } from '../catalog/shared.ts'
import { displayKey } from '../keys/key.ts'
import type { KeyIndexes } from '../keys/key-index.ts'
import { findNever, findNeverAmong } from '../rows/never.ts'
import { RowStates, type StatesByKey } from '../rows/row-states.ts'
import type { Sides } from '../rows/sides.ts'
import type { RowState } from '../rows/states.ts'
import type { Untouched } from './all-missing.ts'
import type { Coverage } from './coverage.ts'
import type { LeftOut } from './left-out.ts'
import type { Repair } from './statement/damage.ts'

/** Rows of one table that the selection names, with their states; keys are packed. */
export interface ChosenRows {
  readonly table: SharedTable
  readonly states: StatesByKey
}

export interface Resolved {
  readonly chosen: ReadonlyMap<string, ChosenRows>
  /** Rows that are still there and below which everything missing is wanted. */
  readonly under: ReadonlyMap<string, readonly string[]>
  /** Requested keys that the backup does not have. */
  readonly notInBackup: readonly { readonly table: string; readonly key: string }[]
  /** Columns that an UPDATE left with other values, by packed key, per table. */
  readonly repairs: ReadonlyMap<string, ReadonlyMap<string, Repair>>
  /** Rows that an UPDATE hit and that live does not have. */
  readonly leftOut: readonly LeftOut[]
  readonly coverage: readonly Coverage[]
  readonly untouched: readonly Untouched[]
}

/** What selectors have come to so far. */
export class SelectedRows implements Resolved {
  readonly chosen = new Map<string, ChosenRows & { readonly states: RowStates }>()
  readonly under = new Map<string, readonly string[]>()
  readonly notInBackup: Resolved['notInBackup'][number][] = []
  readonly repairs = new Map<string, ReadonlyMap<string, Repair>>()
  readonly leftOut: LeftOut[] = []
  readonly coverage: Coverage[] = []
  readonly untouched: Untouched[] = []
  readonly #keys: KeyIndexes

  constructor(keys: KeyIndexes) {
    this.#keys = keys
  }

  choose(table: SharedTable, states: Iterable<readonly [string, RowState]>): void {
    const rows = this.chosen.get(table.id) ?? { table, states: new RowStates(this.#keys.of(table.id)) }
    for (const [key, state] of states) rows.states.set(key, state)
    this.chosen.set(table.id, rows)
  }

  repair(table: SharedTable, repairs: ReadonlyMap<string, Repair>): void {
    this.repairs.set(table.id, mergeRepairs(this.repairs.get(table.id), repairs))
  }
}

/** A column that one of several statements left as it is in live is damaged, whatever the others say. */
const mergeRepairs = (
  known: ReadonlyMap<string, Repair> | undefined,
  more: ReadonlyMap<string, Repair>,
): ReadonlyMap<string, Repair> => {
  const merged = new Map(known)
  for (const [key, { damaged, edited }] of more) {
    const other = merged.get(key)
    const all = [...new Set([...(other?.damaged ?? []), ...damaged])]
    const rest = [...new Set([...(other?.edited ?? []), ...edited])].filter((name) => !all.includes(name))
    merged.set(key, { damaged: all, edited: rest })
  }
  return merged
}

/** The selection without rows that must not come back; those are left out, and said so. */
export const barNever = async (sides: Sides, resolved: Resolved): Promise<Resolved> => {
  if (sides.catalog.never.size === 0) return resolved
  const chosen = new Map<string, ChosenRows>()
  const repairs = new Map(resolved.repairs)
  const leftOut = [...resolved.leftOut]
  for (const [id, { table, states }] of resolved.chosen) {
    const repaired = resolved.repairs.get(id) ?? new Map()
    const never = new Set([
      ...(await findNeverAmong(sides, table, states)),
      ...(await findNever(sides, table, [...repaired.keys()])),
    ])
    for (const key of never) leftOut.push({ table: id, key: displayKey(key), reason: { kind: 'never' } })
    chosen.set(id, { table, states: new Map([...states].filter(([key]) => !never.has(key))) })
    if (repaired.size > 0) repairs.set(id, new Map([...repaired].filter(([key]) => !never.has(key))))
  }
  return { ...resolved, chosen, repairs, leftOut }
}
