/** What stands over the screen and has the keys: help, texts, prompts, questions. Pure. */

import { paletteEntries } from '../bindings/palette.ts'
import type { Transition } from '../state/actions.ts'
import type { KeyName } from '../state/keys.ts'
import type { Overlay, Question } from '../state/overlay.ts'
import { countPicks, noPicks } from '../state/picks.ts'
import type { State } from '../state/state.ts'
import { askQuestion, withOverlay, withoutOverlay, yesOrNo } from './opening.ts'
import { promptKey, submitPath } from './prompts.ts'
import { answerMany, runReviewed } from './reviewing.ts'

export const help = (state: State): State => withOverlay(state, { kind: 'help', filter: '', cursor: 0 })

export const palette = (state: State): State => withOverlay(state, { kind: 'palette', filter: '', cursor: 0 })

export const askLeave = (state: State): State => {
  const count = countPicks(state.picks)
  return askQuestion(state, {
    for: { what: 'leave' },
    lines: [`${count} ${count === 1 ? 'pick' : 'picks'} would be lost. Leave all the same?`],
    choices: yesOrNo('leave', 'stay'),
  })
}

export const askStop = (state: State): State =>
  askQuestion(state, {
    for: { what: 'stop run' },
    lines: ['Stop the run, and roll back all of it? Live stays as it is.', 'Ctrl-C once more stops it at once.'],
    choices: yesOrNo('stop and roll back', 'let it go on'),
  })

const answered = (state: State, { for: wanted }: Question, key: KeyName): Transition => {
  const isYes = key === 'y'
  switch (wanted.what) {
    case 'leave':
      return isYes
        ? [{ ...withoutOverlay(state), picks: noPicks, isLeaving: true }, { do: 'leave' }]
        : [withoutOverlay(state)]
    case 'stop run': {
      const job = state.jobs.find(({ kind }) => kind === 'run')
      return isYes && job !== undefined
        ? [withoutOverlay(state), { do: 'cancel', ticket: job.ticket }]
        : [withoutOverlay(state)]
    }
    case 'overwrite':
    case 'undo':
      return isYes ? runReviewed(withoutOverlay(state), null) : [withoutOverlay(state)]
    case 'replace file':
      return isYes
        ? submitPath(state, { file: wanted.file, path: wanted.path, replace: true })
        : [withoutOverlay(state)]
    case 'how many':
      return answerMany(withoutOverlay(state), wanted, key === '2' ? 'all' : 'one')
  }
}

/** Keys that were pressed before the question was on screen are dropped; what is no answer is none. */
const questionKey = (
  state: State,
  { question, isPainted }: Extract<Overlay, { kind: 'question' }>,
  key: KeyName,
): Transition => {
  if (key === 'ctrl-c' && question.for.what === 'stop run') return answered(state, question, 'y')
  if (key === 'esc' || key === 'ctrl-c') return [withoutOverlay(state)]
  if (!isPainted) return [state]
  const isNumbered = question.choices.some((choice) => choice.key === '1')
  if (isNumbered)
    return question.choices.some((choice) => choice.key === key) ? answered(state, question, key) : [state]
  if (key === 'y') return answered(state, question, 'y')
  return key === 'N' || key === 'n' || key === 'enter' ? answered(state, question, 'N') : [state]
}

const scrollKeys: Readonly<Record<KeyName, number>> = {
  down: 1,
  j: 1,
  up: -1,
  k: -1,
  pagedown: 15,
  pageup: -15,
  'ctrl-d': 8,
  'ctrl-u': -8,
  space: 15,
}

const textKey = (state: State, overlay: Extract<Overlay, { kind: 'text' }>, key: KeyName): Transition => {
  if (key === 'esc' || key === 'q' || key === 'enter' || key === 'ctrl-c' || key === 'backspace')
    return [withoutOverlay(state)]
  const last = Math.max(0, overlay.lines.length - 1)
  const to =
    key === 'g' || key === 'home' ? 0 : key === 'G' || key === 'end' ? last : overlay.cursor + (scrollKeys[key] ?? 0)
  return [withOverlay(state, { ...overlay, cursor: Math.max(0, Math.min(last, to)) })]
}

/** What is searched for once a key is typed. */
const typedFilter = (filter: string, key: KeyName): string => {
  if (key === 'backspace') return filter.slice(0, -1)
  if (key === 'space') return `${filter} `
  return [...key].length === 1 ? filter + key : filter
}

const isVertical = (key: KeyName): boolean => key === 'up' || key === 'down' || key === 'pageup' || key === 'pagedown'

const helpKey = (state: State, overlay: Extract<Overlay, { kind: 'help' }>, key: KeyName): Transition => {
  if (key === 'esc' || key === 'ctrl-c' || key === 'enter' || (key === '?' && overlay.filter === ''))
    return [withoutOverlay(state)]
  if (isVertical(key))
    return [withOverlay(state, { ...overlay, cursor: Math.max(0, overlay.cursor + (scrollKeys[key] ?? 0)) })]
  return [withOverlay(state, { ...overlay, filter: typedFilter(overlay.filter, key), cursor: 0 })]
}

/** Enter is not heard here: it does what the cursor is on. */
const paletteKey = (state: State, overlay: Extract<Overlay, { kind: 'palette' }>, key: KeyName): Transition => {
  if (key === 'esc' || key === 'ctrl-c') return [withoutOverlay(state)]
  if (isVertical(key)) {
    const last = Math.max(0, paletteEntries(state, overlay).length - 1)
    const to = Math.max(0, Math.min(last, overlay.cursor + (scrollKeys[key] ?? 0)))
    return [withOverlay(state, { ...overlay, cursor: to })]
  }
  return [withOverlay(state, { ...overlay, filter: typedFilter(overlay.filter, key), cursor: 0 })]
}

/** A key while something stands over the screen. */
export const overlayKey = (state: State, overlay: Overlay, key: KeyName): Transition => {
  switch (overlay.kind) {
    case 'prompt':
      return promptKey(state, overlay, key)
    case 'question':
      return questionKey(state, overlay, key)
    case 'text':
      return textKey(state, overlay, key)
    case 'help':
      return helpKey(state, overlay, key)
    case 'palette':
      return paletteKey(state, overlay, key)
  }
}
