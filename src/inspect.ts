/** Looking, without choosing: tables and their relations, rows side by side. */

import { describeCondition } from './catalog/declared.ts'
import { packKey, unpackKey } from './catalog/row.ts'
import type { SharedCatalog, SharedTable } from './catalog/shared.ts'
import { findTable, hintForRefusal } from './catalog/shared.ts'
import { recogniseSoftDelete } from './catalog/soft-delete.ts'
import { parseTableName } from './catalog/table-name.ts'
import { shellWord } from './database/display.ts'
import { displayName } from './database/names.ts'
import { type DiffProgress, type DiffState, diffRows, readValues } from './diff/diff.ts'
import type { Sides } from './diff/sides.ts'
import type { Sizes, TableSize } from './diff/sizes.ts'
import { readPresent, readStates } from './diff/states.ts'
import { RowgraftError } from './errors.ts'
import { readChildren, readParents } from './selection/references.ts'
import { fitKey, parseKey } from './selection/selection.ts'

/** A table as `tables` lists it. */
export interface TableOverview {
  readonly table: string
  readonly kind: string
  readonly identity: readonly string[]
  readonly isJunction: boolean
  readonly relations: readonly {
    readonly via: string
    readonly columns: readonly string[]
    readonly parent: string
    readonly parentColumns: readonly string[]
    readonly onDelete: string
    readonly isLink: boolean
    /** No constraint says so: the config file does, or the conventions of a framework. */
    readonly isDeclared: boolean
    /** Which rows refer, where not all of them do. */
    readonly condition: string | null
  }[]
  /** One sentence each. */
  readonly drift: readonly string[]
  readonly restorable: boolean
  readonly why: string | null
  /** Of the larger of both sides; null for what is no table on both. */
  readonly size: TableSize | null
}

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

/** Every table of either side, with sentences and sizes by table id. */
export const describeTables = (
  catalog: SharedCatalog,
  { suggestions, sizes }: { readonly suggestions: ReadonlyMap<string, readonly string[]>; readonly sizes: Sizes },
): readonly TableOverview[] => {
  const shared = [...catalog.tables.values()].map((table) => ({
    table: table.id,
    kind: `${table.live.kind} table`,
    identity: table.identity,
    isJunction: table.ends !== null,
    relations: catalog.relations
      .filter(({ child }) => child === table.id)
      .map(({ name, columns, parent, parentColumns, onDelete, isLink, isDeclared, condition }) => ({
        via: name,
        columns,
        parent,
        parentColumns,
        onDelete,
        isLink,
        isDeclared,
        condition: condition === null ? null : describeCondition(condition),
      })),
    drift: [
      ...table.drift.map(({ text }) => text),
      ...suggestSoftDelete(table),
      ...(suggestions.get(table.id) ?? []),
      ...sayUnheld(catalog, table),
      ...(table.backup.isUnlogged ? ["the backup's table is unlogged: rows absent there prove nothing"] : []),
    ],
    restorable: table.refusal === null,
    why: table.refusal,
    size: sizes.get(table.id) ?? null,
  }))
  const others = catalog.others.map(({ id, kind, why, hint }) => ({
    table: id,
    kind,
    identity: [],
    isJunction: false,
    relations: [],
    drift: hint === undefined ? [] : [hint],
    restorable: false,
    why,
    size: null,
  }))
  return [...shared, ...others].sort((a, b) => (a.table < b.table ? -1 : 1))
}

/** A junction table whose pairs no key holds to be unique: they are now, and nothing keeps them so. */
const sayUnheld = (catalog: SharedCatalog, { id, identity }: SharedTable): readonly string[] =>
  catalog.declarations.junctions.includes(id) ? [`no key of it says that (${identity.join(', ')}) is unique`] : []

/** A column that looks like a soft delete is only used as one when somebody says so. */
const suggestSoftDelete = (table: SharedTable): readonly string[] => {
  const found = table.softDelete === null ? recogniseSoftDelete(table.live, table.backup) : null
  return found === null
    ? []
    : [
        `column "${found}" looks like a soft delete; if it is one, say so: --soft-delete ${table.id}.${displayName(found)}`,
      ]
}

const isComparable = ({ refusal, countsOnly }: SharedTable): boolean => refusal === null || countsOnly

const refuse = (table: SharedTable): RowgraftError =>
  new RowgraftError('not-restorable', `table "${table.id}" cannot be compared`, {
    detail: table.refusal ?? undefined,
    hint: hintForRefusal(table),
  })

export interface ChosenTables {
  /** Default: all that can be compared. */
  readonly tables?: readonly string[]
}

/** The tables named, or all that can be compared; among them those whose rows can only be counted. */
export const chooseTables = (catalog: SharedCatalog, names: readonly string[] | undefined): readonly SharedTable[] => {
  if (names === undefined || names.length === 0) return [...catalog.tables.values()].filter(isComparable)
  return names.map((name) => {
    const table = findTable(catalog, parseTableName(name))
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
  states: readonly DiffState[],
  onProgress: DiffProgress,
): AsyncGenerator<RowReport> {
  for (const table of tables) {
    for await (const wanted of diffRows(sides, table, { states, onProgress })) {
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
export const showRow = async (
  sides: Sides,
  tableName: string,
  typed: string,
): Promise<RowReport & { readonly relations: readonly RelationCount[] }> => {
  const table = findTable(sides.catalog, parseTableName(tableName))
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
      const { rows } = await readParents(sides, table, relation, [key])
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
      const keys = (await readChildren(sides, child, table, relation, [key])).map((row) => row.key)
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
