/** Values that live gets instead of the backup's, as the plan tells them. Pure. */

import { keysOf } from '../../keys/key-columns.ts'
import type { Plan } from '../plan.ts'
import type { Step } from '../step.ts'

/** The rows into which a column is written: packed keys. */
export const rowsWriting = (steps: readonly Step[], table: string, column: string): readonly string[] =>
  steps
    .filter((step) => step.table === table && step.action !== 'delete' && step.because !== 'survivor')
    .filter(({ columns }) => columns.includes(column))
    .flatMap(({ keys }) => keysOf(keys))

/** What `--set` puts into the rows written. */
export const setEdits = (steps: readonly Step[], { set }: Pick<Plan['options'], 'set'>): Plan['edits'] =>
  set.flatMap(({ table, column, value }) => {
    const rows = rowsWriting(steps, table, column).length
    return rows === 0 ? [] : [{ table, column, by: 'set', to: value, rows }]
  })
