import { jsonIncidents } from '../../format/json.ts'
import { formatIncidents } from '../../format/look/incidents.ts'
import { formatLikely } from '../../format/look/likely.ts'
import { withRowgraft } from '../connect.ts'
import { exitCodes } from '../exit.ts'
import type { ConnectionFlags } from '../flags/options.ts'
import type { Context } from '../output.ts'

/** `rowgraft incidents`: exit code 1 says that there are some. What is left out is none. */
export const incidents = (context: Context, flags: ConnectionFlags): Promise<number> =>
  withRowgraft(context, { flags, needs: 'both' }, async (rowgraft) => {
    const { output } = context
    const report = await rowgraft.incidents()
    if (output.format === 'text') {
      output.text(formatIncidents(report, output.setting))
      const likely = formatLikely(report, rowgraft.likelyReferences)
      if (likely !== null)
        output.note(`${likely}. "tables --suggest" tells what else speaks for it, --follow suggested follows them.`)
    } else if (output.format === 'ndjson') for (const incident of report.incidents) output.json({ v: 1, ...incident })
    else output.json(jsonIncidents(report))
    return report.incidents.length > 0 ? exitCodes.differences : exitCodes.done
  })
