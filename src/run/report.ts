/** What a run did, as data. */
import { sql } from 'kysely'
import { list } from '../database/names.ts'
import type { Writer } from '../database/session/reader.ts'
import { countLeftOut } from '../plan/left-out.ts'
import type { Plan } from '../plan/plan.ts'
import type { KeyChanges } from './journal/line-witness.ts'
import { changedKeys, mostKeys } from './keys/changed-keys.ts'
import type { Report, TableReport } from './run.ts'
import type { Layout, StagedTable } from './stage/staged.ts'

/** Reads which keys changed, by table, where nothing else has looked at the rows; the transaction still has the maps. */
export const readChangedKeys = async (writer: Writer, layout: Layout): Promise<ReadonlyMap<string, KeyChanges>> => {
  const changed = new Map<string, KeyChanges>()
  for (const staged of layout.tables.values()) changed.set(staged.table.id, await readChanged(writer, layout, staged))
  return changed
}

/** Puts the report together. */
export const buildReport = (
  plan: Plan,
  facts: Pick<
    Report,
    | 'run'
    | 'outcome'
    | 'elapsed'
    | 'replaced'
    | 'setBack'
    | 'rounded'
    | 'kept'
    | 'triggerChanges'
    | 'stays'
    | 'generatedDifferences'
  > & {
    /** Sequences that moved. */
    readonly raised: readonly string[]
    readonly changed: ReadonlyMap<string, KeyChanges>
  },
): Report => {
  const { raised, changed, ...rest } = facts
  return {
    ...emptyReport(plan),
    ...rest,
    runs: rest.run === '' ? [] : [rest.run],
    keys: [...changed.values()].flatMap(({ keys }) => keys),
    changedKeys: [...changed].flatMap(([table, { rows }]) => (rows === 0 ? [] : [{ table, rows }])),
    verified: true,
    remains: findRemaining(plan, raised, rest),
  }
}

/** The report of a plan without anything run. */
export const emptyReport = (plan: Plan): Report => {
  const asked = plan.leftOut.filter(({ isAsked }) => isAsked)
  return {
    v: 1,
    run: '',
    runs: [],
    outcome: 'nothing',
    units: null,
    stopped: null,
    tables: tableReports(plan),
    keys: [],
    changedKeys: [],
    leftOut: plan.leftOut.map(({ isAsked: _, ...row }) => row),
    notInBackup: plan.notInBackup,
    coverage: plan.coverage,
    verified: false,
    complete: plan.notInBackup.length === 0 && asked.length === 0,
    replaced: [],
    setBack: [],
    rounded: [],
    kept: [],
    triggerChanges: [],
    stays: [],
    generatedDifferences: [],
    hooks: [],
    left: leftFor(plan),
    remains: [],
    elapsed: 0,
  }
}

const leftFor = ({ missingFiles, materialisedViews, triggers }: Plan): Report['left'] => ({
  keysFiles: [],
  missingFiles,
  materialisedViews,
  firedOutward: triggers.flatMap(({ table, name, fires, reachesOutside }) =>
    fires && reachesOutside !== null ? [{ table, trigger: name, how: reachesOutside }] : [],
  ),
  notFired: triggers.flatMap(({ table, name, fires }) => (fires ? [] : [{ table, trigger: name }])),
})

const tableReports = (plan: Plan): readonly TableReport[] => {
  const ids = [
    ...plan.steps.map(({ table }) => table),
    ...plan.alreadyLinked.map(({ table }) => table),
    ...plan.leftOut.map(({ table }) => table),
  ]
  return [...new Set(ids)].map((table) => {
    const rows = (action: string): number =>
      plan.steps
        .filter((step) => step.table === table && step.action === action)
        .reduce((sum, step) => sum + step.rows, 0)
    return {
      table,
      inserted: rows('insert'),
      updated: rows('update'),
      deleted: rows('delete'),
      linked: plan.alreadyLinked.find((linked) => linked.table === table)?.rows ?? 0,
      skipped: plan.leftOut
        .filter((left) => left.table === table)
        .reduce((sum, left) => sum + (countLeftOut(left) ?? 0), 0),
    }
  })
}

/** What changed of the keys of one table; no more of them are told than fit into a report. */
const readChanged = async (writer: Writer, layout: Layout, staged: StagedTable): Promise<KeyChanges> => {
  const changed = changedKeys(layout, staged)
  if (changed === null) return { keys: [], rows: 0 }
  const { names, old, now, from, ordinal } = changed
  const [total] = await writer.rows(sql`select pg_catalog.count(*)::text ${from}`)
  const told = await writer.rows(sql`
    select ${list([...names.map(old), ...names.map(now)].map((value) => sql`(${value})::text`))}
    ${from}
    order by ${ordinal}
    limit ${sql.lit(mostKeys)}`)
  const named = (values: readonly (string | null)[]) =>
    Object.fromEntries(names.map((name, position) => [name, values[position] ?? '']))
  const keys = told.map((row) => ({
    table: staged.table.id,
    backup: named(row.slice(0, names.length)),
    live: named(row.slice(names.length)),
  }))
  return { keys, rows: Number(total?.[0] ?? 0) }
}

/**
 * What an undo will not give back. Of rows that were updated it puts back every column; those that the table's own triggers write on each
 * update are written by them once more. Rows that were inserted are deleted, whatever triggers made of them.
 */
const findRemaining = (
  { options: { hooks }, steps, triggers }: Plan,
  raised: readonly string[],
  { triggerChanges, stays }: Pick<Report, 'triggerChanges' | 'stays'>,
): Report['remains'] => {
  const isRewritten = (table: string): boolean =>
    steps.some((step) => step.table === table && step.action === 'update') &&
    triggers.some((trigger) => trigger.table === table && trigger.fires && trigger.events.includes('update'))
  return [
    ...(['before', 'after'] as const).flatMap((when) =>
      hooks[when].length === 0 ? [] : [{ kind: 'hook', when } as const],
    ),
    ...[...new Set(raised)].map((sequence) => ({ kind: 'sequence', sequence }) as const),
    ...stays.map((table) => ({ kind: 'trigger rows', table }) as const),
    ...triggerChanges
      .filter(({ table }) => isRewritten(table))
      .map(({ table, column }) => ({ kind: 'column', table, column }) as const),
  ]
}
