/** The public API. */

export { displayKey } from './catalog/row.ts'
export { parseTableName } from './catalog/table-name.ts'
export { type Config, defineConfig } from './config/config.ts'
export type { DiffState, TableDiff } from './diff/diff.ts'
export { type Filter, parseFilter } from './diff/filter.ts'
export type { ListColumn, RowList } from './diff/row-list.ts'
export type { RowView, ViewOptions } from './diff/row-view.ts'
export { type ErrorCode, isRowgraftError, RowgraftError } from './errors.ts'
export type { RelationCount, RowReport, TableOverview } from './inspect.ts'
export type { Call } from './open/calls.ts'
export { executeSql, type OpenOptions, type ProgressEvent } from './open/connect.ts'
export type { SideInfo } from './open/side.ts'
export { type ChainLink, chainOf } from './plan/chain.ts'
export type { Conflict } from './plan/conflicts.ts'
export { defaultPlanOptions, openConflicts, type Plan, type PlanOptions, type Step } from './plan/plan.ts'
export { parsePlan } from './plan/plan-file.ts'
export type { PlannedRow } from './planned-rows.ts'
export type { Answer } from './probe/finding.ts'
export type { RowReference } from './row-lists.ts'
export { open, Rowgraft } from './rowgraft.ts'
export type { RecoverReport, Report, RunOptions, RunOutcome, RunSummary, TableReport, VerifyReport } from './run/run.ts'
export { isScript } from './script/header.ts'
export type { ScriptSink } from './script/script.ts'
export type { Incident, IncidentReport } from './selection/incidents/incidents.ts'
export {
  mergeSelectors,
  parseKey,
  parseKeyLines,
  parseSelect,
  parseUnder,
  type Selection,
  type Selector,
} from './selection/selection.ts'
