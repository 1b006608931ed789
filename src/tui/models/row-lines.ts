/** The columns of a row as they are compared: those that differ first. Pure. */
import { revealBlanks, revealDifference } from '../../format/sanitise.ts'
import type { RowReport } from '../../index.ts'

export interface RowLine {
  readonly column: string
  readonly isChanged: boolean
  /** Made visible; null for NULL, undefined where the side does not have the column or the row. */
  readonly live: string | null | undefined
  readonly backup: string | null | undefined
  readonly isSame: boolean
}

const sideOf = (values: RowReport['live'], name: string): string | null | undefined =>
  values === null || !Object.hasOwn(values, name) ? undefined : (values[name] ?? null)

const show = (value: string | null | undefined): string | null | undefined =>
  typeof value === 'string' ? revealBlanks(value) : value

export const rowLines = (row: RowReport): readonly RowLine[] => {
  const names = [...new Set([...Object.keys(row.backup ?? {}), ...Object.keys(row.live ?? {})])]
  const changed = names.filter((name) => row.columns.includes(name))
  const rest = names.filter((name) => !row.columns.includes(name))
  return [...changed, ...rest].map((column) => {
    const [live, backup] = [sideOf(row.live, column), sideOf(row.backup, column)]
    const isSame = live !== undefined && live === backup
    const [shownLive, shownBackup] =
      typeof live === 'string' && typeof backup === 'string'
        ? revealDifference(live, backup)
        : [show(live), show(backup)]
    return { column, isChanged: row.columns.includes(column), live: shownLive, backup: shownBackup, isSame }
  })
}

/** Where two texts begin and stop to differ, in characters. */
export const differingPart = (a: string, b: string): readonly [start: number, end: number] => {
  const [left, right] = [[...a], [...b]]
  let start = 0
  while (start < left.length && start < right.length && left[start] === right[start]) start++
  let end = left.length
  let other = right.length
  while (end > start && other > start && left[end - 1] === right[other - 1]) {
    end--
    other--
  }
  return [start, end]
}
