/** One row, both sides next to each other: what differs first. Pure. */

import { displayWidth, truncate } from '../../format/layout.ts'
import { stateWords } from '../../format/look/diff.ts'
import { formatTable } from '../../format/names.ts'
import { formatCount, plural } from '../../format/quantities.ts'
import { sanitise } from '../../format/sanitise.ts'
import type { RowReport } from '../../index.ts'
import { cell, cursorMark, describeJob, pickMark, spinner, stateRole } from '../lines/cells.ts'
import { around, blank, type Line, line, type Role, type Span } from '../lines/line.ts'
import { chosenColumns, currentRow, rowAt } from '../models/cursor.ts'
import { differingPart, type RowLine, rowLines } from '../models/row-lines.ts'
import { jobOf, type RowScreen, rowsOf, type Size, type State, viewLength } from '../state/state.ts'

const shown = (value: string | null | undefined): readonly [string, Role] => {
  if (value === null) return ['∅', 'dim']
  return value === undefined ? ['', 'dim'] : [value, 'plain']
}

/** A bar beneath the part of a changed value that differs, where that is not all of it. */
const underline = (
  { live, backup }: RowLine,
  widths: readonly [number, number, number],
  width: number,
): readonly Line[] => {
  if (typeof live !== 'string' || typeof backup !== 'string') return []
  const bar = (own: string, other: string): string => {
    const [start, end] = differingPart(own, other)
    const characters = [...own]
    if (end <= start || (start === 0 && end === characters.length)) return ''
    const before = displayWidth(characters.slice(0, start).join(''))
    return ' '.repeat(before) + '‾'.repeat(displayWidth(characters.slice(start, end).join('')))
  }
  const [left, right] = [bar(live, backup), bar(backup, live)]
  if (left.trim() === '' && right.trim() === '') return []
  return [line(' '.repeat(width), [`${cell(left, widths[1])}  ${truncate(right, widths[2])}`, 'changed'])]
}

interface ColumnMarks {
  /** Position of the column under the cursor. */
  readonly cursor: number | null
  /** Columns to be put back. */
  readonly chosen: readonly string[]
  /** What the rows are called that columns refer to. */
  readonly labels?: Readonly<Record<string, string>> | undefined
}

/** The columns of a row with their values. */
export const drawColumns = (
  row: RowReport,
  { columns, rows }: Size,
  { cursor, chosen, labels = {} }: ColumnMarks,
): readonly Line[] => {
  const all = rowLines(row)
  const hasBoth = row.live !== null && row.backup !== null
  const nameWidth = Math.min(24, Math.max(6, ...all.map(({ column }) => displayWidth(sanitise(column)))))
  const gutter = cursor === null ? 1 : hasBoth && row.state === 'changed' ? 7 : 3
  const room = Math.max(10, columns - gutter - nameWidth - 5)
  const liveWidth = hasBoth ? Math.floor(room / 2) : room
  const widths = [nameWidth, liveWidth, room - liveWidth] as const
  const head = hasBoth
    ? line(' '.repeat(gutter), [`${cell('column', nameWidth)}  ${cell('live', liveWidth)}  backup`, 'dim'])
    : line(' '.repeat(gutter), [`${cell('column', nameWidth)}  ${row.backup === null ? 'live' : 'backup'}`, 'dim'])
  const changedCount = all.filter(({ isChanged }) => isChanged).length
  const drawn = all.map((own, position): readonly Line[] => {
    const isCurrent = position === cursor
    const label = labels[own.column]
    const withLabel = (text: string): string =>
      label === undefined || text === '∅' ? text : `${text}  (${sanitise(label)})`
    const [live, liveRole] = shown(own.live)
    const [backup, backupRole] = hasBoth && own.isSame ? (['=', 'same'] as const) : shown(own.backup)
    const mark: readonly Span[] =
      cursor === null
        ? [' ']
        : gutter === 7
          ? [
              cursorMark({ isCurrent }),
              own.isChanged ? pickMark({ isPicked: chosen.includes(own.column) }) : '   ',
              '  ',
            ]
          : [cursorMark({ isCurrent }), ' ']
    const values: readonly Span[] = hasBoth
      ? [
          [cell(withLabel(live), widths[1]), own.isChanged ? 'changed' : liveRole],
          '  ',
          [truncate(own.isSame ? backup : withLabel(backup), widths[2]), own.isChanged ? 'changed' : backupRole],
        ]
      : [
          [
            truncate(withLabel(row.backup === null ? live : backup), room),
            row.backup === null ? liveRole : shown(own.backup)[1],
          ],
        ]
    const main: Line = {
      ...line(...mark, `${cell(own.column, nameWidth)}  `, ...values),
      isCurrent,
      aria: { role: 'listitem', isSelected: isCurrent },
    }
    const rule = own.isChanged && position === changedCount - 1 && changedCount < all.length
    return [
      main,
      ...(own.isChanged ? underline(own, [...widths], gutter + nameWidth + 2) : []),
      ...(rule ? [line(' '.repeat(gutter), ['─'.repeat(Math.max(0, columns - gutter - 2)), 'dim'])] : []),
    ]
  })
  const focus = drawn.slice(0, cursor ?? 0).reduce((sum, lines) => sum + lines.length, 0)
  return [head, ...around(drawn.flat(), focus, Math.max(1, rows - 1))]
}

