/** What was lost, as events: the first thing seen. Pure. */

import { displayWidth, wrapPhrases } from '../../format/layout.ts'
import { formatDetails, formatLost, formatNoIncident } from '../../format/look/incidents.ts'
import { formatLikely } from '../../format/look/likely.ts'
import { formatTable } from '../../format/names.ts'
import { formatCount, formatElapsed, plural } from '../../format/quantities.ts'
import { sanitise } from '../../format/sanitise.ts'
import { cursorMark, describeJob, paragraph, pickMark, spinner, stateRole } from '../lines/cells.ts'
import { around, blank, type Line, line, type Span, spread } from '../lines/line.ts'
import { type IncidentEntry, incidentEntries, notLookedAt } from '../models/incident-entries.ts'
import { jobOf, type Screen, type Size, type State } from '../state/state.ts'

type IncidentsScreen = Extract<Screen, { at: 'incidents' }>

const clock = (milliseconds: number): string => new Date(milliseconds).toTimeString().slice(0, 8)

/** Without the time it took, or any time, where the line would be too long for it. */
const summary = (state: State, columns: number): string => {
  const { incidents, countedAt, countTook } = state
  if (incidents === null) return ''
  const lost = `${plural(incidents.incidents.length, 'incident')} · ${formatLost(incidents.incidents)}`
  if (countedAt === null) return lost
  const counted = `${lost} · counted at ${clock(countedAt)}`
  const fitting = [`${counted}, in ${formatElapsed(countTook)}`, counted].find((text) => displayWidth(text) < columns)
  return fitting ?? lost
}

const detailLines = (entry: IncidentEntry, labels: ReadonlyMap<string, string>, columns: number): readonly Line[] => {
  const details =
    entry.incident === null
      ? entry.leftOut === null
        ? []
        : [formatNoIncident(entry.leftOut)]
      : formatDetails(entry.incident, { labels, ids: 'unsaid' })
  return details.flatMap((text, place) => {
    const isLast = place === details.length - 1
    return wrapPhrases(text, Math.max(20, columns - 10)).map((part, number) => {
      const branch = number > 0 ? (isLast ? '  ' : '│ ') : isLast ? '└ ' : '├ '
      return line('      ', [branch, 'dim'], part)
    })
  })
}

const entryLines = (
  state: State,
  entry: IncidentEntry,
  { isCurrent, columns }: { readonly isCurrent: boolean; readonly columns: number },
): readonly Line[] => {
  const labels = new Map((state.incidents?.incidents ?? []).map(({ id, label }) => [id, label]))
  const isPicked = state.picks.incidents.has(entry.id)
  const name = sanitise(entry.incident === null ? formatTable(entry.label) : entry.label)
  const mark: readonly Span[] = entry.incident?.kind === 'overwritten' ? [' ', ['~', stateRole.changed]] : []
  const head = spread(
    [cursorMark({ isCurrent }), pickMark({ isPicked }), ...mark, ` ${name}`],
    [formatCount(entry.rows), '  '],
    columns,
  )
  const own: Line = { ...head, isCurrent, aria: { role: 'checkbox', isChecked: isPicked, isSelected: isCurrent } }
  return [own, ...detailLines(entry, labels, columns)]
}

/** What stays out, and what nobody can see from here. */
const footnotes = ({ incidents, connection }: State, columns: number): readonly Line[] => {
  if (incidents === null) return []
  const others = incidents.leftOut
    .filter(({ id, kind }) => id === null && kind !== 'not looked at')
    .map((own) => {
      const what = own.rows === null ? formatNoIncident(own) : `${formatCount(own.rows)} missing`
      return `${formatTable(own.table)} (${what})`
    })
  const backup = connection.state === 'open' ? connection.backup.label : ''
  const unseen = incidents.unseen.map(({ table, ids }) => `${formatCount(ids)} of ${formatTable(table)}`)
  const most = unseen.length === 0 ? '' : `; at most ${unseen.slice(0, 4).join(', ')}${unseen.length > 4 ? ', …' : ''}`
  const changed = (incidents.changedSince ?? []).map(({ table, rows }) => `${formatTable(table)} ${formatCount(rows)}`)
  return [
    blank,
    ...(others.length === 0
      ? []
      : paragraph(`Left out: ${others.slice(0, 8).join(', ')}${others.length > 8 ? ', …' : ''}`, columns, {
          by: 4,
          role: 'dim',
        })),
    ...paragraph(
      `Rows made after ${backup === '' ? 'the backup' : backup} and deleted since cannot be seen here${most}.`,
      columns,
      { by: 4, role: 'dim' },
    ),
    ...(changed.length === 0
      ? []
      : paragraph(
          `Changed since, no incident: ${changed.slice(0, 4).join(', ')}${changed.length > 4 ? ', …' : ''} · t tables, m`,
          columns,
          { by: 4, role: 'dim' },
        )),
  ]
}

