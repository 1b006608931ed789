/** The rows of a table that differ, a page of however many. Pure. */

import { diffStates } from '../../data.ts'
import { displayWidth, padEnd, padStart, truncate } from '../../format/layout.ts'
import { stateWords } from '../../format/look/diff.ts'
import { formatKey, formatTable } from '../../format/names.ts'
import { formatCount } from '../../format/quantities.ts'
import { sanitise } from '../../format/sanitise.ts'
import type { RowReport } from '../../index.ts'
import { describeJob, pickMark, spinner, stateRole } from '../lines/cells.ts'
import { blank, fillLines, fitLine, type Line, line, type Span, textOf } from '../lines/line.ts'
import { cellText, heldValue, type ShownColumn, shownColumns } from '../models/row-columns.ts'
import { isPickable, isPicked, sourceId } from '../state/picks.ts'
import {
  jobOf,
  listIndex,
  type Rows,
  type RowsScreen,
  rowsOf,
  type Size,
  type State,
  viewLength,
} from '../state/state.ts'
import { drawColumns } from './row.ts'

/** From this width on the row under the cursor stands beside the list. */
export const widthOfTwoPanes = 100

const counted = (rows: Rows): readonly Span[] =>
  diffStates
    .filter((state) => rows.list.states[state] > 0)
    .flatMap((state) => [
      '  ',
      [
        `${stateWords[state][0]} ${formatCount(rows.list.states[state])} ${stateWords[state][1]}`,
        stateRole[state],
      ] as const,
    ])

const titleOf = (
  state: State,
  { screen, rows }: { readonly screen: RowsScreen; readonly rows: Rows | undefined },
  columns: number,
): Line => {
  const job = jobOf(state, 'list', 'view', 'page')
  const incident =
    screen.source.incident === null ? '' : ` of ${sanitise(incidentLabel(state, screen.source.incident))}`
  const name: Span = [`${formatTable(screen.source.table)}${incident}`, 'strong']
  const right = [
    ...(rows !== undefined && rows.filter !== '' ? [`filter: ${sanitise(rows.filter)}`] : []),
    ...(rows?.sort == null ? [] : [`by ${sanitise(rows.sort.column)}${rows.sort.descending ? ' ↓' : ' ↑'}`]),
    ...(job === undefined ? [] : [`${spinner(state)} ${describeJob(state, job, 34)}`]),
  ].join(' · ')
  const left: readonly Span[] = [' ', name, ' ', ...(rows === undefined ? [] : counted(rows))]
  const room = columns - left.reduce((sum, span) => sum + displayWidth(textOf(span)), 0) - 2
  return line(...left, padStart(truncate(right, Math.max(0, room)), Math.max(0, room)))
}

const incidentLabel = (state: State, id: string): string =>
  state.incidents?.incidents.find((incident) => incident.id === id)?.label ?? id

const align = (text: string, { width, isRight }: ShownColumn): string =>
  isRight ? padStart(truncate(text, width), width) : padEnd(truncate(text, width), width)

const header = (columns: readonly ShownColumn[]): Line =>
  line('        ', [columns.map((column) => align(sanitise(column.name), column)).join('  '), 'dim'])

/** What follows a row: which columns differ, and what live holds under a reused key. */
const cellsOf = (row: RowReport, columns: readonly ShownColumn[]): readonly Span[] =>
  columns.flatMap((column, position) => {
    const value = heldValue(row, column.name)
    const isMarked = row.state === 'changed' && row.columns.includes(column.name)
    const text = `${isMarked ? '▸' : ''}${cellText(value)}`
    const role = value === null ? 'dim' : isMarked ? 'changed' : row.state === 'extra' ? 'extra' : 'plain'
    return [...(position === 0 ? [] : ['  ']), [align(text, column), role] as const]
  })

const rowLine = (
  state: State,
  {
    screen,
    rows,
    columns,
  }: { readonly screen: RowsScreen; readonly rows: Rows; readonly columns: readonly ShownColumn[] },
  position: number,
): Line => {
  const index = listIndex(rows, position)
  const isCurrent = position === screen.cursor
  const rowState = rows.list.stateAt(index)
  const [from, to] = [Math.min(screen.anchor ?? -1, screen.cursor), Math.max(screen.anchor ?? -1, screen.cursor)]
  const isInRange = screen.anchor !== null && position >= from && position <= to
  const picked = isPicked(state.picks.rows.get(sourceId(screen.source)), index)
  const row = rows.values.get(index)
  const mark: Span = isCurrent ? ['❯', 'cursor'] : isInRange ? ['│', 'cursor'] : ' '
  const values = row === undefined ? [[formatKey(rows.list.keyAt(index)), 'dim'] as const] : cellsOf(row, columns)
  return {
    ...line(
      mark,
      isPickable(rowState) ? pickMark({ isPicked: picked }) : '   ',
      ' ',
      [stateWords[rowState][0], stateRole[rowState]],
      '  ',
      ...values,
    ),
    isCurrent,
    aria: { role: 'checkbox', isChecked: picked, isSelected: isCurrent },
  }
}

const besides = (left: readonly Line[], right: readonly Line[], width: number): readonly Line[] =>
  left.map((own, position) => {
    const fitted = fitLine(own, width - 1)
    const used = fitted.spans.reduce((sum, span) => sum + displayWidth(textOf(span)), 0)
    return {
      ...fitted,
      spans: [
        ...fitted.spans,
        ' '.repeat(Math.max(0, width - 1 - used)),
        ['│ ', 'dim'],
        ...(right[position]?.spans ?? []),
      ],
    }
  })

export const drawRows = (state: State, screen: RowsScreen, size: Size): readonly Line[] => {
  const rows = rowsOf(state, screen.source)
  const title = titleOf(state, { screen, rows }, size.columns)
  if (rows === undefined) return [title]
  const hasPane = size.columns >= widthOfTwoPanes
  const width = hasPane ? Math.floor(size.columns * 0.56) : size.columns
  const height = Math.max(1, size.rows - 3)
  const count = viewLength(rows)
  const positions = Array.from(
    { length: Math.max(0, Math.min(height, count - screen.top)) },
    (_, offset) => screen.top + offset,
  )
  const known = positions.flatMap((position) => rows.values.get(listIndex(rows, position)) ?? [])
  const columns = shownColumns(rows.list, known, { width: width - 9, left: screen.left })
  const list = positions.map((position) => rowLine(state, { screen, rows, columns }, position))
  const empty = jobOf(state, 'view', 'list') !== undefined ? [] : [line('  no row matches; esc shows all of them')]
  const body = [header(columns), ...fillLines(list.length === 0 ? empty : list, height)]
  const current = rows.values.get(listIndex(rows, screen.cursor))
  const pane =
    hasPane && current !== undefined
      ? drawColumns(current, { columns: size.columns - width - 2, rows: height + 1 }, { cursor: null, chosen: [] })
      : []
  return [title, blank, ...(hasPane ? besides(body, pane, width) : body)]
}

/** ` 4 / 23 in filter` */
export const rowsPosition = (state: State, screen: RowsScreen): string => {
  const rows = rowsOf(state, screen.source)
  if (rows === undefined) return ''
  const count = viewLength(rows)
  return `${formatCount(count === 0 ? 0 : screen.cursor + 1)} / ${formatCount(count)}${rows.filter === '' ? '' : ' in filter'}`
}
