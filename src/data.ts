/**
 * What can be said of data without a database: the pure part of the public API. It loads neither the driver nor the SQL builder, so
 * that a screen can be drawn before they are there.
 */
export { displayKey } from './catalog/key.ts'
export { parseTableName } from './catalog/table-name.ts'
export { type Filter, parseFilter } from './diff/filter.ts'
export { type ErrorCode, isRowgraftError, RowgraftError } from './errors.ts'
export { type ChainLink, chainOf } from './plan/chain.ts'
export { defaultPlanOptions, openConflicts, type Plan, type PlanOptions, type Step } from './plan/plan.ts'
export {
  mergeSelectors,
  parseKey,
  parseKeyLines,
  parseSelect,
  parseUnder,
  type Selection,
  type Selector,
} from './selection/selection.ts'
