/**
 * The one error class, and the closed list of what can go wrong.
 *
 * A RowgraftError is an answer to the user: what happened, to which object, what to do next. Anything else that is thrown is a
 * bug in rowgraft. Exit codes are derived from the code in `cli/exit.ts`, and nowhere else.
 */

/** What went wrong, for programs. Grouped by the exit code the command line gives it. */
export type ErrorCode =
  // 2: wrong usage
  | 'usage'
  | 'bad-conninfo'
  | 'bad-file'
  | 'bad-key'
  | 'bad-where'
  | 'unknown-table'
  | 'unknown-column'
  | 'unknown-run'
  // 3: cannot connect or authenticate
  | 'cannot-connect'
  | 'authentication-failed'
  // 4: refused, live unchanged
  | 'busy'
  | 'damaged-dump'
  | 'damaged-journal'
  | 'decision-needed'
  | 'missing-privileges'
  | 'not-restorable'
  | 'not-writable'
  | 'open-run'
  | 'plan-edited'
  | 'plan-stale'
  | 'protected'
  | 'row-security'
  | 'same-database'
  | 'server-too-old'
  | 'sides-swapped'
  | 'undo-refused'
  | 'unrelated-databases'
  | 'wrong-database'
  // 5: failed and rolled back, live unchanged
  | 'connection-lost'
  | 'rolled-back'
  | 'server-error'
  | 'verification-failed'
  // 6: outcome unknown
  | 'outcome-unknown'
  // 130, or 143 by SIGTERM: interrupted, live unchanged
  | 'interrupted'

export interface ErrorFields {
  /** More facts: the rows, the server's own words. Several lines are allowed. */
  readonly detail?: string | undefined
  /** A full sentence with the exact flag or command that helps. */
  readonly hint?: string | undefined
  /** Instead of a hint, where live is unchanged and the hint says so first: the rest of it. */
  readonly advice?: string | undefined
  readonly cause?: unknown
  /** The server's SQLSTATE, where a server said it. */
  readonly sqlstate?: string | undefined
  /** What the user may say to settle it, where a screen can ask. */
  readonly asksFor?: 'statement time' | 'password' | undefined
  /** The constraint that the server names with it. */
  readonly constraint?: string | undefined
  /** The table that the server names with it, by id. */
  readonly table?: string | undefined
  /** The server's CONTEXT: the functions it was in, one a line. */
  readonly context?: string | undefined
  /** The function of the server's own that said it: the same in all languages. */
  readonly routine?: string | undefined
}

/** A hint; where it is an advice, it says first what became of live. */
export const hintOf = (
  { hint, advice }: Pick<ErrorFields, 'hint' | 'advice'>,
  fate = 'Live is unchanged.',
): string | undefined => (advice === undefined ? hint : `${fate} ${advice}`.trimEnd())

/** An error the user can act on. `message` is one factual line that names the object. */
export class RowgraftError extends Error {
  override readonly name = 'RowgraftError'
  readonly code: ErrorCode
  readonly detail: string | undefined
  readonly hint: string | undefined
  readonly advice: string | undefined
  readonly sqlstate: string | undefined
  readonly asksFor: 'statement time' | 'password' | undefined
  readonly constraint: string | undefined
  readonly table: string | undefined
  readonly context: string | undefined
  readonly routine: string | undefined

  constructor(code: ErrorCode, message: string, fields: ErrorFields = {}) {
    super(message, fields.cause === undefined ? undefined : { cause: fields.cause })
    this.code = code
    this.detail = fields.detail
    this.advice = fields.advice
    this.hint = hintOf(fields)
    this.sqlstate = fields.sqlstate
    this.asksFor = fields.asksFor
    this.constraint = fields.constraint
    this.table = fields.table
    this.context = fields.context
    this.routine = fields.routine
  }
}

/** True for an error that is an answer to the user, false for a bug. */
export const isRowgraftError = (error: unknown): error is RowgraftError => error instanceof RowgraftError

/** Thrown where an abort signal is seen: the same error wherever the work was interrupted. */
export const interrupted = (): RowgraftError => new RowgraftError('interrupted', 'interrupted; live is unchanged')
