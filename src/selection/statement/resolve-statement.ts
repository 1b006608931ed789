/** From the statement you regret to rows: those it took away, and those it left with other values. */
import type { SharedTable } from '../../catalog/shared.ts'
import { weighLikeness } from '../../rows/records/likeness.ts'
import { type Sides, tableOf } from '../../rows/sides.ts'
import { nothingDecided, StateCache } from '../../rows/state-cache.ts'
import { type RowState, readStates } from '../../rows/states.ts'
import { type Coverage, countStates, makeCoverage } from '../coverage.ts'
import type { LeftOut } from '../left-out.ts'
import { findDamage, type Hit, type KnownStates, type Repair } from './damage.ts'
import { type Hits, type ReadAssignment, readAssignments, readHits, refuseVolatile } from './hits.ts'
import { type RowStatement, readStatement, type Statement } from './statement.ts'
import { cascadeFrom, findTargets, type ReachedTable } from './targets.ts'

/** What a statement did to the rows of one table. */
export interface StatementRows {
  readonly table: SharedTable
  /** Rows to bring back, by packed key. */
  readonly lost: ReadonlyMap<string, RowState>
  /** Rows of live to put columns back in, by packed key. */
  readonly repairs: ReadonlyMap<string, Repair>
  readonly leftOut: readonly LeftOut[]
  readonly coverage: Coverage
}

interface TableHits {
  readonly table: SharedTable
  readonly hits: Hits
  readonly assignments: readonly ReadAssignment[]
}

/** A TRUNCATE reads like a DELETE of everything in each of its tables. */
const everyRow = (name: string): RowStatement => ({
  action: 'delete',
  target: { schema: null, name, alias: null, isOnly: true },
  with: null,
  from: null,
  where: null,
  sets: [],
  calls: { functions: [], operators: [] },
})

const readTables = async (sides: Sides, statement: Statement, at: string | null): Promise<readonly TableHits[]> => {
  const read = async (own: RowStatement, reached: readonly ReachedTable[]): Promise<readonly TableHits[]> => {
    const found: TableHits[] = []
    for (const one of reached) {
      const assignments = await readAssignments(sides, one.table, { sets: own.sets, at })
      const hits = await readHits(sides, own, { reached: one, assignments })
      found.push({ table: one.table, hits, assignments })
    }
    return found
  }
  if (statement.action !== 'truncate') {
    const reached = await findTargets(sides, statement.target)
    await refuseVolatile(sides.backup, statement.calls)
    return read(statement, reached)
  }
  const reached: ReachedTable[] = []
  for (const target of statement.targets) reached.push(...(await findTargets(sides, target)))
  if (statement.isCascade) reached.push(...cascadeFrom(sides, reached))
  const tables: TableHits[] = []
  for (const one of reached) tables.push(...(await read(everyRow(one.relation.name), [one])))
  return tables
}

/** One entry per table: several partitions, and a table named twice, are one. */
const mergeTables = (tables: readonly TableHits[]): readonly TableHits[] =>
  [...Map.groupBy(tables, ({ table }) => table.id).values()].flatMap((group) => {
    const [first] = group
    return first === undefined ? [] : [{ ...first, hits: new Map(group.flatMap(({ hits }) => [...hits])) }]
  })

/** The states of the rows hit. */
interface HitStates extends KnownStates {
  readonly cache: StateCache
}

const readKnown = async (sides: Sides, table: SharedTable, hits: Hits): Promise<HitStates> => {
  const keys = [...hits.keys()]
  sides.onStage({ stage: 'states', table: table.id, total: keys.length })
  const read = await readStates(sides, table, keys)
  const cache = new StateCache(sides, nothingDecided)
  await cache.seed(table, read)
  return { read, judged: await cache.read(table, keys), cache }
}

/** Rows that may be other records by now. */
interface DoubtedRows extends Pick<HitStates, 'judged' | 'cache'> {
  /** Columns that are no sign of it. */
  readonly explained: readonly string[]
}

