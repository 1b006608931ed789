/** Turns decisions into steps: one per table, action, reason and set of columns; inserts parents first, then updates. Pure. */
import { columnOf, type Table } from '../catalog/catalog.ts'
import { orderTables } from '../catalog/order.ts'
import { compareKeys } from '../catalog/row.ts'
import type { SharedCatalog, SharedTable } from '../catalog/shared.ts'
import { displayTable } from '../database/names.ts'
import type { Decision } from '../probe/decide.ts'
import type { Relinking, Survivor } from '../selection/survivors.ts'
import { keyColumns, type PlanSequence, type PlanTrigger, type StandIns, type Step } from './plan.ts'

/** What planning knows when it builds steps. */
export interface Decided {
  readonly catalog: SharedCatalog
  readonly decision: Decision
  readonly survivors: ReadonlyMap<Survivor, Relinking>
}

const sharedTable = (catalog: SharedCatalog, id: string): SharedTable => {
  const table = catalog.tables.get(id)
  if (table === undefined) throw new Error(`table ${id} is not shared`)
  return table
}

/** Columns that an overwrite replaces: everything but keys and what only the server writes. */
export const overwrittenColumns = (table: SharedTable): readonly string[] =>
  table.columns
    .filter(({ live }) => live.identity !== 'always')
    .map(({ name }) => name)
    .filter((name) => !table.primaryKey.includes(name) && !table.identity.includes(name))

const groupBy = <T>(items: Iterable<T>, groupOf: (item: T) => string): readonly (readonly T[])[] => [
  ...Map.groupBy(items, groupOf).values(),
]

const insertSteps = ({ catalog, decision }: Decided, id: string): readonly Step[] => {
  const table = sharedTable(catalog, id)
  const members = decision.closure.members.get(id)
  const fates = decision.mapping.of(id)
  const rows = [...(members?.entries() ?? [])]
    .filter(({ key }) => !fates.standIns.has(key))
    .sort((a, b) => compareKeys(a.key, b.key))
  return groupBy(rows, ({ because, via }) => `${because}\0${via?.id ?? ''}`).map((group) => {
    const [first] = group
    const keys = group.map(({ key }) => key)
    const allocated = keys.flatMap((key, position) => (fates.allocated.has(key) ? [position] : []))
    const nulled = [...decision.closure.nulled].flatMap(([relation, nulledKeys]) => {
      if (relation.child !== id) return []
      const emptied = new Set(nulledKeys)
      const positions = keys.flatMap((key, position) => (emptied.has(key) ? [position] : []))
      const columns = relation.columns.filter((name) => columnOf(table.live, name)?.notNull === false)
      return positions.length === 0 ? [] : [{ columns, rows: positions }]
    })
    return {
      action: 'insert',
      table: id,
      because: first?.because ?? 'selected',
      via: first?.via?.id ?? null,
      columns: table.columns.map(({ name }) => name),
      rows: keys.length,
      keys: keyColumns(table.identity.length, keys),
      ...(allocated.length === 0 ? {} : { allocate: allocated.length === keys.length ? 'all' : allocated }),
      ...(nulled.length === 0 ? {} : { nulled }),
    }
  })
}

const overwriteSteps = ({ catalog, decision }: Decided, id: string): readonly Step[] => {
  const table = sharedTable(catalog, id)
  const fates = decision.mapping.of(id)
  const rows = [...(decision.closure.members.get(id)?.entries() ?? [])]
    .filter(({ key }) => fates.overwritten.has(key))
    .sort((a, b) => compareKeys(a.key, b.key))
  const columns = overwrittenColumns(table)
  const width = table.identity.length
  const stoodIn = groupBy(rows, ({ because, via }) => `${because}\0${via?.id ?? ''}`).map(
    (group): Step => ({
      action: 'update',
      table: id,
      because: group[0]?.because ?? 'selected',
      via: group[0]?.via?.id ?? null,
      columns,
      rows: group.length,
      keys: keyColumns(
        width,
        group.map(({ key }) => key),
      ),
      live: keyColumns(
        width,
        group.map(({ key }) => fates.standIns.get(key) ?? key),
      ),
    }),
  )
  const updates = [...(decision.updates.get(id) ?? [])].sort(([a], [b]) => compareKeys(a, b))
  const changed = groupBy(updates, ([, names]) => names.join('\0')).map(
    (group): Step => ({
      action: 'update',
      table: id,
      because: 'selected',
      via: null,
      columns: group[0]?.[1] ?? [],
      rows: group.length,
      keys: keyColumns(
        width,
        group.map(([key]) => key),
      ),
    }),
  )
  return [...stoodIn, ...changed]
}

const survivorSteps = ({ catalog, survivors }: Decided, id: string): readonly Step[] => {
  const table = sharedTable(catalog, id)
  const rows = [...survivors]
    .filter(([{ relation }]) => relation.child === id)
    .filter(([, relinking]) => relinking === 'relink' || relinking === 'edited since')
    .sort(([a], [b]) => compareKeys(a.key, b.key))
  return groupBy(rows, ([{ relation, emptied }]) => [relation.id, ...emptied].join('\0')).map((group) => {
    const [first] = group
    const edited = group.flatMap(([, relinking], position) => (relinking === 'edited since' ? [position] : []))
    return {
      action: 'update',
      table: id,
      because: 'survivor',
      via: first?.[0].relation.id ?? null,
      columns: first?.[0].emptied ?? [],
      rows: group.length,
      keys: keyColumns(
        table.identity.length,
        group.map(([{ key }]) => key),
      ),
      ...(edited.length === 0 ? {} : { editedSince: edited }),
    }
  })
}

/** All steps in the order they run. */
export const buildSteps = (decided: Decided): readonly Step[] => {
  const { catalog, decision, survivors } = decided
  const tables = new Set([
    ...decision.closure.members.keys(),
    ...decision.updates.keys(),
    ...[...survivors.keys()].map(({ relation }) => relation.child),
  ])
  const order = orderTables([...tables], catalog.relations).flat()
  return [
    ...order.flatMap((id) => insertSteps(decided, id)),
    ...order.flatMap((id) => overwriteSteps(decided, id)),
    ...order.flatMap((id) => survivorSteps(decided, id)),
  ].filter(({ rows }) => rows > 0)
}

/** Live rows that stand in and are not written: references to them follow. */
export const buildStandIns = ({ catalog, decision }: Decided): readonly StandIns[] => {
  const ids = new Set([...decision.closure.members.keys(), ...decision.closure.standIns.keys()])
  return [...ids].sort().flatMap((id) => {
    const table = sharedTable(catalog, id)
    const restored = decision.closure.standIns.get(id)
    const fates = decision.mapping.of(id)
    const rows = [...fates.standIns].filter(([key]) => !fates.overwritten.has(key))
    return groupBy(rows, ([key]) => (restored?.has(key) ? 'restored' : 'match')).map((group) => ({
      table: id,
      why: restored?.has(group[0]?.[0] ?? '') ? ('restored' as const) : ('match' as const),
      backup: keyColumns(
        table.identity.length,
        group.map(([key]) => key),
      ),
      live: keyColumns(
        table.identity.length,
        group.map(([, live]) => live),
      ),
    }))
  })
}

/** Triggers that the steps will fire. */
export const firingTriggers = (tables: ReadonlyMap<string, Table>, steps: readonly Step[]): readonly PlanTrigger[] => {
  const fired = steps.flatMap((step) =>
    (tables.get(step.table)?.triggers ?? [])
      .filter(({ enabled }) => enabled === 'origin' || enabled === 'always')
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
  }))
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
