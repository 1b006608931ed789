/** What was overwritten, as events: the UPDATE that rows look like, and how well it explains them. */
import type { Incident, IncidentReport } from '../../selection/incidents/report.ts'
import { formatColumns, indent } from '../layout.ts'
import { formatColumn, formatTable } from '../names.ts'
import { formatCount, plural } from '../quantities.ts'
import { sanitise } from '../sanitise.ts'
import type { Setting } from '../style.ts'

type Overwrite = NonNullable<Incident['overwrite']>

/** `, by one transaction at 14:59:58` */
const formatWriters = ({ transactions }: Overwrite, when: string | null): string => {
  if (transactions === 0) return ''
  const at = when === null ? '' : ` at ${sanitise(when)}`
  return `, by ${transactions === 1 ? 'one transaction' : plural(transactions, 'transaction')}${at}`
}

const formatSets = ({ sets }: Overwrite): string =>
  sets.map(({ column, value }) => `${formatColumn(column)} = ${sanitise(value)}`).join(', ')

/** `looks like  UPDATE customer SET active = 0`, and how many of the rows that it hits hold what it puts there. */
const formatUpdate = ({ rows, condition, overwrite, when }: Incident): readonly string[] => {
  if (overwrite === undefined) return []
  const writers = formatWriters(overwrite, when)
  const edited = overwrite.editedSince === 0 ? '' : `, ${formatCount(overwrite.editedSince)} edited since`
  if (overwrite.statement !== null && condition !== null) {
    const counts = `${formatCount(condition.hits)} of ${formatCount(condition.of)} such rows`
    const rest = condition.isOnly ? ', no others' : ''
    return [`looks like  ${sanitise(overwrite.statement)}`, `${counts}${rest}${edited}${writers}`]
  }
  const found =
    condition === null
      ? 'no condition found that these have in common'
      : `where ${sanitise(condition.sql)}: ${formatCount(condition.hits)} of ${formatCount(condition.of)} such rows`
  return [`SET ${formatSets(overwrite)} in ${plural(rows, 'row')}${writers}`, found]
}

const formatTouched = ({ overwrite }: Incident): readonly string[] => {
  const touched = overwrite?.touched ?? []
  return touched.length === 0 ? [] : [`a trigger wrote ${touched.map(formatColumn).join(', ')} with it`]
}

/** What is told under an incident of overwritten rows, a line each. */
export const formatOverwrite = (incident: Incident): readonly string[] => [
  ...formatTouched(incident),
  ...formatUpdate(incident),
]

/** `599 rows overwritten in 1 table`; nothing where none were. */
export const formatOverwritten = (incidents: readonly Incident[]): string => {
  const own = incidents.filter(({ kind }) => kind === 'overwritten')
  const rows = own.reduce((sum, { rows: some }) => sum + some, 0)
  return own.length === 0
    ? ''
    : `${plural(rows, 'row')} overwritten in ${plural(new Set(own.map(({ table }) => table)).size, 'table')}`
}

/** Rows that normal work has changed, per table, and how they are listed. */
export const formatChangedSince = (
  { changedSince = [] }: IncidentReport,
  { width, style }: Setting,
): readonly string[] =>
  changedSince.length === 0
    ? []
    : [
        '',
        style.heading('Changed since, and no incident'),
        ...formatColumns(
          changedSince.map(({ table, rows }) => [
            formatTable(table),
            formatCount(rows),
            `rowgraft diff ${formatTable(table)} --rows --changed`,
          ]),
          { width, right: [1] },
        ),
      ]

export const formatNotLookedAt = ({ notCompared = [] }: IncidentReport, { width }: Setting): readonly string[] => {
  if (notCompared.length === 0) return []
  const names = notCompared.map(formatTable).join(', ')
  return [
    '',
    ...indent(`Nobody looked for overwritten rows in very large tables: ${names}. --changed looks there, too.`, {
      width,
    }),
  ]
}
