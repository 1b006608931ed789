/** The JSON documents of the command line: stable shapes, every one with `"v":1`. */
import type { TableDiff } from '../diff/diff.ts'
import type { DiffState } from '../diff/diff-states.ts'
import type { RowgraftError } from '../errors.ts'
import type { RowReport } from '../look/rows.ts'
import type { TableOverview } from '../look/tables.ts'
import type { Suggestion } from '../open/declared/suggested.ts'
import type { Report, RunSummary } from '../run/run.ts'
import type { IncidentReport } from '../selection/incidents/report.ts'
import { detailOf } from './error.ts'
import type { ShownRow } from './look/row.ts'
import { leftOutDocument } from './plan/plan-document.ts'
import { wordDrift } from './reasons/drift.ts'
import { whyNoIncident } from './reasons/no-incident.ts'
import { wordRefusal } from './reasons/refusal.ts'
import { wordRemaining } from './reasons/remaining.ts'
import { hidePasswords } from './sanitise.ts'

/** Counts of one table; `states` are those asked for. */
export const jsonTableDiff = (table: TableDiff, states: readonly DiffState[]): object => ({
  table: table.table,
  ...Object.fromEntries(states.map((state) => [state, table[state]])),
})

/** One row inside of its table. */
export const jsonRow = ({ state, key, backup, live, columns }: RowReport): object => ({
  state,
  key,
  backup,
  live,
  columns,
})

/** One row on a line of its own. `--keys-from` takes it. */
export const jsonRowLine = ({ table, ...row }: RowReport): object => {
  const { state, key, backup, live, columns } = row
  return { v: 1, table, state, key, backup, live, columns }
}

export const jsonShownRow = (row: ShownRow): object => ({ ...jsonRowLine(row), relations: row.relations })

/** A table without its size, which is another one at each look. */
export const jsonTable = ({ size: _, refusal, drift, restorable, ...table }: TableOverview): object => ({
  ...table,
  drift: drift.map(wordDrift),
  restorable,
  why: refusal === null ? null : wordRefusal(refusal),
  refusal,
})

export const jsonTables = (tables: readonly TableOverview[]): object => ({ v: 1, tables: tables.map(jsonTable) })

export const jsonSuggestions = (suggestions: readonly Suggestion[]): object => ({ v: 1, suggestions })
export const jsonIncidents = (report: IncidentReport): object => ({
  ...report,
  leftOut: report.leftOut.map((own) => {
    const { kind, id, table, rows, ...facts } = own
    return { kind, id, table, rows, why: whyNoIncident(own), ...facts }
  }),
})

export const jsonRuns = (runs: readonly RunSummary[]): object => ({ v: 1, runs })

const nameTriggers = (triggers: Report['replaced'][number]['by']): string =>
  triggers.map(({ table, trigger }) => `${table}.${trigger}`).join(', ')

/** A report; what the run changed first, what there is to know about it after that. `elapsed` is in milliseconds. */
export const jsonReport = (report: Report): object => ({
  v: 1,
  run: report.run,
  runs: report.runs,
  outcome: report.outcome,
  units: report.units,
  stopped: report.stopped,
  tables: report.tables.map(({ table, inserted, updated, linked, skipped, deleted }) => ({
    table,
    inserted,
    updated,
    linked,
    skipped,
    deleted,
  })),
  keys: report.keys,
  changedKeys: report.changedKeys,
  leftOut: report.leftOut.map(leftOutDocument),
  notInBackup: report.notInBackup,
  coverage: report.coverage,
  verified: report.verified,
  complete: report.complete,
  replaced: report.replaced.map(({ table, rows, by }) => ({ table, rows, triggers: nameTriggers(by), by })),
  setBack: report.setBack,
  rounded: report.rounded,
  kept: report.kept,
  triggerChanges: report.triggerChanges,
  stays: report.stays,
  generatedDifferences: report.generatedDifferences,
  hooks: report.hooks,
  left: report.left,
  notUndone: report.remains.map((remaining) => wordRemaining(remaining)),
  remains: report.remains,
  elapsed: Math.round(report.elapsed),
})

/** A failure. What does not apply is null. */
export const jsonError = (error: RowgraftError): object => {
  const { code, message, hint } = error
  const detail = detailOf(error)
  return {
    v: 1,
    error: {
      code,
      message: hidePasswords(message),
      detail: detail === undefined ? null : hidePasswords(detail),
      hint: hint === undefined ? null : hidePasswords(hint),
    },
  }
}

/** A bug: a stable code, and no stack on standard output. */
export const jsonBug = (message: string, hint: string): object => ({
  v: 1,
  error: { code: 'bug', message: hidePasswords(message), detail: null, hint },
})
