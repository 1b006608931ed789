/** Whether a plan that is read back is one of these databases: what it names is there, and would do what the plan says. Pure. */
import { columnOf, type Table } from '../../catalog/catalog.ts'
import type { Declarations } from '../../catalog/declared.ts'
import { fingerprint } from '../../catalog/read/fingerprint.ts'
import { RefusedError, type TableRefusal } from '../../catalog/refusal/refusal.ts'
import { type SharedCatalog, type SharedTable, shareCatalogs } from '../../catalog/shared.ts'
import { RowgraftError } from '../../errors.ts'
import { firingTriggers, usedSequences } from '../effects/effects.ts'
import type { Plan } from '../plan.ts'
import { canonical } from '../plan.ts'
import type { StandIns, Step } from '../step.ts'

/** The live tables by id. */
type Tables = ReadonlyMap<string, Table>

const misfit = (what: string, refusal: TableRefusal | null = null): RowgraftError =>
  new RefusedError('plan-stale', `the plan does not fit these databases: ${what}`, {
    refusal,
    hint: 'Make the plan again.',
  })

/** Throws `plan-stale` for a used table that is gone, or not as it was when the plan was made. */
const refuseAlteredTables = ({ fingerprints }: Plan, live: Tables): void => {
  for (const [id, known] of Object.entries(fingerprints)) {
    const table = live.get(id)
    if (table !== undefined && fingerprint(table) === known) continue
    throw new RowgraftError(
      'plan-stale',
      `table "${id}" ${table === undefined ? 'is gone' : 'was altered'} since the plan was made`,
      { hint: 'Make the plan again.' },
    )
  }
}

/** Throws where the plan relies on tables or columns that live has not. */
const refuseUnknownDeclared = (declared: Declarations | undefined, live: Tables): void => {
  const check = (id: string, columns: readonly string[]): void => {
    const table = live.get(id)
    if (table === undefined) throw misfit(`"declared" names "${id}", which live has not`)
    const unknown = columns.find((name) => columnOf(table, name) === undefined)
    if (unknown !== undefined) throw misfit(`"declared" names "${unknown}", which "${id}" has not`)
  }
  for (const { child, columns, parent, parentColumns, condition } of declared?.relations ?? []) {
    check(child, condition?.by === 'value' ? [...columns, condition.column] : columns)
    check(parent, parentColumns)
    if (columns.length !== parentColumns.length)
      throw misfit(`"declared" pairs other columns of "${child}" and "${parent}"`)
  }
  for (const [id, columns] of Object.entries(declared?.identities ?? {})) check(id, columns)
  for (const id of declared?.junctions ?? []) check(id, [])
}

const tableOf = (catalog: SharedCatalog, { table: id }: Pick<Step, 'table'>): SharedTable => {
  const table = catalog.tables.get(id)
  if (table === undefined) throw misfit(`"${id}" is not on both sides`)
  if (table.refusal !== null) throw misfit(`"${id}" cannot be restored`, table.refusal)
  return table
}

const checkWidth = (table: SharedTable, keys: StandIns['live']): void => {
  if (keys.length === table.identity.length) return
  throw misfit(`a key of "${table.id}" has ${table.identity.length} columns, and the plan's ${keys.length}`)
}

const areSame = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && new Set([...a, ...b]).size === a.length

const checkStep = (catalog: SharedCatalog, step: Step): void => {
  const table = tableOf(catalog, step)
  checkWidth(table, step.keys)
  const names = table.columns.map(({ name }) => name)
  // A run inserts all that both sides have: a plan of fewer columns would say less than is done.
  const fits =
    step.action === 'insert' ? areSame(names, step.columns) : step.columns.every((name) => names.includes(name))
  if (!fits) throw misfit(`it would ${step.action} other columns of "${table.id}" than both sides have`)
  if (step.allocate !== undefined && table.allocation === null)
    throw misfit(`keys of "${table.id}" cannot be made anew`)
  const own = [...catalog.relations, ...catalog.toLiveOnly].filter(({ child }) => child === table.id)
  for (const { columns } of step.nulled ?? []) {
    const isReference = own.some((relation) => columns.every((name) => relation.columns.includes(name)))
    const isNullable = columns.every((name) => columnOf(table.live, name)?.notNull === false)
    if (!isReference || !isNullable) throw misfit(`it would empty columns of "${table.id}" that are no reference`)
  }
}

const checkRelations = ({ relations }: Plan, catalog: SharedCatalog): void => {
  const known = new Map(catalog.relations.map((relation) => [relation.id, relation]))
  for (const { id, child, columns, parent, parentColumns } of relations) {
    const own = known.get(id)
    const isSame =
      own !== undefined &&
      canonical([child, columns, parent, parentColumns]) ===
        canonical([own.child, own.columns, own.parent, own.parentColumns])
    if (!isSame) throw misfit(`they have no relation "${id}" as the plan has it`)
  }
}

/** Throws where other triggers fire or other sequences are raised than the plan says, or one reaches outside of which it does not say so. */
const checkEffects = (plan: Plan, catalog: SharedCatalog, live: Tables): void => {
  const bare = (triggers: Plan['triggers']) => triggers.map(({ reachesOutside: _, ...trigger }) => trigger)
  const fired = firingTriggers(live, plan.steps, plan.options.triggers)
  if (canonical(bare(fired)) !== canonical(bare(plan.triggers))) throw misfit('other triggers concern its rows')
  const silent = fired.find(
    ({ reachesOutside }, index) => reachesOutside !== null && !plan.triggers[index]?.reachesOutside,
  )
  if (silent !== undefined) {
    throw misfit(`trigger ${silent.name} of "${silent.table}" reaches outside the database, which it does not say`)
  }
  const raised = usedSequences(live, plan.steps, catalog)
  const told = plan.sequences.map(({ next: _, after: __, ...sequence }) => sequence)
  if (canonical(raised) !== canonical(told)) throw misfit('other sequences make the keys of its rows')
}

/** Throws `plan-stale` unless a plan of a restore is one of these databases; `catalog` as the plan edits it. */
export const refuseUnfit = (plan: Plan, { live, backup }: Pick<SharedCatalog, 'live' | 'backup'>): void => {
  const tables: Tables = new Map(live.tables.map((table) => [table.id, table]))
  refuseAlteredTables(plan, tables)
  refuseUnknownDeclared(plan.declared, tables)
  const catalog = shareCatalogs(live, backup, plan.declared)
  for (const step of plan.steps) checkStep(catalog, step)
  for (const rows of plan.standIns) checkWidth(tableOf(catalog, rows), rows.live)
  checkRelations(plan, catalog)
  checkEffects(plan, catalog, tables)
}
