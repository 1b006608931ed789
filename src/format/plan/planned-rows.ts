/** Rows of a plan with their values, for whoever reviews it. */
import type { PlannedRow } from '../../review/planned-rows.ts'
import { breakLines, displayWidth, padEnd } from '../layout.ts'
import { formatColumn, formatKey, formatTable } from '../names.ts'
import { formatCount } from '../quantities.ts'
import { revealBlanks } from '../sanitise.ts'
import type { Setting } from '../style.ts'

/** Lines of one value that are shown. */
const most = 4

/** Characters that are looked at: more would not be shown. */
const looked = 4000

const valueLines = (value: string | null, width: number): readonly string[] => {
  if (value === null) return ['∅']
  const lines = breakLines(revealBlanks(value.slice(0, looked)), width)
  if (lines.length <= most) return lines
  return [...lines.slice(0, most), `… ${formatCount(value.length)} characters`]
}

/** `insert photo 7`, and a line per column below. NULL is `∅`. */
export const formatPlannedRow = (row: PlannedRow, { width, style }: Setting): string => {
  const names = Object.entries(row.values).map(([name, value]) => ({ label: formatColumn(name), value }))
  const labels = Math.max(0, ...names.map(({ label }) => displayWidth(label)))
  const isNew = row.isNew ? ', under a new key' : ''
  const lines = names.flatMap(({ label, value }) =>
    valueLines(value, Math.max(24, width - labels - 4)).map(
      (line, index) => `  ${padEnd(index === 0 ? label : '', labels)}  ${line}`,
    ),
  )
  const title = `${row.action} ${formatTable(row.table)} ${formatKey(Object.values(row.key))}${isNew}`
  return `${[style.heading(title), ...lines].map((line) => line.trimEnd()).join('\n')}\n`
}
