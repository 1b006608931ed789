/**
 * What a run does beside writing the rows of its steps: triggers it fires, locks it takes, sequences it raises. Pure.
 *
 * In come steps and the catalog, out go lists that a plan tells.
 */

import type { Table, Trigger } from '../../catalog/catalog.ts'
import type { SharedCatalog } from '../../catalog/shared.ts'
import { displayTable } from '../../database/display.ts'
import type { Finding } from '../finding.ts'
import type { PlanOptions } from '../options.ts'
import type { PlanRelation, PlanSequence, PlanTrigger, Step } from '../step.ts'

/** When a trigger fires, with triggers on and with `--triggers off`, under which the session counts as a replica. */
const fires: Readonly<Record<Trigger['enabled'], { readonly on: boolean; readonly off: boolean }>> = {
  always: { on: true, off: true },
  origin: { on: true, off: false },
  replica: { on: false, off: true },
  disabled: { on: false, off: false },
}

/** Triggers that concern the steps: those that fire, and with `--triggers off` also those that would have. */
export const firingTriggers = (
  tables: ReadonlyMap<string, Table>,
  steps: readonly Step[],
  policy: PlanOptions['triggers'],
): readonly PlanTrigger[] => {
  const isOff = policy === 'off'
  const fired = steps.flatMap((step) =>
    (tables.get(step.table)?.triggers ?? [])
      .filter(({ enabled }) => fires[enabled].on || (isOff && fires[enabled].off))
      .filter(({ events }) => events.includes(step.action))
      .filter(({ ofColumns }) => step.action !== 'update' || ofColumns.length === 0 || overlap(ofColumns, step.columns))
      .map((trigger) => ({ table: step.table, trigger })),
  )
  const unique = new Map(fired.map(({ table, trigger }) => [`${table}\0${trigger.name}`, { table, trigger }]))
  return [...unique.values()].map(({ table, trigger }) => ({
    table,
    name: trigger.name,
    events: trigger.events.filter((event) => steps.some((step) => step.table === table && step.action === event)),
    reachesOutside: trigger.reachesOutside,
    fires: isOff ? fires[trigger.enabled].off : true,
  }))
}

/** True where inserted rows refer to others in a way that live checks. */
export const locksParents = (catalog: SharedCatalog, steps: readonly Step[]): boolean => {
  const inserted = new Set(steps.filter(({ action }) => action === 'insert').map(({ table }) => table))
  return catalog.live.tables.some(
    ({ id, foreignKeys }) => inserted.has(id) && foreignKeys.some(({ isEnforced }) => isEnforced),
  )
}

const overlap = (a: readonly string[], b: readonly string[]): boolean => a.some((name) => b.includes(name))

/** Sequences that the run raises, and how many keys it takes from each. */
export const usedSequences = (
  tables: ReadonlyMap<string, Table>,
  steps: readonly Step[],
  catalog: SharedCatalog,
): readonly PlanSequence[] => {
  const inserts = Map.groupBy(
    steps.filter(({ action }) => action === 'insert'),
    ({ table }) => table,
  )
  return [...inserts].flatMap(([id, group]) => {
    const table = tables.get(id)
    const allocation = catalog.tables.get(id)?.allocation ?? null
    const allocates = group.reduce(
      (sum, { allocate, rows }) => sum + (allocate === 'all' ? rows : (allocate?.length ?? 0)),
      0,
    )
    const written = new Set(group.flatMap(({ columns }) => columns))
    const raised = (table?.columns ?? []).flatMap(({ name, sequence }) =>
      sequence !== null && written.has(name)
        ? [
            {
              table: id,
              column: name,
              sequence: displayTable(sequence),
              allocates: allocation?.column === name ? allocates : 0,
            },
          ]
        : [],
    )
    const byMaximum =
      allocation?.how === 'max' && allocates > 0
        ? [{ table: id, column: allocation.column, sequence: null, allocates }]
        : []
    return [...raised, ...byMaximum]
  })
}

/** A finding per trigger that fires and reaches outside, unless the user said that it may. */
export const outwardFindings = (triggers: readonly PlanTrigger[], given: PlanOptions['triggers']): readonly Finding[] =>
  triggers.flatMap(({ table, name, reachesOutside, fires }) =>
    reachesOutside === null || !fires || given === 'fire'
      ? []
      : [
          {
            kind: 'triggers',
            table,
            key: '',
            constraint: name,
            columns: [],
            values: [],
            live: [],
            possible: [],
            reachesOutside,
            ...(given === 'off' ? { firesAlways: true } : {}),
          },
        ],
  )

/** Relations that the rows of the steps came by. */
export const usedRelations = (catalog: SharedCatalog, steps: readonly Step[]): readonly PlanRelation[] => {
  const used = new Set(steps.map(({ via }) => via))
  return catalog.relations
    .filter(({ id }) => used.has(id))
    .map(({ id, child, columns, parent, parentColumns }) => ({ id, child, columns, parent, parentColumns }))
}
