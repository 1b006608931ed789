/** Turns decisions into steps: one per table, action, reason and set of columns; inserts parents first, then updates. Pure. */
import { columnOf } from '../catalog/catalog.ts'
import { orderTables } from '../catalog/order.ts'
import type { SharedCatalog, SharedTable } from '../catalog/shared.ts'
import type { Keys } from '../keys/key.ts'
import { packNames } from '../keys/key.ts'
import { keyColumns } from '../keys/key-columns.ts'
import { KeySequence } from '../keys/key-index.ts'
import { compareKeys, sortKeys } from '../keys/key-order.ts'
import type { Plan } from '../plan/plan.ts'
import type { StandIns, Step } from '../plan/step.ts'
import type { Because } from '../selection/closure/members.ts'
import type { Relinking, Survivor } from '../selection/closure/survivors.ts'
import type { Decision } from './decide.ts'

/** The changed live rows that rows of the plan come to refer to. */
export const buildAttached = ({ catalog, decision }: DecidedPlan): NonNullable<Plan['attached']> =>
  decision.attached.map((rows) => ({
    ...rows,
    keys: keyColumns(sharedTable(catalog, rows.table).identity.length, sortKeys(rows.keys)),
  }))

/** What planning knows when it builds steps. */
export interface DecidedPlan {
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

/** Some keys, and nothing but which. */
interface SomeKeys {
  readonly size: number
  has(key: string): boolean
}

/** Positions of the keys that are among others. */
const positionsOf = (keys: Keys, others: SomeKeys): readonly number[] => {
  const positions: number[] = []
  for (let position = 0; others.size > 0 && position < keys.length; position++) {
    if (others.has(keys.at(position) ?? '')) positions.push(position)
  }
  return positions
}

const areAmong = (keys: Keys, others: SomeKeys): boolean => {
  for (let position = 0; position < keys.length; position++) if (!others.has(keys.at(position) ?? '')) return false
  return true
}

/** Rows of a step whose references are emptied, of the columns that it writes. */
const emptiedIn = (
  { closure }: Decision,
  table: SharedTable,
  { keys, columns }: { readonly keys: Keys; readonly columns: readonly string[] },
): Pick<Step, 'nulled'> => {
  const nulled = [...closure.nulled].flatMap(([relation, emptied]) => {
    if (relation.child !== table.id) return []
    const rows = positionsOf(keys, new Set(emptied))
    const own = relation.columns.filter(
      (name) => columns.includes(name) && columnOf(table.live, name)?.notNull === false,
    )
    return rows.length === 0 || own.length === 0 ? [] : [{ columns: own, rows }]
  })
  return nulled.length === 0 ? {} : { nulled }
}

const insertSteps = ({ catalog, decision }: DecidedPlan, id: string): readonly Step[] => {
  const table = sharedTable(catalog, id)
  const members = decision.closure.members.get(id)
  if (members === undefined) return []
  const fates = decision.mapping.of(id)
  const groups = new Map<
    string,
    { readonly because: Because; readonly via: string | null; readonly keys: KeySequence }
  >()
  for (const { number, key, because, via } of members.entries()) {
    if (fates.standIns.has(key) || members.deleted.has(key)) continue
    const name = `${because}\0${via?.id ?? ''}`
    const group = groups.get(name) ?? { because, via: via?.id ?? null, keys: new KeySequence(members.index) }
    groups.set(name, group)
    group.keys.push(number)
  }
  const sorted = [...groups.values()]
    .map((group) => ({ ...group, keys: sortKeys(group.keys) }))
    .sort((a, b) => compareKeys(a.keys.at(0) ?? '', b.keys.at(0) ?? ''))
  return sorted.map(({ because, via, keys }) => {
    const allocate = areAmong(keys, fates.allocated) ? 'all' : positionsOf(keys, fates.allocated)
    const columns = table.columns.map(({ name }) => name)
    return {
      action: 'insert',
      table: id,
      because,
      via,
      columns,
      rows: keys.length,
      keys: keyColumns(table.identity.length, keys),
      ...(allocate.length === 0 ? {} : { allocate }),
      ...emptiedIn(decision, table, { keys, columns }),
    }
  })
}

const overwriteSteps = ({ catalog, decision }: DecidedPlan, id: string): readonly Step[] => {
  const table = sharedTable(catalog, id)
  const fates = decision.mapping.of(id)
  const members = fates.overwritten.size === 0 ? undefined : decision.closure.members.get(id)
  const rows = [...(members?.entries() ?? [])]
    .filter(({ key }) => fates.overwritten.has(key))
    .sort((a, b) => compareKeys(a.key, b.key))
  const columns = overwrittenColumns(table)
  const width = table.identity.length
  const stoodIn = groupBy(rows, ({ because, via }) => `${because}\0${via?.id ?? ''}`).map((group): Step => {
    const keys = group.map(({ key }) => key)
    return {
      action: 'update',
      table: id,
      because: group[0]?.because ?? 'selected',
      via: group[0]?.via?.id ?? null,
      columns,
      rows: group.length,
      keys: keyColumns(width, keys),
      live: keyColumns(
        width,
        keys.map((key) => fates.standIns.get(key) ?? key),
      ),
      ...emptiedIn(decision, table, { keys, columns }),
    }
  })
  const updates = [...(decision.updates.get(id) ?? [])].sort(([a], [b]) => compareKeys(a, b))
  const changed = groupBy(updates, ([, names]) => packNames(names)).map((group): Step => {
    const keys = group.map(([key]) => key)
    const written = group[0]?.[1] ?? []
    return {
      action: 'update',
      table: id,
      because: 'selected',
      via: null,
      columns: written,
      rows: group.length,
      keys: keyColumns(width, keys),
      ...emptiedIn(decision, table, { keys, columns: written }),
    }
  })
  return [...stoodIn, ...changed]
}

/** Rows that live has marked as deleted: the mark is put back to what it was, and nothing else. */
const reviveSteps = ({ catalog, decision }: DecidedPlan, id: string): readonly Step[] => {
  const table = sharedTable(catalog, id)
  const members = decision.closure.members.get(id)
  if (table.softDelete === null || members === undefined || members.deleted.size === 0) return []
  const columns = [table.softDelete]
  const rows = [...members.entries()]
    .filter(({ key }) => members.deleted.has(key))
    .sort((a, b) => compareKeys(a.key, b.key))
  return groupBy(rows, ({ because, via }) => `${because}\0${via?.id ?? ''}`).map((group) => ({
    action: 'update',
    table: id,
    because: group[0]?.because ?? 'selected',
    via: group[0]?.via?.id ?? null,
    columns,
    rows: group.length,
    keys: keyColumns(
      table.identity.length,
      group.map(({ key }) => key),
    ),
  }))
}

const survivorSteps = ({ catalog, survivors }: DecidedPlan, id: string): readonly Step[] => {
  const table = sharedTable(catalog, id)
  const rows = [...survivors]
    .filter(([{ relation }]) => relation.child === id)
    .filter(([, relinking]) => relinking === 'relink' || relinking === 'edited since')
    .sort(([a], [b]) => compareKeys(a.key, b.key))
  return groupBy(rows, ([{ relation, emptied }]) => packNames([relation.id, ...emptied])).map((group) => {
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
      ...(first?.[0].isDefault ? { isAtDefault: true } : {}),
      ...(edited.length === 0 ? {} : { editedSince: edited }),
    }
  })
}

