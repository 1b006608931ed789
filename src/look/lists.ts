/** Rows of a list, one page or one row at a time: what the terminal UI and programs scroll through. */
import type { SharedCatalog, SharedTable } from '../catalog/shared.ts'
import { findTable, refuseTable } from '../catalog/shared.ts'
import type { DiffProgress } from '../diff/diff.ts'
import type { DiffState } from '../diff/diff-states.ts'
import { RowgraftError } from '../errors.ts'
import { packKey, unpackKey } from '../keys/key.ts'
import { labelColumn, nameRows } from '../rows/labels.ts'
import { readParents } from '../rows/references.ts'
import type { Sides } from '../rows/sides.ts'
import type { RowState } from '../rows/states.ts'
import { readValues } from '../rows/values.ts'
import type { FoundIncidents } from '../selection/incidents/incidents.ts'
import { fitKey, parseKey } from '../selection/selection.ts'
import { listChanged, listLost, listRowsOf, packedKeys, type RowList } from './row-list.ts'
import { type RowView, type ViewOptions, viewRows } from './row-view.ts'
import { chooseTables, type RowReport } from './rows.ts'

/** Where a row's columns lead. */
export interface RowReference {
  /** Name of the constraint or relation. */
  readonly via: string
  readonly columns: readonly string[]
  readonly table: string
  /** Key of the row that is referred to. */
  readonly key: readonly string[]
  /** What people call it; null where it has no name. */
  readonly label: string | null
}

const tableNamed = (sides: Sides, name: string): SharedTable => {
  const [table] = chooseTables(sides.catalog, [name])
  if (table === undefined) throw new Error(`no table ${name}`)
  return table
}

/** The rows of a table that differ. Throws `not-restorable` for a table whose rows cannot be told apart. */
export const readList = async (
  sides: Sides,
  name: string,
  options: { readonly states?: readonly DiffState[] | undefined; readonly onProgress: DiffProgress },
): Promise<RowList> => {
  const table = tableNamed(sides, name)
  if (table.countsOnly) {
    throw refuseTable(
      table,
      `rows of "${table.id}" can be counted, not listed`,
      'Name columns that tell its rows apart under "identities" in the config file.',
    )
  }
  return listRowsOf(sides, table, { ...options, label: labelColumn(table) })
}

/** The rows of one table that belong to an incident. */
export const listIncidentRows = (
  sides: Sides,
  found: FoundIncidents,
  { id, table: name }: { readonly id: string; readonly table: string },
): RowList => {
  const table = tableNamed(sides, name)
  const rows = found.rowsOf(id, table.id)
  if (rows !== null) return listLost(table, rows, labelColumn(table))
  throw new RowgraftError('usage', `there is no incident "${id}" any more`, {
    hint: 'Count the incidents again: what is missing has changed.',
  })
}

/** The rows that an incident overwrote. */
export const listOverwritten = (catalog: SharedCatalog, rows: ReadonlyMap<string, RowState>, name: string): RowList => {
  const table = findTable(catalog, name)
  return listChanged(table, rows, labelColumn(table))
}

/** Rows of a list with their values on both sides, in the order asked for. Rows that are gone from both sides have none. */
export const readListValues = async (
  sides: Sides,
  list: RowList,
  indexes: readonly number[],
): Promise<readonly RowReport[]> => {
  const table = tableNamed(sides, list.table)
  const keys = packedKeys(list, indexes)
  const restored = sides.restored.get(table.id)
  const liveKeys = keys.map((key, position) =>
    list.stateAt(indexes[position] ?? 0) === 'restored' ? (restored?.get(key) ?? key) : key,
  )
  const live = await readValues(sides.live, table, [...new Set(liveKeys)])
  const backup = await readValues(sides.backup, table, keys)
  return indexes.map((index, position): RowReport => {
    const key = keys[position] ?? ''
    const state = list.stateAt(index)
    return {
      table: table.id,
      state,
      key: Object.fromEntries(unpackKey(key).map((value, at) => [table.identity[at] ?? '', value])),
      backup: state === 'extra' ? null : (backup.get(key) ?? null),
      live: state === 'missing' ? null : (live.get(liveKeys[position] ?? key) ?? null),
      columns: list.changedAt(index),
    }
  })
}

/** Which rows of a list match, and in which order. */
export const readView = (sides: Sides, list: RowList, options: ViewOptions): Promise<RowView> =>
  viewRows(sides, { table: tableNamed(sides, list.table), rows: list }, options)

/** The rows that a row of the backup refers to, with what people call them. */
export const readReferences = async (sides: Sides, name: string, typed: string): Promise<readonly RowReference[]> => {
  const table = findTable(sides.catalog, name)
  const key = packKey(fitKey(parseKey(typed), typed, table))
  const found: RowReference[] = []
  for (const relation of sides.catalog.relations) {
    const parent = sides.catalog.tables.get(relation.parent)
    const isReadable = parent !== undefined && parent.identity.length > 0 && parent.hidden === null
    if (relation.child !== table.id || !isReadable) continue
    const { rows } = await readParents(sides, { relation, child: table }, [key])
    const [row] = rows
    if (row === undefined) continue
    const labels = await nameRows(sides, parent, [row.other])
    const { name: via, columns } = relation
    found.push({ via, columns, table: parent.id, key: unpackKey(row.other), label: labels.get(row.other) ?? null })
  }
  return found
}
