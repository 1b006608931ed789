import { formatVerify } from '../../format/run/runs.ts'
import { withRowgraft } from '../connect.ts'
import { exitCodes } from '../exit.ts'
import type { ConnectionFlags } from '../flags/options.ts'
import type { Context } from '../output.ts'

/** `rowgraft verify [run]`: exit code 1 says that live no longer holds what the run wrote. */
export const verify = (context: Context, run: string | undefined, flags: ConnectionFlags): Promise<number> =>
  withRowgraft(context, { flags, needs: 'live' }, async (rowgraft) => {
    const { output } = context
    const report = await rowgraft.verify(run)
    if (output.format === 'text') output.text(formatVerify(report, output.setting))
    else output.json(report)
    return report.verified ? exitCodes.done : exitCodes.differences
  })
