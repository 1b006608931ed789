/** The rows that a selection comes to, on both sides. */
import type { SharedTable } from '../catalog/shared.ts'
import { displayKey } from '../keys/key.ts'
import { findNever, findNeverAmong } from '../rows/never.ts'
import type { StatesByKey } from '../rows/row-states.ts'
import type { Sides } from '../rows/sides.ts'
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
