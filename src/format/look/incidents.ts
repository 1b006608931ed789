/** What was lost, as events: each with its rows, what went with them, what survived, and the statement that it looks like. */
import type { Incident, IncidentReport } from '../../selection/incidents/report.ts'
import { displayWidth, formatColumns, indent, joinLines, padEnd, padStart, truncate, wrapPhrases } from '../layout.ts'
import { formatColumn, formatTable } from '../names.ts'
import { formatCount, plural } from '../quantities.ts'
import { whyNoIncident } from '../reasons/no-incident.ts'
import { sanitise } from '../sanitise.ts'
import type { Setting } from '../style.ts'
import { formatChangedSince, formatNotLookedAt, formatOverwrite, formatOverwritten } from './overwritten.ts'

export type Labels = ReadonlyMap<string, string>

const summarise = ({ incidents }: IncidentReport): string => {
  if (incidents.length === 0) return 'No incidents.'
  return `${plural(incidents.length, 'incident')} · ${formatLost(incidents)}`
}

/** `602 rows missing, 300 marked as deleted in 2 tables, 599 rows overwritten in 1 table` */
export const formatLost = (all: readonly Incident[]): string => {
  const incidents = all.filter(({ kind }) => kind !== 'overwritten')
  const parts = [incidents.length === 0 ? '' : formatMissing(incidents), formatOverwritten(all)]
  return parts.filter((text) => text !== '').join(', ')
}

const formatMissing = (incidents: readonly Incident[]): string => {
  const all = incidents.flatMap(({ tables }) => tables)
  const marked = all.reduce((sum, own) => sum + (own.marked ?? 0), 0)
  const missing = incidents.reduce((sum, { rows }) => sum + rows, 0) - marked
  const tables = plural(new Set(all.map(({ table }) => table)).size, 'table')
  if (marked === 0) return `${plural(missing, 'row')} missing in ${tables}`
  if (missing === 0) return `${plural(marked, 'row')} marked as deleted in ${tables}`
  return `${plural(missing, 'row')} missing, ${formatCount(marked)} marked as deleted in ${tables}`
}

/** What went with the roots: every table but their own, and theirs as well where more of it went than they. */
const others = ({ table, mark, tables, roots }: Incident): string => {
  const rootsOf = (own: string, gone: 'missing' | 'marked'): number =>
    own === table && gone === (mark === undefined ? 'missing' : 'marked') ? roots : 0
  const counts = tables.map((own) => ({
    table: own.table,
    missing: own.rows - (own.marked ?? 0) - rootsOf(own.table, 'missing'),
    marked: (own.marked ?? 0) - rootsOf(own.table, 'marked'),
  }))
  const isMixed = tables.some(({ marked = 0 }) => marked > 0) && tables.some(({ rows, marked = 0 }) => rows > marked)
  const write = ({ missing, marked }: (typeof counts)[number]): string => {
    if (!isMixed) return formatCount(missing + marked)
    const both = [
      missing > 0 ? `${formatCount(missing)} missing` : '',
      marked > 0 ? `${formatCount(marked)} marked` : '',
    ]
    return both.filter((text) => text !== '').join(', ')
  }
  return counts
    .filter(({ missing, marked }) => missing + marked > 0)
    .map((own) => `${own.table === table ? 'more ' : ''}${formatTable(own.table)} ${write(own)}`)
    .join(' · ')
}

/** What was done to the roots: `DELETE FROM photo`, or, where they are marked as deleted, the UPDATE that marked them. */
const writeStatement = ({ table, mark }: Incident): string => {
  if (mark === undefined) return `DELETE FROM ${formatTable(table)}`
  return `UPDATE ${formatTable(table)} SET ${formatColumn(mark.column)} = ${mark.isFlag ? 'true' : '...'}`
}

/** `looks like  DELETE FROM photo WHERE photographer_id = 41`, and how well it separates. */
const formatCondition = (incident: Incident): readonly string[] => {
  const { table, mark, condition, tables, roots } = incident
  if (condition === null) return [roots > 1 ? 'no condition found that these have in common' : 'no condition found']
  const { sql, hits, of, again = 0, changed = 0, isExact, isOnly } = condition
  const isLink = tables.some((own) => own.table === table && own.isLink)
  const what = isLink ? 'links' : 'rows'
  const where = sanitise(sql)
  const lost = mark === undefined ? 'gone' : 'marked'
  if (!isExact) return [`where ${where}: ${formatCount(hits)} of ${formatCount(of)} such ${what} are ${lost}`]
  const statement = `looks like  ${writeStatement(incident)}${sql === 'true' ? '' : ` WHERE ${where}`}`
  if (of === 1) return [statement]
  const rest = isOnly ? ', no others' : ''
  const since = [
    ...(again > 0 ? [`${formatCount(again)} ${again === 1 ? 'was' : 'were'} made again`] : []),
    ...(changed > 0 ? [`${formatCount(changed)} ${changed === 1 ? 'is' : 'are'} there with other values`] : []),
  ]
  const told = since.length === 0 ? '' : `: ${since.join(', ')}`
  return [statement, `${formatCount(hits)} of ${formatCount(of)} such ${what} are ${lost}${rest}${told}`]
}

/** Whether incidents are told with their ids. Nobody types those in the interface. */
export type Ids = 'named' | 'unsaid'

interface Names {
  readonly labels: Labels
  readonly ids: Ids
}

