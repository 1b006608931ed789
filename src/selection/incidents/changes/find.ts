/** Overwritten rows of all tables, as a report; and those of one incident, to be looked at or put back. */
import { isBookkeeping } from '../../../catalog/conventions/bookkeeping.ts'
import type { SharedTable } from '../../../catalog/shared.ts'
import { readByKey } from '../../../rows/by-key.ts'
import type { Sides } from '../../../rows/sides.ts'
import { largerSizes, readSizes, type TableSize } from '../../../rows/sizes.ts'
import type { RowState } from '../../../rows/states.ts'
import type { Hits, SetValues } from '../../statement/hits.ts'
import { makeId } from '../names.ts'
import type { Incident, OverwrittenReport } from '../report.ts'
import { findOverwritten, type Overwritten, type OverwrittenEvent } from './overwritten.ts'
import { tellOverwritten } from './tell.ts'

/** Larger tables are looked at when somebody asks: every row of both sides is read. */
const limits: TableSize = { rows: 5_000_000, bytes: 4 * 2 ** 30 }

export interface OverwrittenOptions {
  /** Ids of the tables that are looked at; default: every one. */
  readonly tables?: readonly string[]
  /** Over 5 million rows, or over 4 GB: `skip` names them, and leaves them. Default: skip. */
  readonly large?: 'skip' | 'look'
}

/** The report, and the rows of each incident. */
export interface FoundOverwritten {
  readonly report: OverwrittenReport
  /** Rows of an incident with the columns that it overwrote, by packed key; null for an id that means nothing. */
  readonly rowsOf: (id: string) => ReadonlyMap<string, RowState> | null
}

interface Told {
  readonly found: Overwritten
  readonly events: ReadonlyMap<string, OverwrittenEvent>
  readonly incidents: readonly Incident[]
}

/** Two ids that happen to be the same are told apart by their place. */
const tell = async (sides: Sides, found: Overwritten, taken: Set<string>): Promise<Told> => {
  const incidents = (await tellOverwritten(sides, found)).map((incident) => {
    let { id } = incident
    while (taken.has(id)) id = makeId([id])
    taken.add(id)
    return { ...incident, id }
  })
  const events = found.events.flatMap((event, place) => {
    const id = incidents[place]?.id
    return id === undefined ? [] : [[id, event] as const]
  })
  return { found, events: new Map(events), incidents }
}

/** Tables whose rows can be compared, those of fewest rows first. */
const comparedTables = (sides: Sides, sizes: ReadonlyMap<string, TableSize>): readonly SharedTable[] =>
  [...sides.catalog.tables.values()]
    .filter((table) => table.refusal === null && !isBookkeeping(table))
    .sort((a, b) => (sizes.get(a.id)?.bytes ?? 0) - (sizes.get(b.id)?.bytes ?? 0))

const isLarge = (size: TableSize | undefined): boolean =>
  size !== undefined && ((size.rows ?? 0) > (limits.rows ?? 0) || size.bytes > limits.bytes)

/** Of the work on one table, comparing its rows takes so much; reading those that differ, and explaining them, the rest. */
const comparing = 0.7

const findAll = async (
  sides: Sides,
  tables: readonly SharedTable[],
  sizes: ReadonlyMap<string, TableSize>,
): Promise<readonly Told[]> => {
  const rowsOf = ({ id }: SharedTable): number => Math.max(1, sizes.get(id)?.rows ?? 1)
  const total = tables.reduce((sum, table) => sum + rowsOf(table), 0)
  let before = 0
  const told: Told[] = []
  const taken = new Set<string>()
  for (const table of tables) {
    const rows = rowsOf(table)
    const say = (part: number): void => {
      const done = Math.floor((100 * (before + rows * Math.min(1, part))) / total)
      sides.onStage({ stage: 'overwritten', done, total: 100, unit: 'percent' })
    }
    say(0)
    const found = await findOverwritten(sides, table, {
      onDiff: (own) => say(comparing * Math.min(1, own.rows / (2 * rows))),
      onRows: (own) => say(comparing + (1 - comparing) * Math.min(1, own / rows)),
    })
    if (found.changed.size > 0) told.push(await tell(sides, found, taken))
    before += rows
  }
  return told
}

/** Looks for overwritten rows: each table is compared whole, one after the other. */
export const findOverwrittenRows = async (
  sides: Sides,
  { tables: only, large = 'skip' }: OverwrittenOptions = {},
): Promise<FoundOverwritten> => {
  const { live, backup } = await readSizes(sides)
  const sizes = largerSizes(live, backup)
  const tables = comparedTables(sides, sizes).filter(({ id }) => only === undefined || only.includes(id))
  const left = tables.filter(({ id }) => large === 'skip' && isLarge(sizes.get(id)))
  const told = await findAll(
    sides,
    tables.filter((table) => !left.includes(table)),
    sizes,
  )
  return {
    report: {
      incidents: told.flatMap(({ incidents }) => incidents).sort((a, b) => b.rows - a.rows),
      changedSince: told.flatMap(({ found: { table, others } }) =>
        others > 0 ? [{ table: table.id, rows: others }] : [],
      ),
      notCompared: left.map(({ id }) => id),
    },
    rowsOf: (id) => {
      const own = told.find(({ events }) => events.has(id))
      const event = own?.events.get(id)
      return own === undefined || event === undefined ? null : statesOf(own.found, event)
    },
  }
}

const statesOf = ({ changed }: Overwritten, { update, rows }: OverwrittenEvent): ReadonlyMap<string, RowState> => {
  const names = update.assignments.map(({ column }) => column)
  return new Map(
    rows.map((row) => [
      changed.keyOf(row),
      { state: 'changed', columns: changed.columnsOf(row).filter((name) => names.includes(name)) },
    ]),
  )
}

/** What an incident put into rows of one table, for each row that it hit. */
export interface OverwrittenHits {
  readonly table: SharedTable
  readonly columns: readonly string[]
  readonly hits: Hits
}

/** Many rows were given the same values: those are kept once. */
const readHits = async (sides: Sides, { table, changed }: Overwritten, event: OverwrittenEvent): Promise<Hits> => {
  const keys = [...new Set([...event.rows, ...event.edited])].map((row) => changed.keyOf(row))
  const show = event.update.assignments.map(({ value }) => value)
  const hits = new Map<string, readonly SetValues[]>()
  let last: readonly SetValues[] = []
  for await (const rows of readByKey(sides.backup, table, { keys, show })) {
    for (const { key, values } of rows) {
      if (last[0]?.length !== values.length || !values.every((value, place) => value === last[0]?.[place]))
        last = [values]
      hits.set(key, last)
    }
  }
  return hits
}

/**
 * Finds the rows of one incident, table by table, until it is there; null for an id that means nothing. `table`: the one it is of,
 * where that is known.
 */
export const findOverwrittenHits = async (
  sides: Sides,
  {
    id,
    table: only,
    without = [],
  }: { readonly id: string; readonly table?: string | undefined; readonly without?: readonly string[] },
): Promise<OverwrittenHits | null> => {
  const { live, backup } = await readSizes(sides)
  const tables = comparedTables(sides, largerSizes(live, backup)).filter(
    (table) => (only === undefined || table.id === only) && !without.includes(table.id),
  )
  const taken = new Set<string>()
  for (const table of tables) {
    const told = await tell(sides, await findOverwritten(sides, table), taken)
    const event = told.events.get(id)
    if (event === undefined) continue
    const columns = event.update.assignments.map(({ column }) => column)
    return { table, columns, hits: await readHits(sides, told.found, event) }
  }
  return null
}
