/** Putting something over the screen, and taking it away. Pure. */

import type { Overlay, Prompt, Question } from '../state/overlay.ts'
import type { State } from '../state/state.ts'

export const withOverlay = (state: State, overlay: Overlay): State => ({ ...state, overlay })

export const withoutOverlay = (state: State): State => ({ ...state, overlay: null })

/** A text over the screen. */
export const showText = (state: State, title: string, lines: readonly string[]): State =>
  withOverlay(state, { kind: 'text', title, lines, cursor: 0 })

/** A prompt, with a text to begin with and the caret at its end. */
export const openPrompt = (state: State, prompt: Prompt, text = ''): State =>
  withOverlay(state, { kind: 'prompt', prompt, text, caret: [...text].length, error: null })

/** A question; its answers count once it has been painted. */
export const askQuestion = (state: State, question: Question): State =>
  withOverlay(state, { kind: 'question', question, isPainted: false })

/** Yes or no, and no is what Enter says. */
export const yesOrNo = (yes: string, no: string): Question['choices'] => [
  { key: 'y', does: yes },
  { key: 'N', does: no },
]
