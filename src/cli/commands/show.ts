import { RowgraftError } from '../../errors.ts'
import { jsonShownRow } from '../../format/json.ts'
import { formatShownRow } from '../../format/row-text.ts'
import { withRowgraft } from '../connect.ts'
import { exitCodes } from '../exit.ts'
import type { ConnectionFlags } from '../options.ts'
import type { Context } from '../output.ts'
import { isPlanFile, noPlanFile, printPlan, readPlanFile } from '../plan-file.ts'

const showPlan = async ({ output }: Context, path: string): Promise<number> => {
  printPlan(output, await readPlanFile(path))
  return exitCodes.done
}

/** `rowgraft show <table> <key>`, `rowgraft show plan.json`. A plan is shown without any database. */
export const show = async (
  context: Context,
  subject: string,
  key: string | undefined,
  flags: ConnectionFlags,
): Promise<number> => {
  if (key === undefined && (await isPlanFile(subject))) return showPlan(context, subject)
  if (key === undefined) {
    if (subject.endsWith('.json')) throw noPlanFile(subject)
    throw new RowgraftError('usage', `no key of "${subject}" is given`, {
      hint: 'Write rowgraft show <table> <key>, or the name of a plan file that exists.',
    })
  }
  return withRowgraft(context, flags, 'both', async (rowgraft) => {
    const { output } = context
    const row = await rowgraft.show(subject, key)
    if (output.format === 'text') output.text(formatShownRow(row, output.setting))
    else output.json(jsonShownRow(row))
    return exitCodes.done
  })
}
