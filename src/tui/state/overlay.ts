/** What can stand over a screen: help, a text, a prompt, a question. Plain data. */
import type { Answer } from '../../index.ts'

/** What stands over the screen and has the keys. */
export type Overlay =
  | { readonly kind: 'help'; readonly filter: string; readonly cursor: number }
  /** Commands by name; the one at `cursor` is done on Enter. */
  | { readonly kind: 'palette'; readonly filter: string; readonly cursor: number }
  | { readonly kind: 'text'; readonly title: string; readonly lines: readonly string[]; readonly cursor: number }
  | {
      readonly kind: 'prompt'
      readonly prompt: Prompt
      readonly text: string
      readonly caret: number
      readonly error: string | null
    }
  | { readonly kind: 'question'; readonly question: Question; readonly isPainted: boolean }

export interface Prompt {
  readonly for:
    | { readonly what: 'filter' }
    | { readonly what: 'table filter' }
    | { readonly what: 'address'; readonly side: 'live' | 'backup' }
    | { readonly what: 'save plan' | 'save script' }
    | { readonly what: 'statement' }
    | { readonly what: 'statement time'; readonly statement: string }
    | { readonly what: 'value'; readonly table: string; readonly column: string; readonly conflict: string }
    | { readonly what: 'name of live' }
    | { readonly what: 'password'; readonly side: 'live' | 'backup' }
  readonly title: string
  readonly hint: string
  readonly isMultiline?: boolean
  /** What is typed is not shown. */
  readonly isHidden?: boolean
}

export interface Question {
  readonly for:
    | { readonly what: 'leave' }
    | { readonly what: 'stop run' }
    | { readonly what: 'overwrite' }
    | { readonly what: 'undo' }
    | { readonly what: 'replace file'; readonly path: string; readonly file: 'plan' | 'script' }
    | { readonly what: 'how many'; readonly conflict: string; readonly answer: Answer }
  readonly lines: readonly string[]
  /** Keys that answer it, with what they do. */
  readonly choices: readonly { readonly key: string; readonly does: string }[]
}