/** Tables that the incidents were found without. */
const unseenTables = ({ incidents }: State, columns: number): readonly Line[] => {
  const tables = incidents === null ? [] : notLookedAt(incidents)
  if (tables.length === 0) return []
  const [are, them] = tables.length === 1 ? ['is', 'it'] : ['are', 'them']
  const named = `${tables.slice(0, 4).map(formatTable).join(', ')}${tables.length > 4 ? ', …' : ''}`
  return paragraph(
    `${plural(tables.length, 'very large table')} ${are} not looked at: ${named}. M looks at ${them} too.`,
    columns,
  )
}

/** Tables that may belong together, though nothing says so. */
const likelyRelations = ({ incidents, likely, follow }: State, columns: number): readonly Line[] => {
  const told = incidents === null || follow !== null ? null : formatLikely(incidents, likely)
  return told === null ? [] : paragraph(`${told}. F follows what is suggested.`, columns)
}

/** What is still looked for, while what is missing is told. */
const searching = (state: State): readonly Line[] => {
  const job = jobOf(state, 'overwritten')
  return job === undefined ? [] : [line(` ${spinner(state)} ${describeJob(state, job)}`)]
}

/** What can be said of rows that are there. */
const sayChanged = (state: State): string => {
  if (jobOf(state, 'overwritten') !== undefined)
    return 'Rows that are there may have been overwritten: that is being looked for.'
  return state.incidents?.changedSince === undefined
    ? 'Rows that are there may still have changed:  t  and then  m  counts them.  s  takes the statement you regret.'
    : 'No UPDATE of many rows was found either.  s  takes the statement you regret.'
}

const nothing = (state: State, columns: number): readonly Line[] => {
  const backup = state.connection.state === 'open' ? state.connection.backup.label : 'the backup'
  const unseen = unseenTables(state, columns)
  const far = unseen.length === 0 ? 'tables can be compared' : 'tables were looked at'
  return [
    line(' ', ['Nothing is missing.', 'strong']),
    ...unseen,
    ...searching(state),
    blank,
    ...paragraph(`Every row of ${backup} is in live, as far as ${far}.`, columns),
    ...paragraph(sayChanged(state), columns),
    ...paragraph(
      'If what you miss was deleted before this backup was made, an older backup is the one to open.',
      columns,
    ),
  ]
}

export const drawIncidents = (state: State, screen: IncidentsScreen, { columns, rows }: Size): readonly Line[] => {
  const job = jobOf(state, 'incidents', 'tables')
  const entries = incidentEntries(state, screen.filter)
  const working = job === undefined ? [] : [line(` ${spinner(state)} ${describeJob(state, job)}`)]
  if (state.incidents === null) return [...(working.length > 0 ? working : [line(' not counted yet: ctrl-r counts')])]
  const filter = screen.filter === '' ? '' : ` · filter: ${screen.filter}`
  const head = [
    working[0] ?? line(' ', [`${summary(state, columns - displayWidth(filter))}${filter}`, 'strong']),
    ...(working.length > 0
      ? []
      : [...unseenTables(state, columns), ...likelyRelations(state, columns), ...searching(state)]),
    blank,
  ]
  if (entries.length === 0 && screen.filter === '')
    return [...working, ...nothing(state, columns), ...footnotes(state, columns)]
  const title = spread(['      ', ['what was lost', 'dim']], [['rows', 'dim'], '  '], columns)
  const blocks = entries.map((entry, position) =>
    entryLines(state, entry, { isCurrent: position === screen.cursor, columns }),
  )
  const focus = blocks.slice(0, screen.cursor).reduce((sum, block) => sum + block.length, 0)
  const height = Math.max(1, rows - head.length - 1)
  const last =
    screen.cursor >= blocks.length - 1 ? (blocks.at(-1)?.length ?? 0) + 4 : (blocks[screen.cursor]?.length ?? 0)
  const list = [...blocks.flat(), ...footnotes(state, columns)]
  return [...head, title, ...around(list, focus + Math.min(last, Math.floor(height / 2)), height)]
}
