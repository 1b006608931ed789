import type { Line } from '../lines/line.ts'
import { type ReportScreen, reportLines } from '../lines/report.ts'
import type { Size } from '../state/state.ts'

export const drawReport = (screen: ReportScreen, { columns, rows }: Size): readonly Line[] => {
  const all = reportLines(screen, columns)
  const top = Math.max(0, Math.min(screen.cursor, all.length - rows))
  return all.slice(top, top + rows)
}
