import { jsonRuns } from '../../format/json.ts'
import { formatRuns } from '../../format/run/runs.ts'
import { withRowgraft } from '../connect.ts'
import { exitCodes } from '../exit.ts'
import type { ConnectionFlags } from '../flags/options.ts'
import type { Context } from '../output.ts'

const columns = ['run', 'state', 'started', 'database', 'undoes', 'inserted', 'updated', 'deleted'] as const

/** `rowgraft runs` */
export const runs = (context: Context, flags: ConnectionFlags): Promise<number> =>
  withRowgraft(context, { flags, needs: 'live' }, async (rowgraft) => {
    const { output } = context
    const found = await rowgraft.runs()
    if (output.format === 'text') output.text(formatRuns(found, output.setting))
    else if (output.format === 'json') output.json(jsonRuns(found))
    else if (output.format === 'ndjson') for (const run of found) output.json({ v: 1, ...run })
    else {
      output.csv(columns)
      for (const run of found) output.csv(columns.map((name) => run[name] ?? ''))
    }
    return exitCodes.done
  })
