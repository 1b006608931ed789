/** Runs, what verifying one found, and what recovering found, as people read it. */
import type { RecoverReport, RunSummary, VerifyReport } from '../../run/run.ts'
import { formatColumns, joinLines } from '../layout.ts'
import { formatKey, formatTable } from '../names.ts'
import { formatCount, plural } from '../quantities.ts'
import { sanitise } from '../sanitise.ts'
import type { Setting } from '../style.ts'

/** Mismatches are listed up to this many. */
const most = 20

/** Every run on this live. */
export const formatRuns = (runs: readonly RunSummary[], { width, style }: Setting): string => {
  if (runs.length === 0) return 'No runs on this live.\n'
  const header = ['run', 'state', 'started', 'inserted', 'updated', 'deleted', 'database']
  const rows = runs.map(({ run, state, started, database, undoes, inserted, updated, deleted }) => [
    sanitise(run),
    state,
    sanitise(started),
    formatCount(inserted),
    formatCount(updated),
    formatCount(deleted),
    sanitise(database) + (undoes === null ? '' : `   undoes ${sanitise(undoes)}`),
  ])
  const [head = '', ...lines] = formatColumns([header, ...rows], { width: Math.max(width, 120), right: [3, 4, 5] })
  return joinLines([style.heading(head), ...lines])
}

/** Whether live still holds what a run wrote. */
export const formatVerify = (report: VerifyReport, { width, style }: Setting): string => {
  const [rows, wrong] = [plural(report.rows, 'row'), report.mismatches.length]
  const verdict = report.verified ? 'live holds what the run wrote' : `${formatCount(wrong)} not as the run wrote them`
  const rest = wrong - most
  return joinLines([
    style.heading(`Run ${sanitise(report.run)}: ${rows} compared, ${verdict}.`),
    '',
    ...formatColumns(
      report.mismatches
        .slice(0, most)
        .map(({ table, key, why }) => [why, formatTable(table), formatKey(Object.values(key))]),
      { width },
    ),
    ...(rest > 0 ? [`  and ${formatCount(rest)} more; --json lists all`] : []),
  ])
}

/** What became of runs that were open. */
export const formatRecover = (report: RecoverReport, { width, style }: Setting): string => {
  if (report.runs.length === 0) return 'No run is open: there is nothing to recover.\n'
  return joinLines([
    style.heading(`${plural(report.runs.length, 'open run')}`),
    '',
    ...formatColumns(
      report.runs.map(({ run, outcome, evidence }) => [sanitise(run), outcome, sanitise(evidence)]),
      { width },
    ),
  ])
}
