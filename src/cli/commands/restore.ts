import { RowgraftError } from '../../errors.ts'
import type { Plan } from '../../index.ts'
import { withRowgraft } from '../connect.ts'
import { isPlanFile, noPlanFile, readPlanFile } from '../files/plan-file.ts'
import type { RunFlags } from '../flags/run-options.ts'
import { readSelection } from '../flags/selection.ts'
import type { Context } from '../output.ts'
import { runPlan } from '../run-plan.ts'
import { type PlanCommandFlags, planSelection } from './plan.ts'

export type RestoreFlags = PlanCommandFlags & RunFlags

/** Flags that only matter while a plan is made; in a plan file that is settled. */
const planning = [
  'where',
  'allMissing',
  'under',
  'incident',
  'keysFrom',
  'statement',
  'statementAt',
  'select',
  'columns',
  'parents',
  'children',
  'links',
  'relink',
  'without',
  'keys',
  'onConflict',
  'again',
  'acceptTrigger',
  'acceptRounding',
  'triggers',
  'bulk',
  'role',
  'setting',
] as const

const flagName = (name: string): string => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`

const checkPlanArguments = (args: readonly string[], flags: RestoreFlags): void => {
  const settled = planning.filter((name) => flags[name] !== undefined).map(flagName)
  if (args.length > 1 || settled.length > 0) {
    const what = settled.length > 0 ? settled.join(', ') : 'more arguments'
    throw new RowgraftError('usage', `a plan file says everything by itself: ${what} cannot be added`, {
      hint: 'Make another plan with "rowgraft plan", or edit the answers in the file.',
    })
  }
}

const checkHash = (plan: Plan, expected: string | undefined, path: string): void => {
  if (expected === undefined || plan.hash === expected) return
  throw new RowgraftError('plan-edited', `the plan file "${path}" is not the one expected; live is unchanged`, {
    detail: `expected ${expected}\nfound    ${plan.hash}`,
    hint: 'Review the plan again with "rowgraft show", and give --expect its hash.',
  })
}

const restoreFile = async (context: Context, path: string, flags: RestoreFlags): Promise<number> => {
  const plan = await readPlanFile(path)
  checkHash(plan, flags.expect, path)
  const needs = plan.backup === null ? 'live' : 'both'
  return withRowgraft(context, { flags, needs, acting: plan.options }, (rowgraft) =>
    runPlan(context, { rowgraft, plan }, flags),
  )
}

/** `rowgraft restore`: a plan file as it is, or a selection, planned and run at once. */
export const restore = async (context: Context, args: readonly string[], flags: RestoreFlags): Promise<number> => {
  const [first] = args
  if (first !== undefined && (await isPlanFile(first))) {
    checkPlanArguments(args, flags)
    return restoreFile(context, first, flags)
  }
  const isBare = args.length === 1 && flags.where === undefined && flags.allMissing === undefined
  if (isBare && first?.endsWith('.json')) throw noPlanFile(first)
  if (flags.expect !== undefined) {
    throw new RowgraftError('usage', '--expect needs a plan file', {
      hint: 'Save the plan with "rowgraft plan ... --out plan.json", then run "rowgraft restore plan.json --expect <sha256>".',
    })
  }
  const typed = await readSelection(args, flags, context.io)
  return withRowgraft(context, { flags, needs: 'both' }, async (rowgraft) =>
    runPlan(context, { rowgraft, plan: await planSelection(rowgraft, typed, flags) }, flags),
  )
}