const relations = (state: State, screen: RowScreen): readonly Line[] => {
  if (state.row === null || state.row.key !== screen.key || state.row.table !== screen.table) return []
  const children = state.row.shown.relations.filter(
    ({ direction, live, backup }) => direction === 'child' && (live > 0 || backup > 0),
  )
  if (children.length === 0) return []
  const words = children.map(({ table, live, backup }) =>
    live === backup
      ? `${formatCount(live)} ${formatTable(table)}`
      : `${formatCount(backup)} ${formatTable(table)} (${formatCount(live)} in live)`,
  )
  return [blank, line('   ', ['refer to it: ', 'dim'], words.slice(0, 6).join(' · '))]
}

export const drawRow = (state: State, screen: RowScreen, size: Size): readonly Line[] => {
  const row = currentRow(state)
  const job = jobOf(state, 'row')
  const at = screen.from === null ? null : rowAt(state, screen.from)
  const rows = screen.from === null ? undefined : rowsOf(state, screen.from.source)
  const where =
    screen.from === null || rows === undefined
      ? ''
      : `${formatCount(screen.from.position + 1)} of ${formatCount(viewLength(rows))}`
  const name = `${formatTable(screen.table)} ${sanitise(screen.key)}`
  const busy = job === undefined ? '' : `${spinner(state)} ${describeJob(state, job, 34)}`
  const right = [busy, where].filter((part) => part !== '').join(' · ')
  if (row === null) return [line(' ', [name, 'strong'], '   ', [busy === '' ? 'not read yet' : busy, 'dim'])]
  const [glyph, words] = stateWords[row.state]
  const isReread = state.row?.key === screen.key && state.row.table === screen.table
  const changed = row.columns.length > 0 && row.state === 'changed' ? ` in ${plural(row.columns.length, 'column')}` : ''
  const picked = at !== null && chosenColumns(state, screen).length > 0
  const head = ` ${name}    ${glyph} ${words}${changed}`
  const gap = Math.max(2, size.columns - displayWidth(head) - displayWidth(right) - 2)
  const extra = relations(state, screen)
  const restoring =
    picked && row.state === 'changed'
      ? [
          blank,
          line(
            '   restore  ',
            ...row.columns.flatMap((column): readonly Span[] => [
              pickMark({ isPicked: chosenColumns(state, screen).includes(column) }),
              ` ${sanitise(column)}   `,
            ]),
          ),
        ]
      : []
  const below = [...restoring, ...extra]
  return [
    line(' ', [name, 'strong'], '    ', [`${glyph} ${words}${changed}`, stateRole[row.state]], ' '.repeat(gap), [
      right,
      'dim',
    ]),
    blank,
    ...drawColumns(
      row,
      { columns: size.columns, rows: size.rows - 2 - below.length },
      {
        cursor: screen.cursor,
        chosen: chosenColumns(state, screen),
        labels: isReread ? state.row?.labels : {},
      },
    ),
    ...below,
  ]
}
