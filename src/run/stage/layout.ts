/** Where each step's rows stand in the stage: one temporary table per table, ordinals in ranges, one range per step. Pure. */

import { sql } from 'kysely'
import { columnOf } from '../../catalog/catalog.ts'
import type { SharedCatalog } from '../../catalog/shared.ts'
import { identifier, list, type Query } from '../../database/names.ts'
import { keysOf } from '../../keys/key-columns.ts'
import type { Plan } from '../../plan/plan.ts'
import type { Step } from '../../plan/step.ts'
import { changesByItself, changingKeys } from './key-fate.ts'
import {
  type Layout,
  newColumn,
  type OrdinalRange,
  oldColumn,
  ordinalColumn,
  type StagedTable,
  stagedKeyColumn,
} from './staged.ts'

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
  const bare = ids.map((id, position) => layOutTable(plan, catalog, { id, position: position + 1 }))
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

const layOutTable = (
  plan: Plan,
  catalog: SharedCatalog,
  { id, position }: { readonly id: string; readonly position: number },
): StagedTable => {
  const table = catalog.tables.get(id)
  if (table === undefined) throw new Error(`table ${id} of the plan is not in the catalog`)
  let last = 0
  const take = (rows: number): OrdinalRange => {
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
