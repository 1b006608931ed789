/** What has been picked. Rows are bits over the list they are of: a million of them take 125 kB, and survive filter, sort and paging. Pure. */
import type { DiffState, RowList } from '../../index.ts'
import { packKey } from '../../keys/key.ts'

export interface RowPicks {
  readonly source: RowsSource
  readonly list: RowList
  /** One bit per row of the list. */
  readonly bits: Uint8Array
  readonly count: number
  /** Columns to put back, of changed rows for which somebody chose; else all that differ. */
  readonly columns: ReadonlyMap<number, readonly string[]>
}

export interface Picks {
  /** By id: what each is called. */
  readonly incidents: ReadonlyMap<string, string>
  /** By source. */
  readonly rows: ReadonlyMap<string, RowPicks>
  readonly statements: readonly { readonly statement: string; readonly at: string | null }[]
  /** Rows that are still there, below which everything missing is wanted. */
  readonly under: readonly { readonly table: string; readonly key: string }[]
}

export const noPicks: Picks = { incidents: new Map(), rows: new Map(), statements: [], under: [] }

/** What only live has, and what is there already, is nothing to bring back. */
const pickable: readonly DiffState[] = ['missing', 'changed', 'deleted', 'reused']

export const isPickable = (state: DiffState): boolean => pickable.includes(state)

export const countPicks = ({ incidents, rows, statements, under }: Picks): number =>
  incidents.size + statements.length + under.length + [...rows.values()].reduce((sum, { count }) => sum + count, 0)

/** True for a row that is picked by itself. */
export const isPicked = (picks: RowPicks | undefined, index: number): boolean =>
  picks !== undefined && (((picks.bits[index >> 3] ?? 0) >> (index & 7)) & 1) === 1

const emptyPicks = (source: RowsSource, list: RowList): RowPicks => ({
  source,
  list,
  bits: new Uint8Array(Math.ceil(list.length / 8)),
  count: 0,
  columns: new Map(),
})

/** Rows of a list that are picked, or no longer; `flip`: each becomes the other. */
export interface PickChange {
  readonly indexes: Iterable<number>
  readonly change: 'on' | 'off' | 'flip'
}

/** Picks after a change of some rows. Rows that cannot be picked stay out. */
export const changeRows = (
  known: RowPicks | undefined,
  of: { readonly source: RowsSource; readonly list: RowList },
  { indexes, change }: PickChange,
): RowPicks => {
  const before = known?.list === of.list ? known : emptyPicks(of.source, of.list)
  const bits = before.bits.slice()
  let { count } = before
  const columns = new Map(before.columns)
  for (const index of indexes) {
    const [byte, bit] = [index >> 3, 1 << (index & 7)]
    const was = ((bits[byte] ?? 0) & bit) !== 0
    const will = change === 'flip' ? !was : change === 'on'
    if (was === will || (will && !isPickable(of.list.stateAt(index)))) continue
    bits[byte] = (bits[byte] ?? 0) ^ bit
    count += will ? 1 : -1
    if (!will) columns.delete(index)
  }
  return { ...before, bits, count, columns }
}

/** The rows that are picked, in the order of the list. */
export function* pickedRows({ bits, list }: RowPicks): Generator<number> {
  for (let index = 0; index < list.length; index++) {
    const byte = bits[index >> 3] ?? 0
    if (byte === 0) index |= 7
    else if ((byte >> (index & 7)) & 1) yield index
  }
}

/** Picks with other rows of one source; none of them is no entry. */
export const withRows = (picks: Picks, id: string, rows: RowPicks): Picks => {
  const all = new Map(picks.rows)
  if (rows.count === 0) all.delete(id)
  else all.set(id, rows)
  return { ...picks, rows: all }
}

/** Chooses the columns of a changed row that are put back; none takes the row out. */
export const chooseColumns = (rows: RowPicks, index: number, columns: readonly string[]): RowPicks => {
  if (columns.length === 0) return changeRows(rows, rows, { indexes: [index], change: 'off' })
  const picked = changeRows(rows, rows, { indexes: [index], change: 'on' })
  return { ...picked, columns: new Map([...picked.columns, [index, columns]]) }
}

/** The same rows in a list that was read again; rows that are no longer in it fall out. */
export const carryOver = (rows: RowPicks, list: RowList): RowPicks => {
  const wanted = new Map<string, number>()
  for (const index of pickedRows(rows)) wanted.set(packKey(rows.list.keyAt(index)), index)
  const columns = new Map<number, readonly string[]>()
  const found: number[] = []
  for (let index = 0; index < list.length && found.length < wanted.size; index++) {
    const before = wanted.get(packKey(list.keyAt(index)))
    if (before === undefined) continue
    found.push(index)
    const chosen = rows.columns.get(before)
    if (chosen !== undefined && list.stateAt(index) === 'changed') columns.set(index, chosen)
  }
  return { ...changeRows(undefined, { source: rows.source, list }, { indexes: found, change: 'on' }), columns }
}

/** True where everything that is missing in the table is picked, and nothing else of it. */
export const isAllMissing = (rows: RowPicks): boolean =>
  rows.source.incident === null &&
  rows.count === rows.list.states.missing &&
  [...pickedRows(rows)].every((index) => rows.list.stateAt(index) === 'missing')

/** Which rows a list is of: those of a table that differ, or those of an incident. */
export interface RowsSource {
  readonly table: string
  readonly incident: string | null
}

export const sourceId = ({ table, incident }: RowsSource): string => JSON.stringify([table, incident])
