/** The public API. */
export type { TableDiff, DiffState } from './diff/diff.ts'
export { type ErrorCode, isRowgraftError, RowgraftError } from './errors.ts'
export { type OpenOptions, type ProgressEvent, executeSql } from './connect.ts'
export type { RelationCount, RowReport, TableOverview } from './inspect.ts'
export { type Conflict } from './plan/conflicts.ts'
export { defaultPlanOptions, openConflicts, type Plan, type PlanOptions, type Step } from './plan/plan.ts'
export { parsePlan } from './plan/plan-file.ts'
export type { Answer } from './probe/finding.ts'
export { open, Rowgraft, type SideInfo } from './rowgraft.ts'
export type { RecoverReport, Report, RunOptions, RunOutcome, RunSummary, TableReport, VerifyReport } from './run/run.ts'
export {
  mergeSelectors,
  parseKey,
  parseKeyLines,
  parseSelect,
  parseTableName,
  parseUnder,
  type Selection,
  type Selector,
} from './selection/selection.ts'
