import { jsonSuggestions, jsonTable, jsonTables } from '../../format/json.ts'
import { formatSuggestions } from '../../format/look/suggestions.ts'
import { formatTables } from '../../format/look/tables.ts'
import type { Rowgraft } from '../../index.ts'
import { withRowgraft } from '../connect.ts'
import { exitCodes } from '../exit.ts'
import type { ConnectionFlags } from '../flags/options.ts'
import type { Context } from '../output.ts'

export interface TablesFlags extends ConnectionFlags {
  readonly suggest?: boolean
}

const suggest = async ({ output }: Context, rowgraft: Rowgraft): Promise<void> => {
  const found = await rowgraft.suggestions()
  if (output.format === 'text') output.text(formatSuggestions(found, output.setting))
  else if (output.format === 'ndjson') for (const suggestion of found) output.json({ v: 1, ...suggestion })
  else output.json(jsonSuggestions(found))
}

/** `rowgraft tables` */
export const tables = (context: Context, flags: TablesFlags): Promise<number> =>
  withRowgraft(context, { flags, needs: 'both' }, async (rowgraft) => {
    const { output } = context
    if (flags.suggest === true) {
      await suggest(context, rowgraft)
      return exitCodes.done
    }
    const found = await rowgraft.tables()
    if (output.format === 'text') output.text(formatTables(found, output.setting))
    else if (output.format === 'ndjson') for (const table of found) output.json({ v: 1, ...jsonTable(table) })
    else output.json(jsonTables(found))
    return exitCodes.done
  })
