/** The review: conflicts gone through, answers given, the run begun. */
import { openConflicts } from '../../data.ts'
import { summarisePlan } from '../../format/plan/plan.ts'
import type { Answer, Conflict, Plan } from '../../index.ts'
import { alike, askedConflict, type Choice, choicesOf, overwrites } from '../models/conflict-choices.ts'
import type { Transition } from '../state/actions.ts'
import { beginWork } from '../state/jobs.ts'
import type { Overlay, Prompt, Question } from '../state/overlay.ts'
import { type Chosen, type ReviewScreen, type State, screenOf } from '../state/state.ts'
import { goRuns, goUndo, needPlan, push } from './going.ts'
import { withScreen } from './moving.ts'
import { askQuestion, openPrompt, yesOrNo } from './opening.ts'

/** What a frame of the review shows: keys typed before it was painted are dropped. */
export const reviewMark = ({ planned, isStale, jobs, readOnly }: State): string | null =>
  planned === null || isStale || jobs.some(({ kind }) => kind === 'plan' || kind === 'undo')
    ? null
    : JSON.stringify([planned.plan.hash, planned.plan.answers, readOnly])

const isPainted = (state: State): boolean => {
  const screen = screenOf(state)
  return screen.at === 'review' && screen.painted !== null && screen.painted === reviewMark(state)
}

export const nextConflict = (state: State, by: 1 | -1): Transition => {
  const screen = screenOf(state)
  if (screen.at !== 'review' || state.planned === null) return [state]
  const count = openConflicts(state.planned.plan).length
  if (count === 0) return [{ ...state, message: { kind: 'note', text: 'no question is open' } }]
  const conflict = (Math.min(screen.conflict, count - 1) + by + count) % count
  return [withScreen(state, { ...screen, conflict, cursor: 0 })]
}

export const withAnswers = (state: State, ids: readonly string[], answer: Answer): Transition =>
  needPlan({
    ...state,
    answers: { ...state.answers, ...Object.fromEntries(ids.map((id) => [id, answer])) },
    isStale: true,
  })

const withOption = (state: State, chosen: Partial<Chosen>): Transition =>
  needPlan({ ...state, chosen: { ...state.chosen, ...chosen }, isStale: true })

const askHowMany = (
  state: State,
  { conflict, answer }: { readonly conflict: Conflict; readonly answer: Answer },
  count: number,
): State =>
  askQuestion(state, {
    for: { what: 'how many', conflict: conflict.id, answer },
    lines: [`${count} open questions are like this one. Shall the answer hold for all of them?`],
    choices: [
      { key: '1', does: 'for this one alone' },
      { key: '2', does: `for all ${count}` },
    ],
  })

const take = (
  state: State,
  { plan, conflict }: { readonly plan: Plan; readonly conflict: Conflict },
  { take: by }: Choice,
): Transition => {
  switch (by.by) {
    case 'answer': {
      const others = alike(plan, conflict, by.answer)
      return others.length > 1
        ? [askHowMany(state, { conflict, answer: by.answer }, others.length)]
        : withAnswers(state, [conflict.id], by.answer)
    }
    case 'triggers':
      return withOption(state, { triggers: by.value })
    case 'parents':
      return withOption(state, { parents: by.value })
    case 'value': {
      const prompt: Prompt = {
        for: { what: 'value', table: by.table, column: by.column, conflict: conflict.id },
        title: `another ${by.column} for ${conflict.table} ${conflict.key}`,
        hint: 'enter takes it, esc leaves the question open',
      }
      return [openPrompt(state, prompt, conflict.values[0] ?? '')]
    }
  }
}

/** 1 to 4. */
export const answer = (state: State, key: string): Transition => {
  const conflict = askedConflict(state)
  const plan = state.planned?.plan
  if (conflict === undefined || plan === undefined)
    return [{ ...state, message: { kind: 'note', text: 'no question is open' } }]
  if (!isPainted(state)) return [state]
  const choice = choicesOf(plan, conflict)[Number(key) - 1]
  if (choice === undefined) return [{ ...state, message: { kind: 'note', text: `there is no answer ${key} here` } }]
  return take(state, { plan, conflict }, choice)
}

