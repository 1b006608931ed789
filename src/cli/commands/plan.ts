import { formatArgument } from '../../format/names.ts'
import { openOnes } from '../../format/plan/conflicts.ts'
import type { Plan, Rowgraft, Selection } from '../../index.ts'
import { withRowgraft } from '../connect.ts'
import { exitCodes } from '../exit.ts'
import { checkPlanTarget, printPlan, writePlanFile } from '../files/plan-file.ts'
import { checkScriptTarget, writeScriptFile } from '../files/script-file.ts'
import type { ConnectionFlags, PlanFlags, SelectionFlags } from '../flags/options.ts'
import { readPlanOptions } from '../flags/plan-options.ts'
import { readSelection } from '../flags/selection.ts'
import type { Context } from '../output.ts'
import type { MadePlan } from '../run-plan.ts'

export interface PlanCommandFlags extends ConnectionFlags, SelectionFlags, PlanFlags {
  readonly out?: string
  readonly sql?: string
}

/** Makes the plan that arguments and flags ask for. */
export const planSelection = async (
  rowgraft: Rowgraft,
  selection: Selection,
  flags: PlanCommandFlags,
): Promise<Plan> => {
  const options = await readPlanOptions(flags, () => rowgraft.tables())
  // A script is run by somebody else.
  const forOthers = flags.sql !== undefined
  return rowgraft.plan(selection, forOthers ? { ...options, forOthers } : options)
}

/** A script decides nothing: it is written once every conflict has its answer. */
const saveScript = async ({ output }: Context, { rowgraft, plan: made }: MadePlan, path: string): Promise<void> => {
  if (openOnes(made).length > 0) {
    output.note(`No script is written to ${formatArgument(path)}: conflicts are open. Answer them with --on-conflict.`)
    return
  }
  await writeScriptFile(path, rowgraft, made)
  const file = formatArgument(path)
  output.note(
    `Review the script, then run it with: psql -X -v ON_ERROR_STOP=1 -d ${formatArgument(made.live.database)} -f ${file}`,
  )
  output.note('It rolls back; add -v commit=1 to keep what it does.')
}

/** `rowgraft plan`: writes nothing to live. Exit code 4 says that conflicts are open; the plan file is written all the same. */
export const plan = async (context: Context, args: readonly string[], flags: PlanCommandFlags): Promise<number> => {
  const selection = await readSelection(args, flags, context.io)
  if (flags.out !== undefined) await checkPlanTarget(flags.out)
  if (flags.sql !== undefined) await checkScriptTarget(flags.sql)
  return withRowgraft(context, { flags, needs: 'both' }, async (rowgraft) => {
    const { output } = context
    const made = await planSelection(rowgraft, selection, flags)
    printPlan(output, made)
    if (flags.out !== undefined) {
      await writePlanFile(flags.out, made)
      const first = openOnes(made).length > 0 ? 'Answer its conflicts under "answers", then run it with' : 'Run it with'
      output.note(`${first}: rowgraft restore ${formatArgument(flags.out)} --expect ${made.hash}`)
    }
    if (flags.sql !== undefined) await saveScript(context, { rowgraft, plan: made }, flags.sql)
    return openOnes(made).length > 0 ? exitCodes.refused : exitCodes.done
  })
}
