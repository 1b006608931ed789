/** What a plan said of a row beforehand: the conflicts about it that were answered, and parents that it named as taken on. Pure. */
import { displayKey, type Plan, type Report } from '../../../src/index.ts'
import type { TextRow } from '../queries.ts'
import { pack } from './rows.ts'
import type { Table } from './schema.ts'
import type { Side } from './sides.ts'

/** Parents that changed and that rows go to all the same, as the contract names them. */
interface Attached {
  readonly table: string
  readonly via?: string
  readonly columns: readonly string[]
  readonly keys: readonly (readonly string[])[]
  readonly rows: number
}

/** What a plan says of changed parents that rows go to; empty where it says nothing of them. */
export const attachedOf = (plan: Plan): readonly Attached[] =>
  (plan as Plan & { readonly attached?: readonly Attached[] }).attached ?? []

/** Packed keys of columns of keys. */
export const packedKeys = (columns: readonly unknown[]): readonly string[] => {
  const lists = columns.map((column) => {
    if (!Array.isArray(column)) throw new Error('keys of so few rows are lists')
    return column as readonly string[]
  })
  return (lists[0] ?? []).map((_, at) => pack(lists.map((values) => values[at] ?? '')))
}

/** True where rows of a plan are said to go to this parent, which changed since. */
export const isNamedAttached = (plan: Plan, table: Table, key: string): boolean =>
  attachedOf(plan).some((entry) => entry.table === table.id && packedKeys(entry.keys).includes(key))

const taking: readonly string[] = ['attach', 'match', 'overwrite']

/** True where a conflict about this row was answered so that live's row takes its place. */
export const isAnswered = (plan: Plan, table: Table, key: string): boolean =>
  plan.conflicts.some((conflict) => {
    if (conflict.table !== table.id || conflict.key !== displayKey(key)) return false
    const answer: string = plan.answers[conflict.id] ?? 'stop'
    return taking.includes(answer)
  })

/** True where live's row is said to be the backup's, restored before. */
export const isSaidRestored = (plan: Plan, table: Table, key: string): boolean =>
  plan.conflicts.some(
    ({ kind, ...conflict }) =>
      kind === 'looks restored' && conflict.table === table.id && conflict.key === displayKey(key),
  ) ||
  plan.standIns.some(
    ({ why, backup, ...rows }) => why === 'restored' && rows.table === table.id && packedKeys(backup).includes(key),
  )

/** True where the report names a column as one whose values are not the backup's. */
export const isNamedDifferent = (report: Report, table: Table, column: string): boolean =>
  [...report.triggerChanges, ...report.generatedDifferences].some(
    (change) => change.table === table.id && change.column === column,
  )

export interface Written {
  /** Live keys of inserted rows by their backup keys, per position of a table. */
  readonly inserted: readonly ReadonlyMap<string, string>[]
  readonly updated: readonly {
    readonly table: Table
    readonly key: string
    readonly liveKey: string
    readonly columns: readonly string[]
    readonly because: string
  }[]
  /** References that `--parents null` empties: `position key column`. */
  readonly emptied: ReadonlySet<string>
}

interface Told {
  readonly tables: readonly Table[]
  readonly backup: Side
  readonly after: Side
  readonly plan: Plan
  readonly report: Report
}

type NamedKey = Report['keys'][number]['live']

/** Whether a row has the values of a key by its columns. */
const has = (row: TextRow, key: NamedKey): boolean => Object.entries(key).every(([name, value]) => row[name] === value)

/** The keys of a link with a key of its own are those of its ends: they are looked up by the other. */
const readLinks = (
  { backup, after, report }: Told,
  table: Table,
  keys: Iterable<string>,
): ReadonlyMap<string, string> =>
  new Map(
    [...keys].map((key) => {
      const own = { id: backup[table.position]?.get(key)?.id ?? '' }
      const changed = report.keys.find((each) => each.table === table.id && each.backup.id === own.id)
      const found = [...(after[table.position] ?? [])].find(([, row]) => has(row, changed?.live ?? own))
      return [key, found?.[0] ?? key]
    }),
  )

const readInserted = (told: Told, table: Table): ReadonlyMap<string, string> => {
  const steps = told.plan.steps.filter((step) => step.table === table.id && step.action === 'insert')
  const keys = steps.flatMap((step) => packedKeys(step.keys))
  if (table.key === 'link id') return readLinks(told, table, keys)
  const pick = (key: NamedKey): string => pack(table.identity.map((name) => key[name] ?? ''))
  const changed = told.report.keys.filter((each) => each.table === table.id)
  const now = new Map(changed.map(({ backup, live }) => [pick(backup), pick(live)]))
  return new Map(keys.map((key) => [key, now.get(key) ?? key]))
}

/** What a plan and its report say was written. */
export const readWritten = (told: Told): Written => {
  const { tables, plan } = told
  const updated: Written['updated'][number][] = []
  const emptied = new Set<string>()
  for (const { table: id, action, keys: columnsOfKeys, live, columns, because, nulled = [] } of plan.steps) {
    const table = tables.find((each) => each.id === id)
    if (table === undefined) throw new Error(`a step of ${id}`)
    const keys = packedKeys(columnsOfKeys)
    const liveKeys = live === undefined ? keys : packedKeys(live)
    if (action !== 'insert') {
      for (const [at, key] of keys.entries()) {
        updated.push({ table, key, liveKey: liveKeys[at] ?? key, columns, because })
      }
    }
    for (const { columns: empty, rows } of nulled) {
      for (const row of rows) for (const name of empty) emptied.add(`${table.position} ${keys[row]} ${name}`)
    }
  }
  return { inserted: tables.map((table) => readInserted(told, table)), updated, emptied }
}
