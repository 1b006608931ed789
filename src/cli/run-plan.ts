/** Shows a plan, asks, runs it, and reports: what `restore` and `undo` have in common. */
import { interrupted, RowgraftError } from '../errors.ts'
import { openOnes, waysOut } from '../format/conflict-text.ts'
import { jsonReport } from '../format/json.ts'
import { formatSentence } from '../format/names.ts'
import { formatPlan, summarisePlan } from '../format/plan-text.ts'
import { plural } from '../format/quantities.ts'
import { formatReport } from '../format/report-text.ts'
import { sanitise } from '../format/sanitise.ts'
import type { Plan, Rowgraft, RunOptions } from '../index.ts'
import { exitCodeOfReport } from './exit.ts'
import type { ConnectionFlags, RunFlags } from './options.ts'
import type { Context } from './output.ts'

/** The error of a plan whose conflicts nobody has answered. In text the plan above it says more. */
export const conflictsOpen = (plan: Plan, context: Context): RowgraftError => {
  const open = openOnes(plan)
  const needs = open.length === 1 ? 'needs an answer' : 'need an answer'
  const listed = open
    .slice(0, 20)
    .flatMap((conflict) => [
      formatSentence(conflict.text),
      ...waysOut(conflict).map(({ flag, does }) => `  ${flag}: ${does}`),
    ])
  return new RowgraftError('decision-needed', `${plural(open.length, 'conflict')} ${needs}; live is unchanged`, {
    detail: context.output.format === 'text' ? undefined : listed.join('\n'),
    hint: 'Add a flag that answers, or save the plan with "rowgraft plan ... --out <file>" and answer under "answers" in it.',
  })
}

const canAsk = ({ io, flags }: Context): boolean => io.isInteractive && io.ask !== undefined && flags.input

const confirm = async (context: Context, plan: Plan, live: string): Promise<void> => {
  const { io, output } = context
  if (!canAsk(context) || io.ask === undefined) {
    throw new RowgraftError('decision-needed', 'nobody is here to confirm it; live is unchanged', {
      hint: 'Read the plan, then run the same command again with --yes.',
    })
  }
  if (output.format !== 'text') output.aside(formatPlan(plan, output.setting))
  output.progress.clear()
  const answer = await io.ask(`${summarisePlan(plan)}, in ${sanitise(live)}. Go ahead? [y/N] `)
  if (io.signal.aborted) throw interrupted()
  if (/^\s*y(es)?\s*$/i.test(answer)) return
  throw new RowgraftError('decision-needed', 'not confirmed; live is unchanged')
}

const runOptions = (flags: RunFlags & ConnectionFlags): Partial<RunOptions> => ({
  ...(flags.rehearse === true ? { rehearse: true } : {}),
  ...(flags.batchSize === undefined ? {} : { batchSize: flags.batchSize }),
  ...(flags.timeout === undefined ? {} : { timeout: flags.timeout }),
  ...(flags.lockTimeout === undefined ? {} : { lockTimeout: flags.lockTimeout }),
})

/** Resolves to the exit code. Throws `decision-needed` where a conflict is open or nobody confirms, and what a run throws. */
export const runPlan = async (
  context: Context,
  rowgraft: Rowgraft,
  plan: Plan,
  flags: RunFlags & ConnectionFlags,
): Promise<number> => {
  const { output } = context
  const isText = output.format === 'text'
  const isEmpty = plan.steps.length === 0
  if (isText) output.text(formatPlan(plan, output.setting))
  if (openOnes(plan).length > 0) throw conflictsOpen(plan, context)
  if (!isEmpty && flags.yes !== true && flags.rehearse !== true) await confirm(context, plan, rowgraft.live.label)
  const report = await rowgraft.run(plan, runOptions(flags))
  if (!isText) output.json(jsonReport(report))
  else if (!isEmpty) output.text(`\n${formatReport(report, plan, output.setting)}`)
  return exitCodeOfReport(report, { strict: flags.strict === true })
}
