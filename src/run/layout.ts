/** Where each step's rows stand in the stage: one temporary table per table, ordinals in ranges, one range per step. Pure. */

import { sql } from 'kysely'
import type { Column } from '../catalog/catalog.ts'
import { columnOf } from '../catalog/catalog.ts'
import { columnBatches, keyBatches, keysOf } from '../catalog/key-columns.ts'
import type { Relation } from '../catalog/relations.ts'
import type { SharedCatalog, SharedTable } from '../catalog/shared.ts'
import { column, identifier, list, type Query } from '../database/names.ts'
import type { Plan, PlanTrigger, StandIns, Step } from '../plan/plan.ts'
import { changesByItself, changingKeys, type KeyFate } from './key-fate.ts'

/** Ordinals `first` to `last`, both included; empty when `last < first`. */
export interface Range {
  readonly first: number
  readonly last: number
}

export interface StagedStep {
  readonly step: Step
  readonly range: Range
}

export interface StagedTable {
  readonly table: SharedTable
  /** Raw rows as the source has them, and an ordinal. */
  readonly stage: Query
  /** Old and new values of key columns, for rows whose key changes. */
  readonly map: Query
  /** Images of live rows before they are updated or deleted. */
  readonly before: Query
  readonly position: number
  readonly steps: readonly StagedStep[]
  readonly standIns: readonly { readonly rows: StandIns; readonly range: Range }[]
  /** How many rows are staged. */
  readonly rows: number
  /** Key columns that references or identity need: those the map holds. */
  readonly keyColumns: readonly string[]
  readonly keys: KeyFate
}

/** True where keys may differ between source and live. */
export const mayChangeKeys = ({ keys }: StagedTable): boolean => keys !== 'kept'

export interface Layout {
  readonly tables: ReadonlyMap<string, StagedTable>
  /** Relations between staged tables along which references are mapped. */
  readonly mapped: readonly Relation[]
  /** Every relation by id. */
  readonly relations: ReadonlyMap<string, Relation>
  /** Triggers that the run fires. */
  readonly triggers: readonly PlanTrigger[]
}

/** The ordinal column of every temporary table. */
export const ordinalColumn = 'rowgraft ordinal'

/** Beside the staged row: its new key, where all get one. */
export const stagedKeyColumn = 'rowgraft key'

/** True where stage and live hold a column as the same type, so that their binary images can be compared. */
export const isSameType = (column: Column): boolean =>
  !column.isDomain && column.typeKind !== 'composite' && column.type.startsWith(column.baseType)

const rowsOf = (range: Range): number => range.last - range.first + 1

export const inserted = (staged: StagedTable): Range => {
  const rows = staged.steps
    .filter(({ step }) => step.action === 'insert')
    .reduce((sum, { range }) => sum + rowsOf(range), 0)
  return { first: 1, last: rows }
}

/**
 * Rows per INSERT: every statement reads the stage, and hashes the maps it joins, anew. Where triggers fire it could take longer than a
 * statement may.
 */
export const insertRange = (layout: Layout, staged: StagedTable): number =>
  layout.triggers.some(({ table }) => table === staged.table.id) ? 100_000 : 1_000_000

/** Steps of one table in the order inserts, updates, deletes. */
const actions: readonly Step['action'][] = ['insert', 'update', 'delete']

/** `stagesKeys`: keys may be made as rows are staged. */
export const layOut = (
  plan: Plan,
  catalog: SharedCatalog,
  { stagesKeys }: { readonly stagesKeys: boolean },
): Layout => {
  const ids = [...new Set([...plan.steps, ...plan.standIns].map(({ table }) => table))]
  const isStaged = new Set(ids)
  const relations = catalog.relations.filter(({ child, parent }) => isStaged.has(child) && isStaged.has(parent))
  const bare = ids.map((id, position) => layOutTable(plan, catalog, id, position + 1))
  const changing = new Set(bare.filter(changesByItself).map(({ table }) => table.id))
  // A key made of foreign keys changes when they do.
  for (let size = -1; size !== changing.size; ) {
    size = changing.size
    for (const { table, keyColumns } of bare) {
      const follows = relations.some(
        ({ child, parent, columns }) =>
          child === table.id && changing.has(parent) && columns.some((name) => keyColumns.includes(name)),
      )
      if (follows) changing.add(table.id)
    }
  }
  const mapped = relations.filter(({ parent }) => changing.has(parent))
  const tables = new Map(
    bare.map((staged) => {
      const keys = changing.has(staged.table.id) ? changingKeys(plan, staged, { mapped, stagesKeys }) : 'kept'
      return [staged.table.id, { ...staged, keys, map: keys === 'staged' ? mapInStage(staged) : staged.map }]
    }),
  )
  return {
    tables,
    mapped,
    relations: new Map(catalog.relations.map((relation) => [relation.id, relation])),
    triggers: plan.triggers.filter(({ fires }) => fires),
  }
}