const startRun = (
  state: State,
  plan: Plan,
  { rehearse, confirm }: { readonly rehearse: boolean; readonly confirm: string | null },
): Transition => {
  const next = push(state, { at: 'run', isRehearsal: rehearse, isUndo: plan.undoes !== null, phases: [] })
  return beginWork(next, { kind: 'run', plan, rehearse, confirm })
}

/** Goes on with the plan that is reviewed, once all that stands before it has been answered. */
export const runReviewed = (state: State, confirm: string | null): Transition =>
  state.planned === null ? [state] : startRun(state, state.planned.plan, { rehearse: false, confirm })

const askName = (state: State): State =>
  openPrompt(state, {
    for: { what: 'name of live' },
    title: 'live is protected: type the name of its database',
    hint: 'enter restores, esc goes back to the review',
  })

/** R. What is only inserted and re-linked goes on at once; the more can be lost, the more is asked. */
export const restoreReviewed = (state: State): Transition => {
  if (!isPainted(state) || state.planned === null) return [state]
  const { plan } = state.planned
  if (state.protection === true) return [askName(state)]
  const isUndo = plan.undoes !== null
  if (!isUndo && !overwrites(plan)) return runReviewed(state, null)
  const question: Question = isUndo
    ? {
        for: { what: 'undo' },
        lines: [`Take the run back: ${summarisePlan(plan)}?`],
        choices: yesOrNo('undo', 'back to the review'),
      }
    : {
        for: { what: 'overwrite' },
        lines: ['Values of rows that live has are overwritten: later edits of them are lost. Go ahead?'],
        choices: yesOrNo('overwrite', 'back to the review'),
      }
  return [askQuestion(state, question)]
}

export const rehearse = (state: State): Transition =>
  state.planned === null || !isPainted(state)
    ? [state]
    : startRun(state, state.planned.plan, { rehearse: true, confirm: null })

export const askPath = (state: State, file: 'plan' | 'script'): Transition => {
  const isPlan = file === 'plan'
  const prompt: Prompt = {
    for: { what: isPlan ? 'save plan' : 'save script' },
    title: isPlan ? 'save the plan as' : 'write the SQL script as',
    hint: 'enter writes it, esc does not',
  }
  return [openPrompt(state, prompt, isPlan ? 'plan.json' : 'restore.sql')]
}

/** u: of a report the run it tells of, or all runs where it took several; of the runs the one under the cursor; elsewhere the runs. */
export const undoShown = (state: State): Transition => {
  const screen = screenOf(state)
  if (screen.at === 'report' && screen.report.runs.length === 1) return goUndo(state, screen.report.run)
  if (screen.at === 'report') {
    const text = 'each part is undone by itself, the newest first; rowgraft undo takes all of them back'
    return goRuns({ ...state, message: { kind: 'note', text } })
  }
  if (screen.at !== 'runs') return goRuns(state)
  const run = state.runs?.[screen.cursor]
  if (run === undefined) return [state]
  if (run.state !== 'committed')
    return [{ ...state, message: { kind: 'note', text: `run ${run.run} is ${run.state}: there is nothing to undo` } }]
  return goUndo(state, run.run)
}

/** A frame has been painted: what it showed may be answered. */
export const painted = (state: State, shown: State): State => {
  if (shown.isBlank) return { ...state, isBlank: false }
  const overlay: Overlay | null =
    state.overlay?.kind === 'question' && !state.overlay.isPainted && shown.overlay === state.overlay
      ? { ...state.overlay, isPainted: true }
      : state.overlay
  const screen = screenOf(state)
  const mark = reviewMark(shown)
  const isReview =
    screen.at === 'review' && screenOf(shown).at === 'review' && mark !== null && mark === reviewMark(state)
  const next = overlay === state.overlay ? state : { ...state, overlay }
  if (!isReview || (screen as ReviewScreen).painted === mark) return next
  return withScreen(next, { ...(screen as ReviewScreen), painted: mark })
}

/** Asks how many a given answer holds for, answered. */
export const answerMany = (
  state: State,
  { conflict: id, answer: given }: { readonly conflict: string; readonly answer: Answer },
  which: 'one' | 'all',
): Transition => {
  const plan = state.planned?.plan
  const conflict = plan?.conflicts.find((known) => known.id === id)
  if (plan === undefined || conflict === undefined) return [state]
  const ids = which === 'all' ? alike(plan, conflict, given).map((own) => own.id) : [id]
  return withAnswers(state, ids, given)
}
