import { withRowgraft } from '../connect.ts'
import type { ConnectionFlags, PlanFlags } from '../options.ts'
import type { Context } from '../output.ts'
import { triggersOf } from '../plan-options.ts'
import { runPlan } from '../run-plan.ts'
import type { RunFlags } from '../running.ts'

/** `rowgraft undo [run]`: the newest run that can be undone, or the one named. Live and the journal are enough. */
export const undo = (
  context: Context,
  run: string | undefined,
  flags: ConnectionFlags & RunFlags & Pick<PlanFlags, 'triggers' | 'bulk'>,
): Promise<number> =>
  withRowgraft(context, flags, 'live', async (rowgraft) => {
    const plan = await rowgraft.undoPlan(run, triggersOf(flags))
    if (plan.undoes !== null) context.output.note(`Taking back run ${plan.undoes}.`)
    return runPlan(context, rowgraft, plan, flags)
  })
