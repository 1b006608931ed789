/** The plan before it is run: what is written, what stays out, what is asked, what else happens. Pure. */

import { openConflicts } from '../../data.ts'
import { explainNothing, summarisePlan } from '../../format/plan/plan.ts'
import { plural } from '../../format/quantities.ts'
import { whyNotRestore } from '../bindings/availability.ts'
import { describeJob, spinner } from '../lines/cells.ts'
import { blank, type Line, line, type Role, spread } from '../lines/line.ts'
import { body } from '../lines/review.ts'
import { jobOf, type ReviewScreen, type Size, type State } from '../state/state.ts'

/** What stands where the action will be: that `R` restores, or why it does not. */
export const restoreWords = (state: State): readonly [text: string, role: Role] => {
  const why = whyNotRestore(state)
  if (why === null) return state.planned?.undoes == null ? ['R  restores', 'strong'] : ['R  undoes', 'strong']
  const open = state.planned === null || state.isStale ? 0 : openConflicts(state.planned.plan).length
  if (open > 0 && why !== state.readOnly) return [`Answer ${plural(open, 'question')}, then  R  restores`, 'conflict']
  return [why, state.readOnly === why ? 'error' : 'dim']
}

export const drawReview = (state: State, screen: ReviewScreen, { columns, rows }: Size): readonly Line[] => {
  const job = jobOf(state, 'plan', 'undo')
  const plan = state.planned?.plan
  const working = job === undefined ? '' : `${spinner(state)} ${describeJob(state, job, plan === undefined ? 14 : 44)}`
  const name = screen.undoes === null ? 'Review' : `Undo of ${state.planned?.plan.undoes ?? screen.undoes}`
  if (plan === undefined)
    return [line(' ', [`${name}: ${working === '' ? 'there is no plan; ctrl-r makes it again' : working}`, 'strong'])]
  const title =
    plan.steps.length === 0
      ? explainNothing(plan)
      : screen.undoes === null
        ? 'nothing has been written yet'
        : 'nothing written yet'
  const all = body(state, columns)
  const height = Math.max(1, rows - 3)
  const top = Math.max(0, Math.min(screen.cursor, all.length - height))
  const more = all.length - top - height
  return [
    spread(
      [' ', [`${name}: ${title}`, 'strong']],
      [[working === '' ? summarisePlan(plan) : working, working === '' ? 'plain' : 'dim'], ' '],
      columns,
    ),
    blank,
    ...all.slice(top, top + height),
    ...(more > 0 ? [line('   ', [`↓ ${plural(more, 'more line')}`, 'dim'])] : []),
  ]
}
