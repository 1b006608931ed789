/** The rows of a table that differ, as keys in little space; their values are read by page. */
import { columnOf } from '../catalog/catalog.ts'
import type { SharedTable } from '../catalog/shared.ts'
import { type DiffProgress, diffRows } from '../diff/diff.ts'
import { type DiffState, diffStates } from '../diff/diff-states.ts'
import { type Key, packKey, unpackKey } from '../keys/key.ts'
import type { Sides } from '../rows/sides.ts'
import type { RowState } from '../rows/states.ts'

/** A column of the rows of a list. */
export interface ListColumn {
  readonly name: string
  /** As the server writes it: `character varying(40)`. */
  readonly type: string
  /** Part of the key by which rows are recognised. */
  readonly isIdentity: boolean
  readonly isNumeric: boolean
}

/** Rows that differ, each with its state: what is missing first, what only live has last. */
export interface RowList {
  /** Id of the table. */
  readonly table: string
  readonly length: number
  readonly states: Readonly<Record<DiffState, number>>
  readonly columns: readonly ListColumn[]
  /** The column by which people know a row; null where there is none. */
  readonly label: string | null
  stateAt(index: number): DiffState
  /** The server's text of each key column; live's key for a row that only live has. */
  keyAt(index: number): Key
  /** Columns that differ, of a changed row. */
  changedAt(index: number): readonly string[]
}

const order: readonly DiffState[] = ['missing', 'changed', 'deleted', 'reused', 'restored', 'extra']

const numeric = /^(smallint|integer|bigint|numeric|real|double precision|money|oid)/

const columnsOf = ({ live, backup, identity }: SharedTable): readonly ListColumn[] => {
  const names = [...backup.columns, ...live.columns.filter(({ name }) => columnOf(backup, name) === undefined)]
  return names.map(({ name, type }) => ({
    name,
    type,
    isIdentity: identity.includes(name),
    isNumeric: numeric.test(type),
  }))
}

/** Keys of one state, in the order they came; lists of changed columns are kept once each. */
class Group {
  readonly keys: string[] = []
  readonly #changed: (readonly string[])[] = []
  readonly #known = new Map<string, readonly string[]>()

  add(key: string, columns: readonly string[]): void {
    this.keys.push(key)
    if (columns.length === 0) return
    const id = JSON.stringify(columns)
    const shared = this.#known.get(id) ?? columns
    this.#known.set(id, shared)
    this.#changed[this.keys.length - 1] = shared
  }

  changedAt(index: number): readonly string[] {
    return this.#changed[index] ?? []
  }
}

/** A list of rows that were lost, by packed key: those that live has marked as deleted come last, all others are missing. */
export const listLost = (table: SharedTable, rows: ReadonlyMap<string, RowState>, label: string | null): RowList => {
  const [missing, deleted]: readonly [string[], string[]] = [[], []]
  for (const [key, { state }] of rows) (state === 'deleted' ? deleted : missing).push(key)
  const keyAt = (index: number): string => missing[index] ?? deleted[index - missing.length] ?? ''
  return {
    table: table.id,
    length: rows.size,
    states: { missing: missing.length, changed: 0, deleted: deleted.length, extra: 0, reused: 0, restored: 0 },
    columns: columnsOf(table),
    label,
    stateAt: (index) => (index < missing.length ? 'missing' : 'deleted'),
    keyAt: (index) => unpackKey(keyAt(index)),
    changedAt: (index) => {
      const state = rows.get(keyAt(index))
      return state?.state === 'deleted' ? state.columns : []
    },
  }
}

/** A list of rows that live has with other values, by packed key, with the columns that are meant. */
export const listChanged = (table: SharedTable, rows: ReadonlyMap<string, RowState>, label: string | null): RowList => {
  const keys = [...rows.keys()]
  return {
    table: table.id,
    length: keys.length,
    states: { missing: 0, changed: keys.length, deleted: 0, extra: 0, reused: 0, restored: 0 },
    columns: columnsOf(table),
    label,
    stateAt: () => 'changed',
    keyAt: (index) => unpackKey(keys[index] ?? ''),
    changedAt: (index) => {
      const state = rows.get(keys[index] ?? '')
      return state?.state === 'changed' ? state.columns : []
    },
  }
}

/** Lists the rows of a table that differ. Memory is a key per row, some 50 bytes. */
export const listRowsOf = async (
  sides: Sides,
  table: SharedTable,
  options: {
    readonly states?: readonly DiffState[] | undefined
    readonly onProgress?: DiffProgress
    readonly label: string | null
  },
): Promise<RowList> => {
  const groups = new Map(order.map((state) => [state, new Group()]))
  const { states = diffStates, onProgress } = options
  for await (const batch of diffRows(sides, table, { states, onProgress })) {
    for (const { key, state, columns } of batch) groups.get(state)?.add(key, columns)
  }
  const starts: { readonly state: DiffState; readonly start: number; readonly group: Group }[] = []
  let length = 0
  for (const [state, group] of groups) {
    starts.push({ state, start: length, group })
    length += group.keys.length
  }
  const placeOf = (index: number) => starts.findLast(({ start, group }) => index >= start && group.keys.length > 0)
  const count = (state: DiffState): number => groups.get(state)?.keys.length ?? 0
  return {
    table: table.id,
    length,
    states: {
      missing: count('missing'),
      changed: count('changed'),
      deleted: count('deleted'),
      extra: count('extra'),
      reused: count('reused'),
      restored: count('restored'),
    },
    columns: columnsOf(table),
    label: options.label,
    stateAt: (index) => placeOf(index)?.state ?? 'missing',
    keyAt: (index) => {
      const place = placeOf(index)
      return unpackKey(place?.group.keys[index - place.start] ?? '')
    },
    changedAt: (index) => {
      const place = placeOf(index)
      return place?.group.changedAt(index - place.start) ?? []
    },
  }
}

/** Packed keys of some rows of a list. */
export const packedKeys = (list: RowList, indexes: readonly number[]): readonly string[] =>
  indexes.map((index) => packKey(list.keyAt(index)))
