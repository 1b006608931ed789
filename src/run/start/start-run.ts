/**
 * From a plan to its run: what must hold before anything is written, and where the rows come from.
 *
 * In come a settled plan, both sides and options; out goes the report of all its units. Of `run/` this folder alone imports `open/` and
 * `planning/`: a transaction of a run (`apply.ts`) gets its session, and its source, from here.
 */

import { randomInt } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { withActing } from '../../database/acting.ts'
import { withReadTransaction } from '../../database/transaction.ts'
import { interrupted, RowgraftError } from '../../errors.ts'
import { revive } from '../../open/calls.ts'
import { committedCommands } from '../../open/configured.ts'
import type { OpenSide } from '../../open/connect.ts'
import { isEmpty, type Plan } from '../../plan/plan.ts'
import { splitPlan } from '../../planning/split-plan.ts'
import { type ApplyInput, apply } from '../apply.ts'
import { refuseUnsettled } from '../journal/recover.ts'
import { findRun, readRuns } from '../journal/runs.ts'
import type { RowSource } from '../perform.ts'
import { emptyReport } from '../report.ts'
import { defaultRunOptions, type Report, type RunOptions, runProgress } from '../run.ts'
import { afterCommit } from './committed.ts'
import { addReports, doneRows } from './parts.ts'
import {
  plannedBackup,
  refuseLarge,
  refuseOpen,
  refuseProtected,
  refuseTransformed,
  type StartRunInput,
} from './settle.ts'

/** The plan, or its units: those that are not in live yet. */
const planUnits = async (input: StartRunInput, { commitEvery }: RunOptions): Promise<readonly Plan[]> => {
  const { plan, pair, folder } = input
  const done =
    plan.undoes === null ? doneRows(await readRuns(folder, pair.live.identity, 'heads'), plan.hash) : new Map()
  if (plan.undoes !== null || (commitEvery === null && done.size === 0)) return [plan]
  const size = commitEvery ?? Number.POSITIVE_INFINITY
  refuseTransformed(plan, '--commit-every')
  return input.withSides((sides) => splitPlan({ sides, plan, size, done }))
}

/** Where the rows of a plan come from, as long as `work` takes. */
const withSource = async <T>(input: StartRunInput, work: (source: RowSource) => Promise<T>): Promise<T> => {
  const { pair, plan, folder } = input
  if (plan.undoes !== null) {
    const { path } = findRun(await readRuns(folder, pair.live.identity, 'whole'), plan.undoes)
    return withActing(pair.live.session, plan.options, () => work({ kind: 'journal', path }))
  }
  const { backup, ...source } = plannedBackup(input)
  return withReadTransaction(backup.session, (reader) => work({ kind: 'backup', reader, ...source }))
}

/** Deadlock, serialization failure: another transaction stood in the way, and by now it has gone on. */
const passing: ReadonlySet<string | undefined> = new Set(['40P01', '40001'])

/** Runs a plan again, all of it, where another transaction made it fail: up to five times. */
const applyPatiently = async (live: OpenSide, input: ApplyInput): Promise<Report> => {
  let failure: RowgraftError | null = null
  for (let attempt = 1; ; attempt += 1) {
    // A COMMIT of an earlier unit, or attempt, that live had to be asked about has cost the connection.
    await revive(live).catch((error: unknown) => {
      throw failure ?? error
    })
    try {
      return await apply(input)
    } catch (error) {
      const isPassing = error instanceof RowgraftError && error.code === 'server-error' && passing.has(error.sqlstate)
      if (!isPassing || attempt === 5) throw error
      failure = error
    }
    await setTimeout(randomInt(50, 200 * attempt), undefined, { signal: input.session.signal }).catch(() => {
      throw interrupted()
    })
  }
}

/** Runs one unit, and what comes after its COMMIT. */
const runUnit = async (
  input: StartRunInput,
  options: RunOptions,
  { plan, source }: { readonly plan: Plan; readonly source: RowSource },
): Promise<Report> => {
  const { pair, opened, folder } = input
  const report = await applyPatiently(pair.live, {
    session: pair.live.session,
    live: pair.live.identity,
    plan,
    source,
    options,
    folder,
    onProgress: runProgress(opened.onProgress),
  })
  if (report.outcome !== 'committed') return report
  const env = opened.env ?? process.env
  return afterCommit(report, { commands: committedCommands(opened), folder, env, undoes: plan.undoes })
}

/** Runs a plan that is settled. With `commitEvery` one that stops after its first unit resolves to what is done by then. */
export const startRun = async (input: StartRunInput): Promise<Report> => {
  const { pair, plan, opened, folder } = input
  const options: RunOptions = { ...defaultRunOptions, ...input.options }
  refuseOpen(plan)
  if (!isEmpty(plan)) refuseProtected(opened.config?.protect ?? false, pair.live.catalog.database, options)
  const { session, identity } = pair.live
  await refuseUnsettled(session, await readRuns(folder, identity, 'heads'))
  if (isEmpty(plan)) return emptyReport(plan)
  const units = await planUnits(input, options)
  for (const unit of units) refuseLarge(unit, options)
  if (units.length === 0) return emptyReport({ ...plan, steps: [] })
  const isWhole = units.length === 1 && units[0] === plan
  return withSource(input, async (source) => {
    const reports: Report[] = []
    for (const unit of units) {
      try {
        reports.push(await runUnit(input, options, { plan: unit, source }))
      } catch (error) {
        const isKnown = error instanceof RowgraftError && error.code !== 'outcome-unknown'
        if (!isKnown || reports.length === 0 || options.rehearse) throw error
        return addReports(reports, { total: units.length, stopped: error })
      }
    }
    const [only] = reports
    return isWhole && only !== undefined ? only : addReports(reports, { total: units.length, stopped: null })
  })
}
