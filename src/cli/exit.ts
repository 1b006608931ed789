/** Exit codes: the only place where they are given to errors and reports. */
import type { ErrorCode } from '../errors.ts'
import type { Report } from '../index.ts'

export const exitCodes = {
  done: 0,
  differences: 1,
  usage: 2,
  cannotConnect: 3,
  refused: 4,
  rolledBack: 5,
  unknown: 6,
  incomplete: 7,
  partial: 8,
  bug: 70,
  interrupted: 130,
  /** Interrupted by SIGTERM. */
  terminated: 143,
} as const

const byError: Readonly<Record<ErrorCode, number>> = {
  usage: exitCodes.usage,
  'bad-conninfo': exitCodes.usage,
  'bad-file': exitCodes.usage,
  'bad-key': exitCodes.usage,
  'bad-where': exitCodes.usage,
  'unknown-table': exitCodes.usage,
  'unknown-column': exitCodes.usage,
  'unknown-run': exitCodes.usage,
  'cannot-connect': exitCodes.cannotConnect,
  'authentication-failed': exitCodes.cannotConnect,
  busy: exitCodes.refused,
  'damaged-dump': exitCodes.refused,
  'damaged-journal': exitCodes.refused,
  'decision-needed': exitCodes.refused,
  'missing-privileges': exitCodes.refused,
  'not-restorable': exitCodes.refused,
  'not-writable': exitCodes.refused,
  'open-run': exitCodes.refused,
  'plan-edited': exitCodes.refused,
  'plan-stale': exitCodes.refused,
  protected: exitCodes.refused,
  'row-security': exitCodes.refused,
  'same-database': exitCodes.refused,
  'server-too-old': exitCodes.refused,
  'sides-swapped': exitCodes.refused,
  'undo-refused': exitCodes.refused,
  'unrelated-databases': exitCodes.refused,
  'wrong-database': exitCodes.refused,
  'connection-lost': exitCodes.rolledBack,
  'rolled-back': exitCodes.rolledBack,
  'server-error': exitCodes.rolledBack,
  'verification-failed': exitCodes.rolledBack,
  'outcome-unknown': exitCodes.unknown,
  interrupted: exitCodes.interrupted,
}

/** The exit code of an error that is an answer to the user. */
export const exitCodeOfError = (code: ErrorCode): number => byError[code]

/** Something asked for is not back, or a command failed; under `--strict` also anything that was left out. */
const isIncomplete = (report: Report, { strict }: { readonly strict: boolean }): boolean =>
  !report.complete ||
  report.hooks.some(({ failed }) => failed) ||
  report.notInBackup.length > 0 ||
  (strict && report.leftOut.length > 0)

/** The exit code of a report. A rehearsal has the one that the run would have. */
export const exitCodeOfReport = (report: Report, options: { readonly strict: boolean }): number => {
  switch (report.outcome) {
    case 'committed':
    case 'nothing':
    case 'rehearsed':
      return isIncomplete(report, options) ? exitCodes.incomplete : exitCodes.done
    case 'refused':
      return exitCodes.refused
    case 'rolled-back':
      return exitCodes.rolledBack
    case 'partial':
      return exitCodes.partial
    case 'unknown':
      return exitCodes.unknown
  }
}
