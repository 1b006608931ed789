/** One row, both sides next to each other, and what refers to it. */
import type { RowReport } from '../../look/rows.ts'
import type { Rowgraft } from '../../rowgraft.ts'
import { breakLines, displayWidth, formatColumns, joinLines, padEnd } from '../layout.ts'
import { formatKey, formatTable } from '../names.ts'
import { formatCount, plural } from '../quantities.ts'
import { revealBlanks, revealDifference, sanitise } from '../sanitise.ts'
import type { Setting } from '../style.ts'
import { stateWords } from './diff.ts'

/** A row with its relations, as `show` reads it. */
export type ShownRow = Awaited<ReturnType<Rowgraft['show']>>

/** Lines of one value that are shown. */
const most = 12

const cellLines = (text: string, width: number): readonly string[] => {
  const lines = breakLines(text, width)
  if (lines.length <= most) return lines
  return [...lines.slice(0, most), `… ${formatCount(text.length)} characters`]
}

const sidesOf = (row: RowReport, name: string): readonly [live: string, backup: string] => {
  const side = (values: RowReport['live']): string | null | undefined =>
    values === null || !Object.hasOwn(values, name) ? undefined : values[name]
  const [live, backup] = [side(row.live), side(row.backup)]
  const show = (value: string | null | undefined): string =>
    value === undefined ? '' : value === null ? '∅' : revealBlanks(value)
  if (typeof live !== 'string' || typeof backup !== 'string') {
    return row.live !== null && live === backup ? [show(live), '='] : [show(live), show(backup)]
  }
  return live === backup ? [show(live), '='] : revealDifference(live, backup)
}

const formatGrid = (row: RowReport, { width, style }: Setting): readonly string[] => {
  const names = [...new Set([...Object.keys(row.backup ?? {}), ...Object.keys(row.live ?? {})])]
  const ordered = [
    ...names.filter((name) => row.columns.includes(name)),
    ...names.filter((name) => !row.columns.includes(name)),
  ]
  const sides = ordered.map((name) => ({ name, label: sanitise(name), cells: sidesOf(row, name) }))
  const labelWidth = Math.max(6, ...sides.map(({ label }) => displayWidth(label)))
  const room = Math.max(40, width - labelWidth - 8)
  const widest = (side: 0 | 1): number => Math.max(6, ...sides.map(({ cells }) => displayWidth(cells[side])))
  const [live, backup] = [widest(0), widest(1)]
  const liveWidth = Math.min(live, Math.max(Math.floor(room / 2), room - backup))
  const backupWidth = Math.max(10, Math.min(backup, room - liveWidth))
  const line = (mark: string, label: string, [left, right]: readonly [string, string]): string =>
    `  ${mark} ${padEnd(label, labelWidth)}  ${padEnd(left, liveWidth)}  ${right}`.trimEnd()
  return [
    style.heading(line(' ', 'column', ['live', 'backup'])),
    ...sides.flatMap(({ name, label, cells }) => {
      const [left, right] = [cellLines(cells[0], liveWidth), cellLines(cells[1], backupWidth)]
      return Array.from({ length: Math.max(left.length, right.length) }, (_, index) => {
        const mark = index === 0 && row.columns.includes(name) ? '▸' : ' '
        return line(mark, index === 0 ? label : '', [left[index] ?? '', right[index] ?? ''])
      })
    }),
  ]
}

const formatRelations = (row: ShownRow, { width, style }: Setting): readonly string[] => {
  if (row.relations.length === 0) return []
  const header = ['', 'table', 'live', 'backup', 'by']
  const rows = row.relations.map(({ direction, via, table, live, backup }) => [
    direction,
    formatTable(table),
    formatCount(live),
    formatCount(backup),
    sanitise(via),
  ])
  return ['', style.heading('Relations'), ...formatColumns([header, ...rows], { width, right: [2, 3] })]
}

/** `photo 3310   ~ changed in 2 columns`, the columns of both sides, and the relations with their rows on each side. */
export const formatShownRow = (row: ShownRow, setting: Setting): string => {
  const [glyph, words] = stateWords[row.state]
  const where = row.columns.length > 0 ? ` in ${plural(row.columns.length, 'column')}` : ''
  const title = `${formatTable(row.table)} ${formatKey(Object.values(row.key))}   ${glyph} ${words}${where}`
  return joinLines([setting.style.heading(title), '', ...formatGrid(row, setting), ...formatRelations(row, setting)])
}
