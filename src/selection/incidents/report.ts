/** Incidents as data: what the grouping of missing rows found. */
import { RowgraftError } from '../../errors.ts'
import type { LeftOutRows } from './no-incident.ts'
import type { SurvivorCount } from './survivors.ts'
import type { Tie } from './ties.ts'
import type { Unseen } from './unseen.ts'

/** Missing root rows of one table that one event explains, with everything that went with them; or rows of one table that one UPDATE overwrote. */
export interface Incident {
  readonly kind: 'missing' | 'overwritten'
  /** What `--incident` takes. The same for as long as the same rows are missing, or overwritten. */
  readonly id: string
  /** The table of its roots. */
  readonly table: string
  /** What a person would call it: `photographer "Ida Lind" (41)`, `310 rows of photo`. */
  readonly label: string
  /** By what its roots are marked as deleted; absent where live lacks them. */
  readonly mark?: IncidentMark
  /** Missing rows, roots included, and rows that are marked as deleted; or rows in which a column holds what the UPDATE put there. */
  readonly rows: number
  /** The same per table, most rows first. */
  readonly tables: readonly IncidentTable[]
  /** Live rows whose reference was emptied with it. */
  readonly survivors: readonly SurvivorCount[]
  /** What separates its roots from the rows that stayed, evaluated on the backup. */
  readonly condition: IncidentCondition | null
  /** When it happened, as live prints it; null where live keeps no commit times, or nothing survived to tell. */
  readonly when: string | null
  readonly roots: number
  /** Other incidents that it hangs together with: restored alone, it brings rows of theirs along, or leaves links out. */
  readonly ties: readonly Tie[]
  /** What was put into overwritten rows; absent for missing ones. */
  readonly overwrite?: Overwrite
}

/** The UPDATE that rows look like. */
export interface Overwrite {
  /** Each column with what it was set to, in SQL. */
  readonly sets: readonly { readonly column: string; readonly value: string }[]
  /** On the backup it hits the rows that the condition counts; null where none was found that hits no others. */
  readonly statement: string | null
  /** Columns that a trigger wrote into the same rows. They are left as they are. */
  readonly touched: readonly string[]
  /** Transactions that wrote the rows which speak for it; 0 where the server does not tell. */
  readonly transactions: number
  /** Rows that it hit, in which one of its columns holds neither the backup's value nor its own. */
  readonly editedSince: number
}

/** A soft-delete column. */
export interface IncidentMark {
  readonly column: string
  /** It is a boolean, and true in rows that are marked. */
  readonly isFlag: boolean
}

/** The rows of one table that belong to an incident. */
export interface IncidentTable {
  readonly table: string
  readonly rows: number
  readonly isLink: boolean
  /** Of these rows, those that live has, marked as deleted; absent where there are none. */
  readonly marked?: number
}

export interface IncidentCondition {
  readonly sql: string
  /** Rows of the backup for which it holds and that are missing, or marked, or hold in live what the UPDATE makes of them. */
  readonly hits: number
  /** Rows of the backup for which it holds; without those that were lost before, or otherwise (where a table has a soft-delete column, or of overwritten rows). */
  readonly of: number
  /** Of those that are not missing, such as live has as they were, made again since; absent where there are none. */
  readonly again?: number
  /** The same, such as live has with other values; absent where there are none. */
  readonly changed?: number
  /** All of them are missing, or marked, or there again; or none of them stayed as it was, though the UPDATE would have changed it. */
  readonly isExact: boolean
  /** Nothing else of the table is missing, or marked, or differs in these columns. */
  readonly isOnly: boolean
}

export interface IncidentReport {
  readonly v: 1
  /** Largest first. */
  readonly incidents: readonly Incident[]
  readonly leftOut: readonly LeftOutRows[]
  readonly unseen: readonly Unseen[]
  /** Rows that live has with other values and that no incident explains; absent where they were not looked for. */
  readonly changedSince?: OverwrittenReport['changedSince']
  /** Tables that are so large that nobody looked for such rows in them; absent where there are none. */
  readonly notCompared?: readonly string[]
}

/** An id means no incident: those that there are are its detail. */
export class UnknownIncidentError extends RowgraftError {
  readonly known: Pick<IncidentReport, 'incidents' | 'leftOut'>

  constructor(id: string, known: Pick<IncidentReport, 'incidents' | 'leftOut'>) {
    super('usage', `there is no incident "${id}"`, {
      hint: 'Run "rowgraft incidents" to see them. An incident that has been restored is none any more.',
    })
    this.known = known
  }
}

/** What was found among the rows that live has with other values. */
export interface OverwrittenReport {
  readonly incidents: readonly Incident[]
  readonly changedSince: readonly { readonly table: string; readonly rows: number }[]
  readonly notCompared: readonly string[]
}

/** Both reports as one. */
export const joinReports = (missing: IncidentReport, overwritten: OverwrittenReport): IncidentReport => ({
  ...missing,
  incidents: [...missing.incidents, ...overwritten.incidents].sort((a, b) => b.rows - a.rows),
  changedSince: overwritten.changedSince,
  ...(overwritten.notCompared.length === 0 ? {} : { notCompared: overwritten.notCompared }),
})
