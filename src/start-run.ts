/** From a plan to its run: what must hold before anything is written, and where the rows come from. */

import { randomInt } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import type { Catalog } from './catalog/catalog.ts'
import type { SharedCatalog } from './catalog/shared.ts'
import type { Acting } from './database/acting.ts'
import { withActing } from './database/acting.ts'
import { withReadTransaction } from './database/transaction.ts'
import type { Sides } from './diff/sides.ts'
import { interrupted, RowgraftError } from './errors.ts'
import { revive } from './open/calls.ts'
import { type ConfiguredOptions, committedCommands } from './open/configured.ts'
import type { OpenOptions, OpenPair, OpenSide } from './open/connect.ts'
import { backupOf } from './open/side.ts'
import { refuseOtherSources } from './plan/drifted.ts'
import { isEmpty, openConflicts, type Plan } from './plan/plan.ts'
import { type ApplyInput, apply } from './run/apply.ts'
import { afterCommit } from './run/committed.ts'
import { addReports, doneRows } from './run/parts.ts'
import type { RowSource } from './run/perform.ts'
import { refuseProtected } from './run/protect.ts'
import { refuseUnsettled } from './run/recover.ts'
import { emptyReport } from './run/report.ts'
import { defaultRunOptions, type Report, type RunOptions } from './run/run.ts'
import { findRun, readRuns } from './run/runs.ts'
import { refuseLarge } from './run/size.ts'
import { splitPlan } from './split-plan.ts'
import { withEdits } from './transform/edited.ts'
import type { Transforms } from './transform/transform.ts'

export interface StartRunInput {
  readonly pair: OpenPair
  /** Live and the backup as the config file wants them seen. */
  readonly catalog: SharedCatalog
  /** Every answer of it is known to be in its steps. */
  readonly plan: Plan
  readonly options: Partial<RunOptions>
  readonly opened: OpenOptions
  /** Journal folder. */
  readonly folder: string
  readonly withSides: <T>(work: (sides: Sides) => Promise<T>) => Promise<T>
}

/** Throws `decision-needed` naming what has no answer. */
export const refuseOpen = (plan: Plan): void => {
  const open = openConflicts(plan)
  if (open.length === 0) return
  throw new RowgraftError('decision-needed', `${open.length} conflict(s) of the plan have no answer`, {
    detail: open
      .slice(0, 20)
      .map(({ text }) => text)
      .join('\n'),
    hint: 'Answer them with --on-conflict [table=]answer, or in the "answers" of the plan file.',
  })
}

const canonical = ({ role, settings }: Acting): string => JSON.stringify([role, Object.entries(settings).sort()])

/** SQL in a plan runs only where the config file says the same: a plan is no way to bring SQL in. */
const refuseOtherHooks = (plan: Plan, { hooks }: ConfiguredOptions): void => {
  for (const when of ['before', 'after'] as const) {
    if (JSON.stringify(plan.options.hooks[when]) === JSON.stringify(hooks[when])) continue
    throw new RowgraftError('plan-stale', `the plan was made with other ${when} SQL than the config file has`, {
      hint: 'Make the plan again, or give the config file it was made with by --config.',
    })
  }
}

/** Throws unless the config is what the plan was made with: its privileges were judged for that role. */
export const refuseOtherConfig = (plan: Plan, configured: ConfiguredOptions): void => {
  refuseOtherHooks(plan, configured)
  if (canonical(plan.options) === canonical(configured)) return
  const { role, settings } = plan.options
  const names = Object.keys(settings)
  throw new RowgraftError('usage', 'the plan acts on live as somebody else than this connection does', {
    detail: `It was made for ${role === null ? 'the role that connects' : `role ${role}`}${names.length === 0 ? '' : `, with ${names.join(', ')} set`}.`,
    hint: 'Open live with the role and the settings of the plan, or make the plan again.',
  })
}

/** The backup, and its catalog as the plan edits it. Throws where its tables are not those the plan was made from. */
export const plannedBackup = ({
  catalog,
  plan,
  opened,
  pair,
}: Pick<StartRunInput, 'catalog' | 'plan' | 'opened' | 'pair'>): {
  readonly backup: OpenSide
  readonly catalog: Catalog
  readonly transforms: Transforms
} => {
  const backup = backupOf(pair)
  const edited = withEdits(catalog, opened.config?.transforms, plan.options)
  refuseOtherSources(plan, edited.catalog.backup)
  return { backup, catalog: edited.catalog.backup, transforms: edited.transforms }
}

/** Throws `usage` for what cannot be had of a plan whose rows a transform of the config file makes. */
export const refuseTransformed = ({ sources }: Plan, flag: string): void => {
  const [id] = Object.entries(sources).find(([, { isTransformed }]) => isTransformed) ?? []
  if (id === undefined) return
  throw new RowgraftError('usage', `${flag} does not go with a transform: the config file has one of "${id}"`, {
    hint: `Leave out ${flag}, or the transform.`,
  })
}

/** The plan, or its units: those that are not in live yet. */
const planUnits = async (input: StartRunInput, { commitEvery }: RunOptions): Promise<readonly Plan[]> => {
  const { plan, pair, folder } = input
  const done = plan.undoes === null ? doneRows(await readRuns(folder, pair.live.identity), plan.hash) : new Map()
  if (plan.undoes !== null || (commitEvery === null && done.size === 0)) return [plan]
  const size = commitEvery ?? Number.POSITIVE_INFINITY
  refuseTransformed(plan, '--commit-every')
  return input.withSides((sides) => splitPlan({ sides, plan, size, done }))
}

/** Where the rows of a plan come from, as long as `work` takes. */
const withSource = async <T>(input: StartRunInput, work: (source: RowSource) => Promise<T>): Promise<T> => {
  const { pair, plan, folder } = input
  if (plan.undoes !== null) {
    const { path } = findRun(await readRuns(folder, pair.live.identity), plan.undoes)
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
const runUnit = async (input: StartRunInput, options: RunOptions, plan: Plan, source: RowSource): Promise<Report> => {
  const { pair, opened, folder } = input
  const report = await applyPatiently(pair.live, {
    session: pair.live.session,
    live: pair.live.identity,
    plan,
    source,
    options,
    journal: folder,
    onProgress: (event) => opened.onProgress?.({ kind: 'run', ...event }),
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
  await refuseUnsettled(session, await readRuns(folder, identity))
  if (isEmpty(plan)) return emptyReport(plan)
  const units = await planUnits(input, options)
  for (const unit of units) refuseLarge(unit, options)
  if (units.length === 0) return emptyReport({ ...plan, steps: [] })
  const isWhole = units.length === 1 && units[0] === plan
  return withSource(input, async (source) => {
    const reports: Report[] = []
    for (const unit of units) {
      try {
        reports.push(await runUnit(input, options, unit, source))
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