/** Old and new keys as a map has them. */
const mapInStage = (staged: StagedTable): Query => {
  const [name = ''] = staged.keyColumns
  const columns = [
    identifier(ordinalColumn),
    sql`${identifier(name)} as ${oldColumn(staged, name)}`,
    sql`${identifier(stagedKeyColumn)} as ${newColumn(staged, name)}`,
  ]
  return sql`(select ${list(columns)} from ${staged.stage})`
}

const layOutTable = (plan: Plan, catalog: SharedCatalog, id: string, position: number): StagedTable => {
  const table = catalog.tables.get(id)
  if (table === undefined) throw new Error(`table ${id} of the plan is not in the catalog`)
  let last = 0
  const take = (rows: number): Range => {
    const range = { first: last + 1, last: last + rows }
    last = range.last
    return range
  }
  const own = plan.steps.filter((step) => step.table === id)
  const steps = actions
    .flatMap((action) => own.filter((step) => step.action === action))
    .map((step) => ({ step, range: take(step.rows) }))
  const standIns = plan.standIns
    .filter((rows) => rows.table === id)
    .map((rows) => ({ rows, range: take(keysOf(rows.backup).length) }))
  const referenced = catalog.relations.flatMap(({ parent, parentColumns }) => (parent === id ? parentColumns : []))
  const allocated = table.allocation === null ? [] : [table.allocation.column]
  const name = (kind: string): Query => sql.id('pg_temp', `rowgraft_${kind}${position}`)
  return {
    table,
    stage: name('stage'),
    map: name('map'),
    before: name('before'),
    position,
    steps,
    standIns,
    rows: last,
    keyColumns: [...new Set([...table.identity, ...table.primaryKey, ...referenced, ...allocated])].filter(
      (column) => columnOf(table.live, column) !== undefined,
    ),
    keys: 'kept',
  }
}

/** Packed source keys of the staged rows in the order of their ordinals, `size` at a time; no batch holds rows of two steps. */
export function* stagedKeys({ steps, standIns }: StagedTable, size: number): Generator<readonly string[]> {
  for (const { step } of steps) yield* keyBatches(step.keys, size)
  for (const { rows } of standIns) yield* keyBatches(rows.backup, size)
}

/** The same, the values of each key column apart. */
export function* stagedValues(
  { steps, standIns }: StagedTable,
  size: number,
): Generator<readonly (readonly string[])[]> {
  for (const { step } of steps) yield* columnBatches(step.keys, size)
  for (const { rows } of standIns) yield* columnBatches(rows.backup, size)
}

/** Old and new value of a key column in the map. */
export const oldColumn = (staged: StagedTable, name: string): Query => identifier(`o${staged.keyColumns.indexOf(name)}`)
export const newColumn = (staged: StagedTable, name: string): Query => identifier(`n${staged.keyColumns.indexOf(name)}`)

/** The ordinal of a staged row. */
export const ordinalOf = (alias: string): Query => column(alias, ordinalColumn)

/** The join of a staged row `s` to the table's own map, where it takes one. */
export const ownMap = ({ keys, map }: StagedTable): Query =>
  keys === 'mapped' ? sql`left join ${map} as own on ${ordinalOf('own')} = ${ordinalOf('s')}` : sql``

/** A column of the row `s` by the table's own map; `otherwise` for columns and rows that it says nothing about. */
export const ownValue = (staged: StagedTable, name: string, otherwise: Query): Query => {
  if (!staged.keyColumns.includes(name)) return otherwise
  if (staged.keys === 'staged') return column('s', stagedKeyColumn)
  const own = sql`${identifier('own')}.${newColumn(staged, name)}`
  return staged.keys === 'mapped'
    ? sql`case when ${ordinalOf('own')} is not null then ${own} else ${otherwise} end`
    : otherwise
}

/** True for ordinals in the range. */
export const inRange = (alias: string, range: Range): Query =>
  sql`${ordinalOf(alias)} between ${sql.lit(range.first)} and ${sql.lit(range.last)}`

/** The staged parent of a mapped relation. */
export const parentOf = (layout: Layout, relation: Relation): StagedTable => {
  const parent = layout.tables.get(relation.parent)
  if (parent === undefined) throw new Error(`parent ${relation.parent} is not staged`)
  return parent
}
