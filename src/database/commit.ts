/**
 * COMMIT, and what comes of it. One answer says it by itself: the tag COMMIT. Any other is somebody's word: an error may be that of a
 * pooler whose own link broke, at whatever severity; the tag ROLLBACK may be made of what another one answered; a connection may be lost, or
 * say nothing. What became of the transaction is then asked of live on another connection, and told only where live says it.
 *
 * It is sent in `ending.ts`.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { RowgraftError } from '../errors.ts'
import type { CommitAnswer } from './ending.ts'
import type { Session } from './session/session.ts'

/** What live says of a transaction. */
export interface Verdict {
  readonly outcome: 'committed' | 'rolled-back' | 'unknown'
  /** One sentence. */
  readonly evidence: string
  /** A backend is committing it, and may take its time. */
  readonly isAtWork?: boolean
}

export interface CommitOptions {
  /** Milliseconds until a COMMIT that nobody answers is asked for. */
  readonly patience: number
  /** Asks live, without the session that sent COMMIT. Never rejects. */
  readonly judge: () => Promise<Verdict>
}

/** The answer, or silence once nobody has answered for so long. */
const within = async (answered: Promise<CommitAnswer>, patience: number): Promise<CommitAnswer> => {
  const waiting = new AbortController()
  const silence = sleep<CommitAnswer>(patience, { kind: 'silence' }, { signal: waiting.signal })
  try {
    return await Promise.race([answered, silence])
  } finally {
    waiting.abort()
    silence.catch(() => undefined)
  }
}

const isCommitted = (answer: CommitAnswer): boolean => answer.kind === 'tag' && answer.tag === 'COMMIT'

const committed: Verdict = { outcome: 'committed', evidence: 'it was answered with the tag COMMIT' }

/** What became of it once something was heard, or nothing for too long. */
const settle = async (
  session: Session,
  answered: Promise<CommitAnswer>,
  { patience, judge }: CommitOptions,
): Promise<{ readonly verdict: Verdict; readonly answer: CommitAnswer }> => {
  let answer = await within(answered, patience)
  while (answer.kind === 'silence') {
    const verdict = await judge()
    if (verdict.outcome !== 'unknown') {
      session.destroy()
      return { verdict, answer }
    }
    if (verdict.isAtWork !== true) break
    answer = await within(answered, patience)
  }
  if (isCommitted(answer)) return { verdict: committed, answer }
  // A transaction that COMMIT never reached ends with its connection.
  session.destroy()
  return { verdict: await judge(), answer }
}

const said = (answer: CommitAnswer): string => {
  if (answer.kind === 'silence') return 'Nobody answered COMMIT.'
  if (answer.kind === 'tag') return `COMMIT was answered with the tag ${answer.tag}.`
  const { error } = answer
  if (!(error instanceof RowgraftError)) return `COMMIT was answered with: ${String(error)}`
  const state = error.sqlstate === undefined ? '' : ` (SQLSTATE ${error.sqlstate})`
  return error.code === 'connection-lost'
    ? `COMMIT was not answered: ${error.message}: ${error.detail}${state}`
    : `COMMIT was answered with the error: ${error.message}${state}`
}

const rolledBack = (answer: CommitAnswer, { evidence }: Verdict): RowgraftError => {
  const error = answer.kind === 'error' ? answer.error : undefined
  // The server's own reason, with what helps against it.
  if (error instanceof RowgraftError && error.code === 'server-error') return error
  return new RowgraftError('rolled-back', 'live rolled the transaction back instead of committing it', {
    detail: `${said(answer)}\nAsked again: ${evidence}.`,
    advice: 'Run the same command again.',
    cause: error,
  })
}

const unknown = (answer: CommitAnswer, { evidence }: Verdict): RowgraftError =>
  new RowgraftError('outcome-unknown', 'whether live holds the run is not known: COMMIT was sent, and not confirmed', {
    detail: `${said(answer)}\nAsked again: ${evidence}.\nNothing more will be written.`,
    hint: 'Run "rowgraft recover": it asks live and says which.',
    cause: answer.kind === 'error' ? answer.error : undefined,
  })

/**
 * Commits. Returns where the transaction is committed: by the tag, or by live's word, and then without a connection. Throws `server-error`
 * or `rolled-back` where live says that it was rolled back, `outcome-unknown` where live cannot be asked or does not know.
 */
export const commit = async (session: Session, options: CommitOptions): Promise<void> => {
  try {
    const { verdict, answer } = await settle(session, session.commit(), options)
    if (verdict.outcome === 'rolled-back') throw rolledBack(answer, verdict)
    if (verdict.outcome === 'unknown') throw unknown(answer, verdict)
  } finally {
    session.unshield()
  }
}
