import { settingsOf, withRowgraft } from '../connect.ts'
import { exitCodes } from '../exit.ts'
import type { ConnectionFlags, PlanFlags } from '../flags/options.ts'
import { triggersOf } from '../flags/plan-options.ts'
import type { RunFlags } from '../flags/run-options.ts'
import type { Context } from '../output.ts'
import { runPlan } from '../run-plan.ts'

/** `rowgraft undo [run]`: the newest run that can be undone, with all parts of its plan, or the one named. Live and the journal are enough. */
export const undo = (
  context: Context,
  run: string | undefined,
  flags: ConnectionFlags & RunFlags & Pick<PlanFlags, 'triggers' | 'bulk'>,
): Promise<number> =>
  withRowgraft(context, { flags, needs: 'live' }, async (rowgraft) => {
    const runs = await rowgraft.units(run)
    let code: number = exitCodes.done
    for (const [index, each] of runs.entries()) {
      const plan = await rowgraft.undoPlan(each, { ...triggersOf(flags), settings: settingsOf(flags) })
      const part = runs.length === 1 ? '' : `, ${index + 1} of ${runs.length} of one plan`
      context.output.note(`Taking back run ${each}${part}.`)
      code = Math.max(code, await runPlan(context, { rowgraft, plan }, flags))
    }
    return code
  })
