import { jsonTable, jsonTables } from '../../format/json.ts'
import { formatTables } from '../../format/look/tables.ts'
import { withRowgraft } from '../connect.ts'
import { exitCodes } from '../exit.ts'
import type { ConnectionFlags } from '../flags/options.ts'
import type { Context } from '../output.ts'

/** `rowgraft tables` */
export const tables = (context: Context, flags: ConnectionFlags): Promise<number> =>
  withRowgraft(context, { flags, needs: 'both' }, async (rowgraft) => {
    const { output } = context
    const found = await rowgraft.tables()
    if (output.format === 'text') output.text(formatTables(found, output.setting))
    else if (output.format === 'ndjson') for (const table of found) output.json({ v: 1, ...jsonTable(table) })
    else output.json(jsonTables(found))
    return exitCodes.done
  })
