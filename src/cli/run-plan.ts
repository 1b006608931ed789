/** Shows a plan, asks, runs it, and reports: what `restore` and `undo` have in common. */
import { interrupted, RowgraftError } from '../errors.ts'
import { jsonReport } from '../format/json.ts'
import { formatTable } from '../format/names.ts'
import { formatConflict, openOnes, selectsOneTable, waysOut } from '../format/plan/conflicts.ts'
import { formatPlan, summarisePlan } from '../format/plan/plan.ts'
import { plural } from '../format/quantities.ts'
import { formatReport } from '../format/run/report.ts'
import { sanitise } from '../format/sanitise.ts'
import type { Conflict, Plan, Rowgraft, RunOptions } from '../index.ts'
import { exitCodeOfReport } from './exit.ts'
import type { ConnectionFlags } from './flags/options.ts'
import type { RunFlags } from './flags/run-options.ts'
import type { Context } from './output.ts'

/** Answers given to a whole table, or to all, that none of its open conflicts takes. */
const idleAnswers = ({ options: { onConflict } }: Plan, open: readonly Conflict[]): readonly string[] =>
  Object.entries(onConflict).flatMap(([rows, answer]) => {
    const own = open.filter(({ table }) => rows === '*' || rows === table)
    const isTaken = own.some(({ answers }) => answers.some((known) => known.answer === answer))
    const flag = rows === '*' ? answer : `${formatTable(rows)}=${answer}`
    return answer === 'stop' || own.length === 0 || isTaken
      ? []
      : [`--on-conflict ${flag} is an answer to none of them`]
  })

/** The error of a plan whose conflicts nobody has answered. In text the plan above it says more. */
export const conflictsOpen = (plan: Plan, context: Context): RowgraftError => {
  const open = openOnes(plan)
  const needs = open.length === 1 ? 'needs an answer' : 'need an answer'
  const listed = open
    .slice(0, 20)
    .flatMap((conflict) => [
      formatConflict(conflict),
      ...waysOut(conflict, { canNameColumns: selectsOneTable(plan) }).map(({ flag, does }) => `  ${flag}: ${does}`),
    ])
  const details = [...(context.output.format === 'text' ? [] : listed), ...idleAnswers(plan, open)]
  return new RowgraftError('decision-needed', `${plural(open.length, 'conflict')} ${needs}; live is unchanged`, {
    detail: details.length === 0 ? undefined : details.join('\n'),
    hint: 'Add a flag that answers, or save the plan with "rowgraft plan ... --out <file>" and answer under "answers" in it.',
  })
}

const canAsk = ({ io, flags }: Context): boolean => io.isInteractive && io.ask !== undefined && flags.input

const ask = async (context: Context, plan: Plan, question: string): Promise<string> => {
  const { io, output } = context
  if (output.format !== 'text') output.aside(formatPlan(plan, output.setting))
  output.progress.clear()
  const answer = (await io.ask?.(question)) ?? ''
  if (io.signal.aborted) throw interrupted()
  return answer.trim()
}

/** A plan, and the databases it is for. */
export interface MadePlan {
  readonly rowgraft: Rowgraft
  readonly plan: Plan
}

/** Asks whether to go ahead. Resolves to live's name where it was typed: a protected live asks for it, whatever `--yes` says. */
const confirm = async (
  context: Context,
  { rowgraft, plan }: MadePlan,
  flags: RunFlags,
): Promise<string | undefined> => {
  const { live, protection } = rowgraft
  const what = `${summarisePlan(plan)}, in ${sanitise(live.label)}.`
  if (protection !== false) {
    if (protection === 'refuse' || !canAsk(context)) return undefined
    const typed = await ask(context, plan, `${what} Live is protected: type the name of the database to go ahead: `)
    if (typed === live.database) return typed
  } else {
    if (flags.yes === true) return undefined
    if (!canAsk(context)) {
      throw new RowgraftError('decision-needed', 'nobody is here to confirm it; live is unchanged', {
        hint: 'Read the plan, then run the same command again with --yes.',
      })
    }
    if (/^y(es)?$/i.test(await ask(context, plan, `${what} Go ahead? [y/N] `))) return undefined
  }
  throw new RowgraftError('decision-needed', 'not confirmed; live is unchanged')
}

const runOptions = (flags: RunFlags & ConnectionFlags): Partial<RunOptions> => ({
  ...(flags.rehearse === true ? { rehearse: true } : {}),
  ...(flags.commitEvery === undefined ? {} : { commitEvery: flags.commitEvery }),
  ...(flags.big === true ? { big: true } : {}),
  ...(flags.batchSize === undefined ? {} : { batchSize: flags.batchSize }),
  ...(flags.timeout === undefined ? {} : { timeout: flags.timeout }),
  ...(flags.lockTimeout === undefined ? {} : { lockTimeout: flags.lockTimeout }),
})

/** Resolves to the exit code. Throws `decision-needed` where a conflict is open or nobody confirms, and what a run throws. */
export const runPlan = async (context: Context, made: MadePlan, flags: RunFlags & ConnectionFlags): Promise<number> => {
  const { rowgraft, plan } = made
  const { output } = context
  const isText = output.format === 'text'
  const isEmpty = plan.steps.length === 0
  if (isText) output.text(formatPlan(plan, output.setting))
  if (openOnes(plan).length > 0) throw conflictsOpen(plan, context)
  if (flags.commitEvery !== undefined) output.note(`Commits in parts of about ${plural(flags.commitEvery, 'row')}.`)
  const isAsked = !isEmpty && flags.rehearse !== true && flags.confirm === undefined
  const confirmed = isAsked ? await confirm(context, made, flags) : flags.confirm
  const report = await rowgraft.run(plan, {
    ...runOptions(flags),
    ...(confirmed === undefined ? {} : { confirm: confirmed }),
  })
  if (!isText) output.json(jsonReport(report))
  else if (!isEmpty) output.text(`\n${formatReport(report, plan, output.setting)}`)
  return exitCodeOfReport(report, { strict: flags.strict === true })
}
