import { jsonIncidents } from '../../format/json.ts'
import { formatIncidents } from '../../format/look/incidents.ts'
import { formatLikely } from '../../format/look/likely.ts'
import { type IncidentReport, joinReports, type Rowgraft } from '../../index.ts'
import { withRowgraft } from '../connect.ts'
import { exitCodes } from '../exit.ts'
import type { ConnectionFlags } from '../flags/options.ts'
import type { Context } from '../output.ts'

export interface IncidentsFlags extends ConnectionFlags {
  /** True for `--changed`, false for `--no-changed`. */
  readonly changed?: boolean
}

/** `rowgraft incidents`: exit code 1 says that there are some. What is left out is none. */
export const incidents = (context: Context, flags: IncidentsFlags): Promise<number> =>
  withRowgraft(context, { flags, needs: 'both' }, async (rowgraft) => {
    const { output } = context
    const report = await readIncidents(rowgraft, flags)
    if (output.format === 'text') {
      output.text(formatIncidents(report, output.setting))
      const likely = formatLikely(report, rowgraft.likelyReferences)
      if (likely !== null)
        output.note(`${likely}. "tables --suggest" tells what else speaks for it, --follow suggested follows them.`)
    } else if (output.format === 'ndjson') for (const incident of report.incidents) output.json({ v: 1, ...incident })
    else output.json(jsonIncidents(report))
    return report.incidents.length > 0 ? exitCodes.differences : exitCodes.done
  })

const readIncidents = async (rowgraft: Rowgraft, { changed }: IncidentsFlags): Promise<IncidentReport> => {
  const missing = await rowgraft.incidents()
  if (changed === false) return missing
  return joinReports(missing, await rowgraft.overwritten({ large: changed === true ? 'look' : 'skip' }))
}