/** Rows that live has with other values, and that may be other records, with the columns. */
const findOthers = async (
  sides: Sides,
  table: SharedTable,
  { judged, cache, explained }: DoubtedRows,
): Promise<ReadonlyMap<string, readonly string[]>> => {
  const differing = new Map(
    [...judged].flatMap(([key, state]) => (state.state === 'changed' ? [[key, state.columns] as const] : [])),
  )
  const weighing = { sides, states: cache, explained: new Map([...differing.keys()].map((key) => [key, explained])) }
  const likenesses = await weighLikeness(weighing, table, differing)
  return new Map([...likenesses].flatMap(([key, { isClear, columns }]) => (isClear ? [] : [[key, columns] as const])))
}

/** Rows that would not be what they are without rows that may be other records by now. */
const findFollowing = async (
  sides: Sides,
  table: SharedTable,
  { judged, cache }: Pick<HitStates, 'judged' | 'cache'>,
): Promise<ReadonlySet<string>> => {
  const owned = [...judged.keys()].flatMap((key) => cache.changedOwners(table.id, key).map((owner) => ({ key, owner })))
  const following = new Set<string>()
  for (const [id, rows] of Map.groupBy(owned, ({ owner }) => owner.table)) {
    const parent = tableOf(sides.catalog, id)
    const known = await cache.read(parent, [...new Set(rows.map(({ owner }) => owner.key))])
    const others = await findOthers(sides, parent, { judged: known, cache, explained: [] })
    for (const { key, owner } of rows) if (others.has(owner.key)) following.add(key)
  }
  return following
}

/** Rows that somebody says were deleted, and that look like other records, or belong to such, are other records. */
const knowDeleted = async (
  sides: Sides,
  table: SharedTable,
  known: HitStates,
): Promise<ReadonlyMap<string, RowState>> => {
  const others = await findOthers(sides, table, { ...known, explained: [] })
  const following = await findFollowing(sides, table, known)
  return new Map(
    [...known.judged].map(([key, state]) => {
      const isHeld = state.state === 'changed' || state.state === 'same'
      if (!isHeld || !(others.has(key) || following.has(key))) return [key, state]
      return [key, { state: 'reused', columns: state.state === 'changed' ? state.columns : [] }]
    }),
  )
}

const isLost = ([, { state }]: readonly [string, RowState]): boolean => state !== 'same' && state !== 'changed'

/**
 * Reads the statement on the backup and compares what it hit with live. Throws `usage` and `bad-where` for statements that cannot be
 * read there, `unknown-table` and `not-restorable` for their tables.
 */
export const resolveStatement = async (
  sides: Sides,
  { statement: text, at }: { readonly statement: string; readonly at: string | null },
): Promise<readonly StatementRows[]> => {
  const statement = await readStatement(text, at)
  const tables = mergeTables(await sides.withUserSearchPath(() => readTables(sides, statement, at)))
  const resolved: StatementRows[] = []
  for (const { table, hits, assignments } of tables) {
    if (statement.action === 'update') {
      const columns = assignments.map(({ column }) => column)
      resolved.push(await resolveUpdate(sides, { table, hits, columns }, '--statement'))
      continue
    }
    const known = await readKnown(sides, table, hits)
    const base = { source: '--statement', action: statement.action, table: table.id, hits: hits.size } as const
    const states = await knowDeleted(sides, table, known)
    const lost = new Map([...states].filter(isLost))
    const coverage = makeCoverage({ ...base, ...countStates(states.values()) })
    resolved.push({ table, lost, repairs: new Map(), leftOut: [], coverage })
  }
  return resolved
}

/** Compares what an UPDATE would have made of rows of the backup with what live holds. */
export const resolveUpdate = async (
  sides: Sides,
  hit: Hit,
  source: '--statement' | '--incident',
): Promise<StatementRows> => {
  const { table, hits, columns } = hit
  const known = await readKnown(sides, table, hits)
  const others = await findOthers(sides, table, { ...known, explained: columns })
  const { repairs, leftOut, ...counts } = await findDamage(sides, hit, { ...known, others })
  const editedSince = [...repairs.values()].filter(({ edited }) => edited.length > 0).length
  const coverage = makeCoverage({
    source,
    action: 'update',
    table: table.id,
    hits: hits.size,
    ...counts,
    editedSince,
    damaged: repairs.size - editedSince,
  })
  return { table, lost: new Map(), repairs, leftOut, coverage }
}
