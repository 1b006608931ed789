/** Rows that must not come back by any route, because the config file says so: SQL evaluated on the backup, which is only read. */

import { sql } from 'kysely'
import type { Table } from '../catalog/catalog.ts'
import { holds } from '../catalog/refer.ts'
import { displayKey, fromTable, inBatches, joinOn, keySource, ordinal } from '../catalog/row.ts'
import type { SharedTable } from '../catalog/shared.ts'
import { withoutEdits } from '../catalog/source.ts'
import type { StatesByKey } from '../diff/row-states.ts'
import type { Sides } from '../diff/sides.ts'
import type { RowState } from '../diff/states.ts'
import type { ChosenRows, Resolved } from './resolve.ts'

/** Why such a row stays out. */
export const whyNever = 'it must not come back ("never" in the config file)'

/** The table as the backup itself has it: values that the user gives decide nothing here. */
const asBackedUp = (table: Table): Table => {
  const bare = withoutEdits(table)
  const { source } = bare
  return source === undefined ? bare : { ...bare, columns: bare.columns.filter(({ name }) => name in source.columns) }
}

/** Of the rows given, those that must not come back. */
export const findNever = async (
  sides: Sides,
  table: SharedTable,
  keys: readonly string[],
): Promise<ReadonlySet<string>> => {
  const never = new Set<string>()
  const condition = sides.catalog.never.get(table.id)
  if (condition === undefined || keys.length === 0) return never
  const side = asBackedUp(table.backup)
  await sides.withUserSearchPath(async () => {
    for (const batch of inBatches(keys)) {
      const rows = await sides.backup.rows(sql`
        select ${ordinal('k')}::text
        from ${keySource(side, table.identity, batch)}
        join ${fromTable(side)} as c on ${joinOn(table.identity, 'c', 'k')}
        where ${holds(condition, side, 'c')}`)
      for (const [ord] of rows) never.add(batch[Number(ord) - 1] ?? '')
    }
  })
  return never
}

/** A row that live holds as the backup does, or that is back already, is there: nothing about it can be written. */
const isOpen = ({ state }: RowState): boolean => state !== 'same' && state !== 'restored'

/** Of rows with states, those that must not come back. */
export const findNeverAmong = (sides: Sides, table: SharedTable, states: StatesByKey): Promise<ReadonlySet<string>> => {
  if (!sides.catalog.never.has(table.id)) return Promise.resolve(new Set())
  const open = [...states].flatMap(([key, state]) => (isOpen(state) ? [key] : []))
  return findNever(sides, table, open)
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
    for (const key of never) leftOut.push({ table: id, key: displayKey(key), why: whyNever })
    chosen.set(id, { table, states: new Map([...states].filter(([key]) => !never.has(key))) })
    if (repaired.size > 0) repairs.set(id, new Map([...repaired].filter(([key]) => !never.has(key))))
  }
  return { ...resolved, chosen, repairs, leftOut }
}
