/**
 * What can be said of data without a database: the pure part of the public API. It loads neither the driver nor the SQL builder, so
 * that a screen can be drawn before they are there.
 */

export { RefusedError } from './catalog/refusal/refusal.ts'
export { parseTableName, tableNamed } from './catalog/table-name.ts'
export { diffStates } from './diff/diff-states.ts'
export { type ErrorCode, isRowgraftError, RowgraftError } from './errors.ts'
export { displayKey } from './keys/key.ts'
export { type Filter, parseFilter } from './look/filter.ts'
export { type ChainLink, chainOf } from './plan/chain.ts'
export { ConflictError } from './plan/conflicts.ts'
export { answers } from './plan/finding.ts'
export { countLeftOut, LeftOutError } from './plan/left-out.ts'
export { defaultPlanOptions, type PlanOptions } from './plan/options.ts'
export { openConflicts, type Plan } from './plan/plan.ts'
export type { Step } from './plan/step.ts'
export { joinReports, UnknownIncidentError } from './selection/incidents/report.ts'
export {
  mergeSelectors,
  parseKey,
  parseKeyLines,
  parseSelect,
  parseUnder,
  type Selection,
  type Selector,
} from './selection/selection.ts'
