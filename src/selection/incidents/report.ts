/** Incidents as data: what the grouping of missing rows found. */
import { RowgraftError } from '../../errors.ts'
import type { LeftOutRows } from './no-incident.ts'
import type { SurvivorCount } from './survivors.ts'
import type { Tie } from './ties.ts'
import type { Unseen } from './unseen.ts'

/** Missing root rows of one table that one event explains, with everything that went with them. */
export interface Incident {
  /** What `--incident` takes. The same for as long as the same rows are missing. */
  readonly id: string
  /** The table of its roots. */
  readonly table: string
  /** What a person would call it: `photographer "Ida Lind" (41)`, `310 rows of photo`. */
  readonly label: string
  /** By what its roots are marked as deleted; absent where live lacks them. */
  readonly mark?: IncidentMark
  /** Missing rows, roots included, and rows that are marked as deleted. */
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
  /** Rows of the backup for which it holds and that are missing; of an incident with a mark, that are marked. */
  readonly hits: number
  /** Rows of the backup for which it holds; where a table has a soft-delete column, without those that were lost before, or otherwise. */
  readonly of: number
  /** All of them are missing, or marked. */
  readonly isExact: boolean
  /** Nothing else of the table is missing, or marked. */
  readonly isOnly: boolean
}

export interface IncidentReport {
  readonly v: 1
  /** Largest first. */
  readonly incidents: readonly Incident[]
  readonly leftOut: readonly LeftOutRows[]
  readonly unseen: readonly Unseen[]
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
