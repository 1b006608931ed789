/** Commands that did not do what they were asked to: which of them nobody should meet. Pure. */
import type { Failure } from './driver.ts'
import { type Fault, nameless } from './faults.ts'
import type { Request } from './request.ts'

export const describeFailure = ({ exit, code, message, detail, hint }: Failure): string =>
  [`exit ${exit} ${code}: ${message}`, detail, hint].filter((line) => line !== null).join('\n')

interface Asked {
  readonly request: Request
  readonly during: string
  /** What triggers write may stop a run that no plan can foresee. */
  readonly hasTriggers: boolean
}

/** The fault that a failure is; null for a refusal that is an answer. */
export const faultOf = (failure: Failure, { request, during, hasTriggers }: Asked): Fault | null => {
  const { exit, code, message } = failure
  const isUnder = request.selecting.by === 'under' && code === 'bad-key' && /is another record in live$/.test(message)
  const isAnswer = (exit === 4 && code !== 'plan-stale') || isUnder
  const isByTrigger = hasTriggers && (code === 'verification-failed' || /^a trigger /.test(message))
  if (isAnswer || isByTrigger) return null
  return { kind: `${during}: exit ${exit} ${code}: ${nameless(message)}`, detail: describeFailure(failure) }
}
