/** A plan that is run in units: which rows are done, and one report of all of them. */
import { hintOf, type RowgraftError } from '../../errors.ts'
import { keysOf } from '../../keys/key-columns.ts'
import type { JournalHead } from '../journal/journal-head.ts'
import { runsInLive } from '../journal/runs.ts'
import type { Report, TableReport } from '../run.ts'

/** Packed backup keys, by table, of the rows that units of the plan have written and that are in live still. */
export const doneRows = (heads: readonly JournalHead[], hash: string): ReadonlyMap<string, ReadonlySet<string>> => {
  const done = new Map<string, Set<string>>()
  for (const { plan } of runsInLive(heads)) {
    if (plan.unit?.of !== hash) continue
    for (const { table, keys } of plan.steps) {
      const rows = done.get(table) ?? new Set<string>()
      done.set(table, rows)
      for (const key of keysOf(keys)) rows.add(key)
    }
  }
  return done
}

const addTables = (reports: readonly Report[]): readonly TableReport[] => {
  const sums = new Map<string, TableReport>()
  for (const row of reports.flatMap(({ tables }) => tables)) {
    const known = sums.get(row.table)
    sums.set(
      row.table,
      known === undefined
        ? row
        : {
            table: row.table,
            inserted: known.inserted + row.inserted,
            updated: known.updated + row.updated,
            deleted: known.deleted + row.deleted,
            linked: known.linked + row.linked,
            skipped: known.skipped + row.skipped,
          },
    )
  }
  return [...sums.values()]
}

const once = <T>(values: readonly T[]): readonly T[] => [
  ...new Map(values.map((value) => [JSON.stringify(value), value])).values(),
]

/** Adds up rows that are counted per table and column. */
const addRows = <T extends { readonly rows: number }>(counted: readonly T[]): readonly T[] =>
  [...Map.groupBy(counted, ({ rows: _, ...rest }) => JSON.stringify(rest)).values()].flatMap(([first, ...others]) =>
    first === undefined ? [] : [{ ...first, rows: others.reduce((sum, { rows }) => sum + rows, first.rows) }],
  )

/** The error of a unit says what it left of live; here that holds for the unit alone. */
const whyStopped = (error: RowgraftError): Report['stopped'] => ({
  code: error.code,
  message: error.code === 'interrupted' ? 'interrupted' : error.message,
  detail: error.detail ?? null,
  hint: hintOf(error, 'This part is rolled back, those before it are in live.') ?? null,
})

/** One report of the units that were run, in their order; `stopped` is why the others were not. */
export const addReports = (
  reports: readonly Report[],
  { total, stopped }: { readonly total: number; readonly stopped: RowgraftError | null },
): Report => {
  const [first, last] = [reports[0], reports.at(-1)]
  if (first === undefined || last === undefined) throw new Error('no unit was run')
  const { left } = first
  return {
    ...first,
    run: last.run,
    runs: reports.flatMap(({ runs }) => runs),
    outcome: stopped === null ? first.outcome : 'partial',
    tables: addTables(reports),
    keys: reports.flatMap(({ keys }) => keys),
    changedKeys: addRows(reports.flatMap(({ changedKeys }) => changedKeys)),
    verified: reports.every(({ verified }) => verified),
    complete: stopped === null && reports.every(({ complete }) => complete),
    replaced: addRows(reports.flatMap(({ replaced }) => replaced)),
    setBack: addRows(reports.flatMap((report) => report.setBack)),
    rounded: addRows(reports.flatMap((report) => report.rounded)),
    kept: addRows(reports.flatMap(({ kept }) => kept)),
    triggerChanges: addRows(reports.flatMap(({ triggerChanges }) => triggerChanges)),
    stays: once(reports.flatMap(({ stays }) => stays)),
    generatedDifferences: addRows(reports.flatMap(({ generatedDifferences }) => generatedDifferences)),
    hooks: reports.flatMap(({ hooks }) => hooks),
    left: {
      ...left,
      keysFiles: reports.flatMap((report) => report.left.keysFiles),
      firedOutward: once(reports.flatMap((report) => report.left.firedOutward)),
      notFired: once(reports.flatMap((report) => report.left.notFired)),
    },
    remains: once(reports.flatMap(({ remains }) => remains)),
    elapsed: reports.reduce((sum, { elapsed }) => sum + elapsed, 0),
    units: { done: reports.length, total },
    stopped: stopped === null ? null : whyStopped(stopped),
  }
}
