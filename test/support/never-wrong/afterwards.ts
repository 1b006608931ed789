/** What has to hold once a run is committed: verify is content, a second plan has nothing left to do, undo gives live back. */
import { openConflicts, type Plan, type Report, type Step } from '../../../src/index.ts'
import type { TextRow } from '../queries.ts'
import type { Driver } from './driver.ts'
import { describeFailure } from './failures.ts'
import { count, type Fault, nameless, type Tally } from './faults.ts'
import type { Request } from './request.ts'
import { packedKeys } from './said.ts'
import type { Table } from './schema.ts'
import { differing, type Side } from './sides.ts'

export interface Committed {
  readonly driver: Driver
  readonly tables: readonly Table[]
  readonly request: Request
  readonly plan: Plan
  readonly report: Report
  readonly before: Side
  readonly after: Side
  readonly readLive: () => Promise<Side>
}

const checkVerify = async ({ driver }: Committed): Promise<readonly Fault[]> => {
  const given = await driver.verify()
  if ('failure' in given) return [{ kind: 'verify fails', detail: describeFailure(given.failure) }]
  return given.value ? [] : [{ kind: 'verify is not content', detail: 'right after the run' }]
}

const stepKeys = (plan: Plan, isMeant: (step: Step) => boolean): readonly string[] =>
  plan.steps
    .filter(isMeant)
    .flatMap(({ table, keys }) => packedKeys(keys).map((key) => `${table} ${key.replaceAll('\0', ',')}`))

/** True where a step writes nothing but what a trigger has written over before, or numbers that were kept as live counted them. */
const isInVain = ({ action, table, columns }: Step, { triggerChanges, kept }: Report): boolean =>
  action === 'update' &&
  columns.every((name) =>
    [...triggerChanges, ...kept].some((change) => change.table === table && change.column === name),
  )

/** The same command again: who says nothing of `--again` gets nothing twice. */
const checkSecondPlan = async (
  { driver, request, plan, report }: Committed,
  tally: Tally,
): Promise<readonly Fault[]> => {
  const given = await driver.plan({ ...request, inFile: {}, isAgain: false })
  if ('failure' in given) {
    count(tally, `second plan: ${given.failure.code}`)
    return given.failure.exit === 70 ? [{ kind: 'second plan: exit 70', detail: describeFailure(given.failure) }] : []
  }
  if (openConflicts(given.value).length > 0) {
    // It asks again what was answered in the file of the first: nothing is written unasked.
    count(tally, 'second plan: asks')
    return []
  }
  const done = new Set(stepKeys(plan, () => true))
  const twice = stepKeys(given.value, (step) => !isInVain(step, report)).filter((key) => done.has(key))
  return twice.length === 0 ? [] : [{ kind: 'a second plan writes restored rows again', detail: twice.join('; ') }]
}

/** Columns that a row may come back with other than it was: those the reports name, and what triggers touch. */
const excepted = (table: Table, reports: readonly Report[]): ReadonlySet<string> =>
  new Set([
    ...(table.isTouched ? ['touched'] : []),
    ...reports.flatMap(({ triggerChanges }) =>
      triggerChanges.filter((change) => change.table === table.id).map(({ column }) => column),
    ),
  ])

const compare = (
  table: Table,
  wanted: ReadonlyMap<string, TextRow>,
  got: ReadonlyMap<string, TextRow>,
  except: ReadonlySet<string>,
) => [
  ...[...wanted].flatMap(([key, row]) => {
    const now = got.get(key)
    if (now === undefined) return [`${table.id} ${key} is gone`]
    const changed = differing(row, now).filter((name) => !except.has(name))
    return changed.map((name) => `${table.id} ${key}.${name} was ${row[name]}, is ${now[name]}`)
  }),
  ...[...got.keys()].flatMap((key) => (wanted.has(key) || table.key === 'log' ? [] : [`${table.id} ${key} is left`])),
]

/** How one side differs from another that it should be. */
export const differences = (
  tables: readonly Table[],
  { wanted, got, reports }: { readonly wanted: Side; readonly got: Side; readonly reports: readonly Report[] },
): readonly string[] =>
  tables.flatMap((table) =>
    compare(table, wanted[table.position] ?? new Map(), got[table.position] ?? new Map(), excepted(table, reports)),
  )

/** What is wrong with an undo of all runs of a report. */
export const examineUndo = async (committed: Committed, tally: Tally): Promise<readonly Fault[]> => {
  const { driver, tables, before, after, report, readLive } = committed
  const [last = null, ...earlier] = [...report.runs].reverse()
  let given = await driver.undo(earlier.length === 0 ? null : last)
  const undone: Report[] = []
  for (const run of earlier) {
    if ('failure' in given) break
    undone.push(given.value)
    given = await driver.undo(run)
  }
  const got = await readLive()
  if ('failure' in given) {
    const { failure } = given
    count(tally, `undo refused: ${nameless(failure.message)}`)
    const changed = undone.length > 0 ? [] : differences(tables, { wanted: after, got, reports: [] })
    const hasTriggers = tables.some((table) => table.isTouched || table.madeFor !== null || table.counters.length > 0)
    const isRefusal = failure.exit === 4 || failure.code === 'rolled-back'
    return [
      ...(changed.length === 0 ? [] : [{ kind: 'a refused undo that changed live', detail: changed.join('\n') }]),
      ...(hasTriggers && isRefusal
        ? []
        : [{ kind: `undo: exit ${failure.exit} ${failure.code}`, detail: describeFailure(failure) }]),
    ]
  }
  count(tally, 'undone')
  const left = differences(tables, { wanted: before, got, reports: [report, ...undone, given.value] })
  return left.length === 0 ? [] : [{ kind: 'an undo that does not give live back', detail: left.join('\n') }]
}

/** All that is wrong after a run. Leaves live as it was before, where that can be. */
export const examineAfterwards = async (committed: Committed, tally: Tally): Promise<readonly Fault[]> => [
  ...(await checkVerify(committed)),
  ...(await checkSecondPlan(committed, tally)),
  ...(await examineUndo(committed, tally)),
]
