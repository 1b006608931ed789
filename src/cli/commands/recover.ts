import { formatRecover } from '../../format/run/runs.ts'
import { withRowgraft } from '../connect.ts'
import { exitCodes } from '../exit.ts'
import type { ConnectionFlags } from '../flags/options.ts'
import type { Context } from '../output.ts'

/** `rowgraft recover`: exit code 6 says that it is still not known what became of a run. */
export const recover = (context: Context, flags: ConnectionFlags): Promise<number> =>
  withRowgraft(context, { flags, needs: 'live' }, async (rowgraft) => {
    const { output } = context
    const report = await rowgraft.recover()
    if (output.format === 'text') output.text(formatRecover(report, output.setting))
    else output.json(report)
    return report.runs.some(({ outcome }) => outcome === 'unknown') ? exitCodes.unknown : exitCodes.done
  })
