/**
 * A plan as people read it. The text depends on the plan's decisions alone: no times, ids of runs or hashes are in it, so that
 * two plans for the same thing read the same.
 *
 * In come a `Plan`, and what is part of one; out goes text of several lines, or rows of cells for one.
 */
import type { Plan } from '../../plan/plan.ts'
import type { Step } from '../../plan/step.ts'
import { formatColumns, indent, joinLines } from '../layout.ts'
import { joinCounts, plural } from '../quantities.ts'
import type { Setting } from '../style.ts'
import { formatConflicts, openOnes } from './conflicts.ts'
import { formatCoverage } from './coverage.ts'
import { formatEffects } from './effects.ts'
import { mergedSteps } from './merged-steps.ts'
import { formatRest, readBack, readStandIns } from './rest.ts'
import { formatStep } from './step.ts'

const sum = (steps: readonly Step[], matches: (step: Step) => boolean): number =>
  steps.filter(matches).reduce((rows, step) => rows + step.rows, 0)

/** `210 rows back, 14 re-linked`; for an undo what it takes away and puts back. Empty for an empty plan. */
export const summarisePlan = ({ steps }: Plan): string => {
  const isUndo = (step: Step): boolean => step.because === 'undo'
  const updates = ({ action, because }: Step): boolean =>
    action === 'update' && because !== 'survivor' && because !== 'undo'
  return joinCounts([
    [sum(steps, (step) => step.action === 'insert' && !isUndo(step)), 'back'],
    [sum(steps, ({ action, because }) => action === 'update' && because === 'survivor'), 're-linked'],
    [sum(steps, updates), 'updated'],
    [sum(steps, ({ action }) => action === 'delete'), 'deleted'],
    [sum(steps, (step) => step.action === 'update' && isUndo(step)), 'put back as before'],
    [sum(steps, (step) => step.action === 'insert' && isUndo(step)), 'inserted again'],
  ])
}

/** Why a plan has no steps. */
export const explainNothing = (plan: Plan): string => {
  const present = plan.unchanged.reduce((rows, table) => rows + table.rows, 0)
  if (openOnes(plan).length > 0) return 'Nothing can be written as it is.'
  const back = readBack(plan)
  if (back.length > 0 && back.every(({ isRenamed }) => isRenamed)) {
    return 'Nothing to restore: live has it under another key.'
  }
  if (back.length > 0) return 'Nothing to restore: it is back already.'
  if (readStandIns(plan).length > 0) return 'Nothing to restore: live rows stand in for all of it.'
  if (present > 0) return `Nothing to restore: live has ${present === 1 ? 'it' : 'them'} unchanged.`
  if (plan.alreadyLinked.length > 0) return 'Nothing to restore: it is linked already.'
  if (plan.leftOut.length > 0) return 'Nothing to restore: everything is left out.'
  if (plan.coverage.some(({ alreadyRight }) => alreadyRight > 0)) {
    return 'Nothing to restore: live holds it as the backup does.'
  }
  if (plan.notInBackup.length > 0) return 'Nothing to restore: the backup does not have it.'
  return 'Nothing to restore: nothing of this is missing.'
}

const headline = (plan: Plan): string => {
  if (plan.steps.length === 0) return explainNothing(plan)
  const open = openOnes(plan).length
  if (open > 0) {
    const once = `once ${plural(open, 'conflict')} ${open === 1 ? 'is' : 'are'} answered`
    return `${summarisePlan(plan)}, ${once}. Nothing has been written yet.`
  }
  return `${plan.undoes === null ? 'Plan' : 'Undo'}: ${summarisePlan(plan)}. Nothing has been written yet.`
}

/** The whole plan as text. What a run does beside the rows is said when it can be run. */
export const formatPlan = (plan: Plan, setting: Setting): string => {
  const { width, style } = setting
  const steps = mergedSteps(plan).map((step) => formatStep(plan, step))
  const effects = plan.steps.length === 0 || openOnes(plan).length > 0 ? [] : formatEffects(plan)
  return joinLines([
    ...indent(headline(plan), { width }).map(style.heading),
    '',
    ...formatCoverage(plan, width),
    '',
    ...formatColumns([...steps, ...formatRest(plan)], { width, right: [2] }),
    ...formatConflicts(plan, setting),
    '',
    ...effects.flatMap((line) => indent(line, { width, by: 2, hanging: 2 })),
  ])
}
