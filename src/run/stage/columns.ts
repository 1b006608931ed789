/** Which columns of a table are staged, and which are only reported. Pure. */
import type { SharedTable } from '../../catalog/shared.ts'

/** Columns live computes, which are reported when they come out differently from the backup. */
export const reportedColumns = (table: SharedTable): readonly string[] =>
  table.live.columns
    .filter(({ generated }) => generated !== null)
    .map(({ name }) => name)
    .filter((name) => table.backup.columns.some((other) => other.name === name))

/** Whether the backup, too, keeps a row in a default partition. */
export const defaultColumn = 'rowgraft default'

/** True for tables whose rows may fall into another partition than they came from. */
export const watchesPartitions = (table: SharedTable): boolean =>
  table.live.kind === 'partitioned' && table.backup.kind === 'partitioned'

export const stagedColumns = (table: SharedTable): readonly string[] => [
  ...table.columns.map(({ name }) => name),
  ...reportedColumns(table),
]