/** All steps in the order they run. */
export const buildSteps = (decided: DecidedPlan): readonly Step[] => {
  const { catalog, decision, survivors } = decided
  const tables = new Set([
    ...decision.closure.members.keys(),
    ...decision.updates.keys(),
    ...[...survivors.keys()].map(({ relation }) => relation.child),
  ])
  const order = orderTables([...tables], catalog.relations).flat()
  return [
    ...order.flatMap((id) => insertSteps(decided, id)),
    ...order.flatMap((id) => reviveSteps(decided, id)),
    ...order.flatMap((id) => overwriteSteps(decided, id)),
    ...order.flatMap((id) => survivorSteps(decided, id)),
  ].filter(({ rows }) => rows > 0)
}

/** Live rows that stand in and are not written: references to them follow. */
export const buildStandIns = ({ catalog, decision }: DecidedPlan): readonly StandIns[] => {
  const ids = new Set([...decision.closure.members.keys(), ...decision.closure.standIns.keys()])
  return [...ids].sort().flatMap((id) => {
    const table = sharedTable(catalog, id)
    const restored = decision.closure.standIns.get(id)
    const fates = decision.mapping.of(id)
    const rows = [...fates.standIns].filter(([key]) => !fates.overwritten.has(key))
    const whyOf = (key: string): StandIns['why'] => {
      if (!restored?.has(key) || catalog.named.has(id)) return 'match'
      if (decision.renamed.get(id)?.has(key)) return 'renamed'
      return fates.standIns.get(key) === key ? 'moved' : 'restored'
    }
    return groupBy(rows, ([key]) => whyOf(key)).map((group) => ({
      table: id,
      why: whyOf(group[0]?.[0] ?? ''),
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
