/** Rows that stay out of a plan, and why: what the selection knows, or an answer. Pure. */
import { RowgraftError } from '../errors.ts'
import type { LeftOut, LeftOutReason } from '../selection/left-out.ts'
import type { InTheWay } from './finding.ts'

/** A conflict was answered `skip`. */
export interface Skipped {
  readonly kind: 'skipped'
  readonly conflict: string
  /** Absent in plans of before. */
  readonly inTheWay?: InTheWay
  /** What was in the way, without the row: in plans of before. */
  readonly said?: string
}

/** Why a row of a plan stays out. */
export type StaysOutReason = LeftOutReason | Skipped

/** A row that stays out, as plans and reports tell it. */
export interface StaysOut extends Pick<LeftOut, 'table' | 'key'> {
  /** Absent in plans of before. */
  readonly reason?: StaysOutReason
  /** The sentence, in plans of before. */
  readonly why?: string
}

/** How many rows stay out; null where nobody can tell. */
export const countLeftOut = ({ key, reason }: StaysOut): number | null => {
  if (key !== '*') return 1
  return reason?.kind === 'cannot be compared' ? (reason.rows ?? null) : null
}

/** A row is asked for that stays out: why is its detail. */
export class LeftOutError extends RowgraftError {
  readonly leftOut: StaysOut

  constructor(message: string, { leftOut, hint }: { readonly leftOut: StaysOut; readonly hint: string }) {
    super('bad-key', message, { hint })
    this.leftOut = leftOut
  }
}
