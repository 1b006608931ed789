/** What the first screen lists: incidents, then deletions that look deliberate and can be had all the same. Pure. */
import type { IncidentReport } from '../../index.ts'
import type { State } from '../state/state.ts'

type Incident = IncidentReport['incidents'][number]
type LeftOut = IncidentReport['leftOut'][number]

export interface IncidentEntry {
  readonly id: string
  readonly table: string
  readonly label: string
  readonly rows: number
  /** Null for a deletion that looks deliberate. */
  readonly incident: Incident | null
  readonly leftOut: LeftOut | null
}

/** The tables that were left aside, because they are very large. */
export const notLookedAt = ({ leftOut }: IncidentReport): readonly string[] =>
  leftOut.flatMap(({ kind, table }) => (kind === 'not looked at' ? [table] : []))

const matches = ({ label, table, incident }: IncidentEntry, filter: string): boolean =>
  [label, table, ...(incident?.tables.map((own) => own.table) ?? [])].some((text) =>
    text.toLowerCase().includes(filter.toLowerCase()),
  )

/** The entries that the filter lets through, largest first. */
export const incidentEntries = ({ incidents }: State, filter: string): readonly IncidentEntry[] => {
  const found = (incidents?.incidents ?? []).map((incident) => ({ ...incident, incident, leftOut: null }))
  const others = (incidents?.leftOut ?? []).flatMap((leftOut) =>
    leftOut.id === null
      ? []
      : [
          {
            id: leftOut.id,
            table: leftOut.table,
            label: leftOut.table,
            rows: leftOut.rows ?? 0,
            incident: null,
            leftOut,
          },
        ],
  )
  return [...found, ...others].filter((entry) => filter === '' || matches(entry, filter))
}
