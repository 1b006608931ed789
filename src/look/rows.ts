/** Looking, without choosing: tables and their relations, rows side by side. */

import { recogniseSoftDelete } from '../catalog/conventions/soft-delete.ts'
import type { SharedCatalog, SharedTable } from '../catalog/shared.ts'
import { findTable, refuseTable } from '../catalog/shared.ts'
import { shellWord } from '../database/display.ts'
import { type DiffProgress, diffRows } from '../diff/diff.ts'
import type { DiffState } from '../diff/diff-states.ts'
import { RowgraftError } from '../errors.ts'
import { packKey, unpackKey } from '../keys/key.ts'
import { readChildren, readParents } from '../rows/references.ts'
import type { Sides } from '../rows/sides.ts'
import { readPresent, readStates } from '../rows/states.ts'
import { readValues } from '../rows/values.ts'
import { fitKey, parseKey } from '../selection/selection.ts'
import type { TableNote } from './table-note.ts'

/** A row on both sides. */
export interface RowReport {
  readonly table: string
  readonly state: DiffState | 'same' | 'not in backup'
  readonly key: Readonly<Record<string, string>>
  readonly backup: Readonly<Record<string, string | null>> | null
  readonly live: Readonly<Record<string, string | null>> | null
  /** Columns that differ. */
  readonly columns: readonly string[]
}

/** How many rows are at the other end of a row's references, on each side. */
export interface RelationCount {
  readonly direction: 'parent' | 'child'
  readonly via: string
  readonly table: string
  readonly live: number
  readonly backup: number
}

/** One row on both sides, with where its references lead. */
export type RelatedRow = RowReport & { readonly relations: readonly RelationCount[] }

/** A column that looks like a soft delete is only used as one when somebody says so. */
export const suggestSoftDelete = (table: SharedTable): readonly TableNote[] => {
  const found = table.softDelete === null ? recogniseSoftDelete(table.live, table.backup) : null
  return found === null ? [] : [{ kind: 'soft delete', table: table.id, column: found }]
}

const isComparable = ({ refusal, countsOnly }: SharedTable): boolean => refusal === null || countsOnly

const refuse = (table: SharedTable): RowgraftError => refuseTable(table, `table "${table.id}" cannot be compared`)

export interface ChosenTables {
  /** Default: all that can be compared. */
  readonly tables?: readonly string[]
}

/** The tables named, or all that can be compared; among them those whose rows can only be counted. */
export const chooseTables = (catalog: SharedCatalog, names: readonly string[] | undefined): readonly SharedTable[] => {
  if (names === undefined || names.length === 0) return [...catalog.tables.values()].filter(isComparable)
  return names.map((name) => {
    const table = findTable(catalog, name)
    if (!isComparable(table)) throw refuse(table)
    return table
  })
}

const named = (table: SharedTable, key: string): Readonly<Record<string, string>> =>
  Object.fromEntries(unpackKey(key).map((value, position) => [table.identity[position] ?? '', value]))

/** Rows that differ, with their values on both sides. */
export async function* listRows(
  sides: Sides,
  tables: readonly SharedTable[],
  options: { readonly states: readonly DiffState[]; readonly onProgress: DiffProgress },
): AsyncGenerator<RowReport> {
  for (const table of tables) {
    for await (const wanted of diffRows(sides, table, options)) {
      const liveKeys = new Map(wanted.map(({ key }) => [key, sides.restored.get(table.id)?.get(key) ?? key]))
      const live = await readValues(sides.live, table, [...new Set(liveKeys.values())])
      const backup = await readValues(
        sides.backup,
        table,
        wanted.filter(({ state }) => state !== 'extra').map(({ key }) => key),
      )
      for (const { key, state, columns } of wanted) {
        yield {
          table: table.id,
          state,
          key: named(table, key),
          backup: state === 'extra' ? null : (backup.get(key) ?? null),
          live:
            state === 'missing' ? null : (live.get(state === 'restored' ? (liveKeys.get(key) ?? key) : key) ?? null),
          columns,
        }
      }
    }
  }
}

/** One row on both sides, and how many rows its references lead to. Throws `bad-key` for a key that neither side has. */
export const showRow = async (sides: Sides, tableName: string, typed: string): Promise<RelatedRow> => {
  const table = findTable(sides.catalog, tableName)
  if (table.refusal !== null) throw refuse(table)
  const key = packKey(fitKey(parseKey(typed), typed, table))
  const backup = await readValues(sides.backup, table, [key])
  const live = await readValues(sides.live, table, [key])
  if (backup.size === 0 && live.size === 0) {
    throw new RowgraftError('bad-key', `neither side has row ${typed} of "${table.id}"`, {
      hint: `The key of "${table.id}" is ${table.identity.join(',')}. List rows with: rowgraft diff ${shellWord(table.id)} --rows.`,
    })
  }
  const state = backup.size === 0 ? null : (await readStates(sides, table, [key])).get(key)
  const restored = state?.state === 'restored' ? await readValues(sides.live, table, [state.liveKey]) : live
  return {
    table: table.id,
    state: state?.state ?? 'not in backup',
    key: named(table, key),
    backup: backup.get(key) ?? null,
    live: (state?.state === 'restored' ? restored.get(state.liveKey) : live.get(key)) ?? null,
    columns: state !== undefined && state !== null && 'columns' in state ? state.columns : [],
    relations: await countRelations(sides, table, key),
  }
}

const canCount = (table: SharedTable | undefined): table is SharedTable =>
  table !== undefined && table.identity.length > 0 && table.hidden === null

const countRelations = async (sides: Sides, table: SharedTable, key: string): Promise<readonly RelationCount[]> => {
  const found: RelationCount[] = []
  const inLive = async (other: SharedTable, keys: readonly string[]): Promise<number> =>
    (await readPresent(sides.live, other, keys)).size
  for (const relation of sides.catalog.relations) {
    const parent = sides.catalog.tables.get(relation.parent)
    const child = sides.catalog.tables.get(relation.child)
    if (relation.child === table.id && canCount(parent)) {
      const { rows } = await readParents(sides, { relation, child: table }, [key])
      const keys = rows.map(({ other }) => other)
      found.push({
        direction: 'parent',
        via: relation.name,
        table: parent.id,
        live: await inLive(parent, keys),
        backup: keys.length,
      })
    }
    if (relation.parent === table.id && canCount(child)) {
      const keys = (await readChildren(sides, { relation, child, parent: table }, [key])).map((row) => row.key)
      found.push({
        direction: 'child',
        via: relation.name,
        table: child.id,
        live: await inLive(child, keys),
        backup: keys.length,
      })
    }
  }
  return found
}
