/** The stage as the rest of a run knows it: a temporary table per table of the plan, and which of its rows each step is about. */
import { sql } from 'kysely'
import type { Column } from '../../catalog/catalog.ts'
import type { Relation } from '../../catalog/relations.ts'
import type { SharedTable } from '../../catalog/shared.ts'
import { column, identifier, type Query } from '../../database/names.ts'
import { columnBatches, keyBatches } from '../../keys/key-columns.ts'
import type { PlanTrigger, StandIns, Step } from '../../plan/step.ts'

/** Ordinals `first` to `last`, both included; empty when `last < first`. */
export interface OrdinalRange {
  readonly first: number
  readonly last: number
}

export interface StagedStep {
  readonly step: Step
  readonly range: OrdinalRange
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
  readonly standIns: readonly { readonly rows: StandIns; readonly range: OrdinalRange }[]
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
export const keepsTypeInStage = (column: Column): boolean =>
  !column.isDomain && column.typeKind !== 'composite' && column.type.startsWith(column.baseType)

const rowsOf = (range: OrdinalRange): number => range.last - range.first + 1

export const inserted = (staged: StagedTable): OrdinalRange => {
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
export const inRange = (alias: string, range: OrdinalRange): Query =>
  sql`${ordinalOf(alias)} between ${sql.lit(range.first)} and ${sql.lit(range.last)}`

/** The staged parent of a mapped relation. */
export const parentOf = (layout: Layout, relation: Relation): StagedTable => {
  const parent = layout.tables.get(relation.parent)
  if (parent === undefined) throw new Error(`parent ${relation.parent} is not staged`)
  return parent
}

/** The range of the rows to be deleted. */
export const deleted = (staged: StagedTable): OrdinalRange => {
  const ranges = staged.steps.filter(({ step }) => step.action === 'delete').map(({ range }) => range)
  return { first: ranges[0]?.first ?? 1, last: ranges.at(-1)?.last ?? 0 }
}

/**
 * What becomes of the keys of a table's rows. `kept`: live has them under the same. `mapped`: the map knows those whose key changes.
 * `staged`: all get a new one, in the order of the old ones, as they come into the stage, which is the map too. `derived`: a key changes
 * where a reference in it does, and nobody refers to it: the maps of the parents tell it, as a link's.
 */
export type KeyFate = 'kept' | 'mapped' | 'staged' | 'derived'