/** Some incidents by what they are called. */
const nameIncidents = (incidents: readonly string[], { labels, ids }: Names, most = 3): string => {
  const named = incidents.slice(0, most).map((id) => {
    const label = sanitise(labels.get(id) ?? '')
    if (label === '') return `[${id}]`
    return ids === 'named' ? `${label} [${id}]` : label
  })
  return `${named.join(', ')}${incidents.length > most ? ` and ${plural(incidents.length - most, 'other')}` : ''}`
}

const formatTies = ({ ties }: Incident, names: Names): readonly string[] => {
  const [brought, awaited] = (['brings', 'awaits'] as const).map((how) => ties.filter((tie) => tie.how === how))
  const idsOf = (own: Incident['ties'] = []): readonly string[] => [...new Set(own.map(({ incident }) => incident))]
  const links = awaited?.reduce((sum, { rows }) => sum + rows, 0) ?? 0
  return [
    ...(brought?.length ? [`brings rows along that are counted with ${nameIncidents(idsOf(brought), names)}`] : []),
    ...(links > 0
      ? [
          `${plural(links, 'link')} of it ${links === 1 ? 'comes' : 'come'} back only with ${nameIncidents(idsOf(awaited), names)}`,
        ]
      : []),
  ]
}

/** What is told under an incident, a line each. */
export const formatDetails = (incident: Incident, names: Names): readonly string[] =>
  incident.kind === 'overwritten' ? formatOverwrite(incident) : formatLoss(incident, names)

const formatLoss = (incident: Incident, names: Names): readonly string[] => [
  ...(incident.mark === undefined ? [] : [`marked as deleted (${formatColumn(incident.mark.column)})`]),
  ...(others(incident) === '' ? [] : [others(incident)]),
  ...incident.survivors.map(
    ({ table, columns, rows }) =>
      `${formatCount(rows)} ${formatTable(table)}: ${sanitise(columns.join(', '))} was set to null`,
  ),
  ...formatTies(incident, names),
  ...(incident.when === null ? [] : [`at ${sanitise(incident.when)}`]),
  ...formatCondition(incident),
]

/** One line per detail, under its incident; a long one is broken, and hangs. */
const drawDetails = (details: readonly string[], by: number, width: number): readonly string[] =>
  details.flatMap((text, place) => {
    const isLast = place === details.length - 1
    return wrapPhrases(text, Math.max(24, width - by - 2)).map((line, number) => {
      const branch = number > 0 ? (isLast ? '  ' : '│ ') : isLast ? '└ ' : '├ '
      return `${' '.repeat(by)}${branch}${line}`
    })
  })

const formatIncident = (
  incident: Incident,
  setting: Setting,
  { columns, labels }: { readonly columns: readonly number[]; readonly labels: Labels },
): readonly string[] => {
  const [idWidth = 0, rowsWidth = 0] = columns
  const room = setting.width - idWidth - rowsWidth - 6
  const label = truncate(`${incident.kind === 'overwritten' ? '~ ' : ''}${sanitise(incident.label)}`, room)
  const head = `  ${padEnd(incident.id, idWidth)}  ${padEnd(label, room)}  ${padStart(formatCount(incident.rows), rowsWidth)}`
  return [
    setting.style.heading(head),
    ...drawDetails(formatDetails(incident, { labels, ids: 'named' }), idWidth + 6, setting.width),
  ]
}

/** Why rows are no incident. */
export const formatNoIncident = (rows: IncidentReport['leftOut'][number]): string =>
  sanitise(whyNoIncident(rows, formatTable))

const formatLeftOut = ({ leftOut }: IncidentReport, { width, style }: Setting): readonly string[] =>
  leftOut.length === 0
    ? []
    : [
        '',
        style.heading('Left out'),
        ...formatColumns(
          leftOut.map((own) => [
            formatTable(own.table),
            own.rows === null ? '–' : formatCount(own.rows),
            `${formatNoIncident(own)}${own.id === null ? '' : ` · --incident ${own.id}`}`,
          ]),
          { width, right: [1] },
        ),
      ]

const formatUnseen = ({ unseen }: IncidentReport, { width }: Setting): readonly string[] => {
  const most = unseen.map(({ table, ids }) => `${formatCount(ids)} of ${formatTable(table)}`)
  const bound = most.length === 0 ? '' : `: at most ${most.slice(0, 8).join(', ')}${most.length > 8 ? ', …' : ''}`
  return ['', ...indent(`Rows made after the backup and deleted since cannot be seen here${bound}.`, { width })]
}

/** The incidents, largest first, each with the id that `--incident` takes; then what is left out, and what cannot be seen. */
export const formatIncidents = (report: IncidentReport, setting: Setting): string => {
  const labels = new Map(report.incidents.map(({ id, label }) => [id, label]))
  const columns = [
    Math.max(0, ...report.incidents.map(({ id }) => displayWidth(id))),
    Math.max(4, ...report.incidents.map(({ rows }) => displayWidth(formatCount(rows)))),
  ]
  const [idWidth = 0, rowsWidth = 0] = columns
  const room = setting.width - idWidth - rowsWidth - 6
  const header = `  ${padEnd('', idWidth)}  ${padEnd('what was lost', room)}  ${padStart('rows', rowsWidth)}`
  return joinLines([
    setting.style.heading(summarise(report)),
    '',
    ...(report.incidents.length === 0 ? [] : [header]),
    ...report.incidents.flatMap((incident) => formatIncident(incident, setting, { columns, labels })),
    ...formatLeftOut(report, setting),
    ...formatChangedSince(report, setting),
    ...formatNotLookedAt(report, setting),
    ...formatUnseen(report, setting),
  ])
}
