import { RowgraftError } from '../../errors.ts'
import { jsonShownRow } from '../../format/json.ts'
import { formatShownRow } from '../../format/look/row.ts'
import { formatChain, jsonChain } from '../../format/plan/chain.ts'
import { formatPlannedRow } from '../../format/plan/planned-rows.ts'
import { chainOf, type Plan, parseKey } from '../../index.ts'
import { packKey } from '../../keys/key.ts'
import { withRowgraft } from '../connect.ts'
import { exitCodes } from '../exit.ts'
import { isPlanFile, noPlanFile, printPlan, readPlanFile } from '../files/plan-file.ts'
import type { ConnectionFlags } from '../flags/options.ts'
import { resolveTable } from '../flags/plan-options.ts'
import type { Context } from '../output.ts'

export interface ShowFlags extends ConnectionFlags {
  readonly values?: boolean
}

const usage = (message: string, hint: string): RowgraftError => new RowgraftError('usage', message, { hint })

/** Why a row is in a plan: with --values the backup tells which rows exactly, where the plan has several. */
const showChain = async (
  context: Context,
  { plan, table: typed, key }: { readonly plan: Plan; readonly table: string; readonly key: string },
  flags: ShowFlags,
): Promise<number> => {
  const { output } = context
  const tables = [...plan.steps, ...plan.leftOut, ...plan.notInBackup].map(({ table }) => table)
  const table = resolveTable(
    typed,
    [...new Set(tables)].map((id) => ({ table: id })),
  )
  const packed = packKey(parseKey(key))
  const chain =
    flags.values === true
      ? await withRowgraft(context, { flags, needs: 'both' }, (rowgraft) => rowgraft.trace(plan, table, packed))
      : chainOf(plan, table, packed, key)
  if (output.format === 'text') output.text(formatChain(chain, output.setting))
  else output.json(jsonChain(chain))
  if (chain.some(({ keys }) => keys.length > 1)) output.note('Which of them the backup tells: add --values.')
  return exitCodes.done
}

/** Every row of a plan as the backup has it: one after the other, however many there are. */
const showValues = (context: Context, plan: Plan, flags: ShowFlags): Promise<number> =>
  withRowgraft(context, { flags, needs: 'both' }, async (rowgraft) => {
    const { output, io } = context
    for await (const row of rowgraft.planned(plan)) {
      if (output.format === 'text') output.text(`${formatPlannedRow(row, output.setting)}\n`)
      else output.json({ v: 1, ...row })
      await io.drain?.()
    }
    return exitCodes.done
  })

const showPlan = async (
  context: Context,
  [path = '', table, key, ...more]: readonly string[],
  flags: ShowFlags,
): Promise<number> => {
  const plan = await readPlanFile(path)
  if (more.length > 0) throw usage('one row at a time', 'Write rowgraft show <plan.json> <table> <key>.')
  if (table !== undefined) {
    if (key !== undefined) return showChain(context, { plan, table, key }, flags)
    throw usage(`no key of "${table}" is given`, `Write rowgraft show ${path} ${table} <key>.`)
  }
  if (flags.values === true) return showValues(context, plan, flags)
  printPlan(context.output, plan)
  return exitCodes.done
}

/**
 * `rowgraft show <table> <key>`, `rowgraft show plan.json [<table> <key>] [--values]`. A plan is shown without any database; its values,
 * and which of its rows refers to which, are the backup's to tell.
 */
export const show = async (context: Context, args: readonly string[], flags: ShowFlags): Promise<number> => {
  const [subject = '', key, ...more] = args
  if (await isPlanFile(subject)) return showPlan(context, args, flags)
  if (subject.endsWith('.json') && (key === undefined || more.length > 0 || flags.values === true))
    throw noPlanFile(subject)
  if (flags.values === true) throw usage('--values needs a plan file', 'Write rowgraft show <plan.json> --values.')
  if (key === undefined) {
    throw usage(
      `no key of "${subject}" is given`,
      'Write rowgraft show <table> <key>, or the name of a plan file that exists.',
    )
  }
  if (more.length > 0) throw usage('one row at a time', 'Write the columns of a key as one argument: a,b.')
  return withRowgraft(context, { flags, needs: 'both' }, async (rowgraft) => {
    const { output } = context
    const row = await rowgraft.show(subject, key)
    if (output.format === 'text') output.text(formatShownRow(row, output.setting))
    else output.json(jsonShownRow(row))
    return exitCodes.done
  })
}
