/** Which columns of a list of rows are shown, how wide, in which order. Pure. */
import { displayWidth } from '../../format/layout.ts'
import { sanitise, sanitiseValue } from '../../format/sanitise.ts'
import type { RowList, RowReport } from '../../index.ts'

type Column = RowList['columns'][number]

export interface ShownColumn {
  readonly name: string
  readonly width: number
  readonly isRight: boolean
  /** Stays in place while the others scroll. */
  readonly isKey: boolean
}

const widest = 28

/** A value in a cell: one line, `∅` for NULL. */
export const cellText = (value: string | null | undefined): string =>
  value === null ? '∅' : value === undefined ? '' : sanitiseValue(value.length > 200 ? value.slice(0, 200) : value)

/** What a row holds in a column, as the list shows it: the backup's value, live's for a row that only live has. */
export const heldValue = (row: RowReport, name: string): string | null | undefined => {
  const values = row.backup ?? row.live
  return values === null || !Object.hasOwn(values, name) ? undefined : values[name]
}

const ordered = (list: RowList): readonly Column[] => {
  const keys = list.columns.filter(({ isIdentity }) => isIdentity)
  const label = list.columns.filter(({ name, isIdentity }) => !isIdentity && name === list.label)
  const rest = list.columns.filter(({ name, isIdentity }) => !isIdentity && name !== list.label)
  return [...keys, ...label, ...rest]
}

/** Columns in reading order: the key, what the row is called, the rest; as many as fit, the first `left` of the others scrolled away. */
export const shownColumns = (
  list: RowList,
  rows: readonly RowReport[],
  { width, left }: { readonly width: number; readonly left: number },
): readonly ShownColumn[] => {
  const all = ordered(list).map(({ name, isIdentity, isNumeric }): ShownColumn => {
    const cells = rows.map((row) => displayWidth(cellText(heldValue(row, name))))
    const own = Math.max(displayWidth(sanitise(name)), isIdentity ? 6 : 3, ...cells)
    return { name, width: Math.min(widest, own), isRight: isNumeric, isKey: isIdentity }
  })
  const keys = all.filter(({ isKey }) => isKey)
  const others = all.filter(({ isKey }) => !isKey)
  const shown = [...keys, ...others.slice(Math.min(left, Math.max(0, others.length - 1)))]
  const fitting: ShownColumn[] = []
  let room = width
  for (const column of shown) {
    if (room < Math.min(column.width, 6)) break
    const own = Math.min(column.width, room)
    fitting.push({ ...column, width: own })
    room -= own + 2
  }
  return fitting
}
