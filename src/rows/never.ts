/** Rows that must not come back by any route, because the config file says so: SQL evaluated on the backup, which is only read. */
import type { Table } from '../catalog/catalog.ts'
import { withoutEdits } from '../catalog/catalog.ts'
import type { SharedTable } from '../catalog/shared.ts'
import { holds } from '../sql/references.ts'
import { findKeys } from './by-key.ts'
import type { StatesByKey } from './row-states.ts'
import type { Sides } from './sides.ts'
import type { RowState } from './states.ts'

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
  const condition = sides.catalog.never.get(table.id)
  if (condition === undefined || keys.length === 0) return new Set()
  const backup = asBackedUp(table.backup)
  return sides.withUserSearchPath(() =>
    findKeys(sides.backup, { ...table, backup }, { keys, where: holds(condition, { table: backup, alias: 't' }) }),
  )
}

/** A row that live holds as the backup does, or that is back already, is there: nothing about it can be written. */
const isOpen = ({ state }: RowState): boolean => state !== 'same' && state !== 'restored'

/** Of rows with states, those that must not come back. */
export const findNeverAmong = (sides: Sides, table: SharedTable, states: StatesByKey): Promise<ReadonlySet<string>> => {
  if (!sides.catalog.never.has(table.id)) return Promise.resolve(new Set())
  const open = [...states].flatMap(([key, state]) => (isOpen(state) ? [key] : []))
  return findNever(sides, table, open)
}
