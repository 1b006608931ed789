/** All tables with their counts, which come in as they are counted. Pure. */
import { displayWidth } from '../../format/layout.ts'
import { formatTable } from '../../format/names.ts'
import { formatBytes, formatCount, formatElapsed, plural } from '../../format/quantities.ts'
import { wordDrift } from '../../format/reasons/drift.ts'
import { wordRefusal } from '../../format/reasons/refusal.ts'
import { sanitise } from '../../format/sanitise.ts'
import { cell, cursorMark, describeJob, paragraph, rightCell, spinner, stateRole } from '../lines/cells.ts'
import { around, blank, type Line, line, type Span } from '../lines/line.ts'
import { isPutOff, type TableEntry, tableEntries } from '../models/table-entries.ts'
import { jobOf, type Screen, type Size, type State } from '../state/state.ts'

type TablesScreen = Extract<Screen, { at: 'tables' }>

const sortWords: Readonly<Record<TablesScreen['sort'], string>> = {
  missing: 'missing',
  changed: 'changed',
  extra: 'only in live',
  rows: 'rows',
  name: 'name',
}

const picked = (state: State, table: string): number =>
  [...state.picks.rows.values()]
    .filter(({ source }) => source.table === table)
    .reduce((sum, { count }) => sum + count, 0)

const notes = (state: State, entry: TableEntry): string => {
  if (!entry.restorable) return entry.refusal === null ? '' : sanitise(wordRefusal(entry.refusal, formatTable))
  const counting = state.jobs.find(({ kind, progress }) => kind === 'count' && progress?.step?.table === entry.table)
  return [
    ...(counting === undefined
      ? []
      : [`${formatCount(counting.progress?.step?.done ?? 0)} read, ${formatElapsed(state.now - counting.since)}`]),
    ...(isPutOff(state, entry) ? ['M counts'] : []),
    ...(entry.isJunction ? ['junction'] : []),
    ...(entry.drift.length > 0 ? ['!'] : []),
    ...(picked(state, entry.table) > 0 ? [`${formatCount(picked(state, entry.table))} picked`] : []),
  ].join('  ')
}

const numbers = (entry: TableEntry): readonly string[] => {
  if (!entry.restorable) return ['–', '–', '–', '–']
  if (entry.counts === null) return ['…', '…', '…', '…']
  const { states, diff, liveRows } = entry.counts
  return [
    formatCount(diff.missing + diff.deleted),
    states === 'everything' ? formatCount(diff.changed) : '·',
    formatCount(diff.extra),
    liveRows === null ? '·' : formatCount(liveRows),
  ]
}

/** Widths of the columns with numbers. */
const widths: readonly number[] = [11, 11, 14, 11]

/** `~12,000,000 rows, not counted`: what is known of a table that nobody has asked for. */
const estimate = ({ size }: TableEntry, limits: State['limits']): string =>
  [
    ...(size?.rows == null ? [] : [`~${formatCount(size.rows)} rows`]),
    ...(size !== null && size.bytes > limits.bytes ? [formatBytes(size.bytes)] : []),
    'not counted',
  ].join(', ')

const roles = [stateRole.missing, stateRole.changed, stateRole.extra, 'plain'] as const

const numberSpans = (state: State, entry: TableEntry): readonly Span[] => {
  if (isPutOff(state, entry)) {
    const width = widths.reduce((sum, own) => sum + own)
    return [[rightCell(estimate(entry, state.limits), width), 'dim']]
  }
  return numbers(entry).map((text, place) => [
    rightCell(text, widths[place] ?? 11),
    text === '0' ? 'dim' : (roles[place] ?? 'plain'),
  ])
}

const entryLine = (
  state: State,
  entry: TableEntry,
  { isCurrent, width }: { readonly isCurrent: boolean; readonly width: number },
): Line => {
  return {
    ...line(
      cursorMark({ isCurrent }),
      ` ${cell(formatTable(entry.table), width)}`,
      ...numberSpans(state, entry),
      ['   ', 'plain'],
      [notes(state, entry), entry.restorable ? 'dim' : 'extra'],
    ),
    isCurrent,
    aria: { role: 'listitem', isSelected: isCurrent },
  }
}

export const drawTables = (state: State, screen: TablesScreen, { columns, rows }: Size): readonly Line[] => {
  const entries = tableEntries(state, screen)
  const job =
    state.jobs.find(({ kind, progress }) => kind === 'count' && progress !== null) ?? jobOf(state, 'count', 'tables')
  const filter = screen.filter === '' ? '' : ` · filter: ${screen.filter}`
  const left = `${plural(entries.length, 'table')}${filter}`
  const right =
    job === undefined
      ? `sorted by ${sortWords[screen.sort]}`
      : `${spinner(state)} ${describeJob(state, { ...job, progress: null })}`
  const gap = Math.max(1, columns - displayWidth(left) - displayWidth(right) - 3)
  const current = entries[screen.cursor]
  const drift = (current?.drift ?? [])
    .slice(0, 3)
    .flatMap((note) =>
      paragraph(`! ${formatTable(current?.table ?? '')}: ${sanitise(wordDrift(note))}`, columns, { by: 2 }),
    )
  const more =
    (current?.drift.length ?? 0) > 3
      ? [line(`  and ${(current?.drift.length ?? 0) - 3} more: rowgraft tables lists all`)]
      : []
  const below = drift.length === 0 ? [] : [blank, ...drift.slice(0, 6), ...more]
  const longest = Math.max(5, ...entries.map(({ table }) => displayWidth(formatTable(table))))
  const width = Math.max(5, Math.min(longest, columns - 3 - 47 - 12))
  const header = line(`   ${cell('table', width)}`, [
    ['missing', 'changed', 'only in live', 'rows'].map((text, place) => rightCell(text, widths[place] ?? 11)).join(''),
    'dim',
  ])
  const height = Math.max(1, rows - 3 - below.length)
  const list = around(
    entries.map((entry, position) => entryLine(state, entry, { isCurrent: position === screen.cursor, width })),
    screen.cursor,
    height,
  )
  const empty =
    state.overview === null
      ? [line(' reading the tables')]
      : entries.length === 0
        ? [line(' no table has that in its name')]
        : []
  return [
    line(' ', [left, 'strong'], ' '.repeat(gap), [right, 'dim']),
    blank,
    header,
    ...(entries.length === 0 ? empty : list),
    ...below,
  ]
}
