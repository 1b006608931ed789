/** Events as incidents: what they are called, the statement they look like, and the id by which they are found again. */
import type { SharedTable } from '../../../catalog/shared.ts'
import { displayAlone } from '../../../database/display.ts'
import { labelTable } from '../../../rows/labels.ts'
import type { Sides } from '../../../rows/sides.ts'
import { labelParent } from '../labels.ts'
import { makeId } from '../names.ts'
import type { Incident, Overwrite } from '../report.ts'
import { readCommitTime } from '../survivors.ts'
import { isEveryRow } from './explain.ts'
import type { Overwritten, OverwrittenEvent } from './overwritten.ts'

const sets = ({ update }: OverwrittenEvent): readonly string[] =>
  update.assignments.map(({ column, sql }) => `${displayAlone(column)} = ${sql}`)

/** Rows without a condition are found again by the transaction that wrote them. */
const idOf = ({ table }: Overwritten, event: OverwrittenEvent): string =>
  makeId(['overwritten', table.id, ...sets(event), event.condition?.sql ?? event.writers.join(' ')])

/** Null where it would hit other rows as well. */
const writeStatement = (table: SharedTable, event: OverwrittenEvent): string | null => {
  if (event.condition?.isExact !== true) return null
  const where = isEveryRow(event.condition) ? '' : ` WHERE ${event.condition.sql}`
  return `UPDATE ${labelTable(table)} SET ${sets(event).join(', ')}${where}`
}

const labelOf = async (sides: Sides, table: SharedTable, event: OverwrittenEvent): Promise<string> => {
  const columns = event.update.assignments.map(({ column }) => displayAlone(column)).join(', ')
  const parent = event.condition?.parent ? await labelParent(sides, event.condition.parent) : null
  return `${columns} of ${labelTable(table)}${parent === null ? '' : ` of ${parent}`}`
}

const overwriteOf = (found: Overwritten, event: OverwrittenEvent): Overwrite => ({
  sets: event.update.assignments.map(({ column, sql }) => ({ column, value: sql })),
  statement: writeStatement(found.table, event),
  touched: event.touched,
  transactions: event.writers.length,
  editedSince: event.edited.length,
})

const conditionOf = ({ condition, counts }: OverwrittenEvent): Incident['condition'] =>
  condition === null || counts === null
    ? null
    : {
        sql: condition.sql,
        hits: counts.hits,
        of: counts.of,
        isExact: condition.isExact,
        isOnly: condition.isOnly,
      }

/** The incidents of one table, in the order of its events. */
export const tellOverwritten = async (sides: Sides, found: Overwritten): Promise<readonly Incident[]> => {
  const { table, changed, events } = found
  const incidents: Incident[] = []
  for (const event of events) {
    const [first] = event.update.rows
    const rows = event.rows.length
    incidents.push({
      kind: 'overwritten',
      id: idOf(found, event),
      table: table.id,
      label: await labelOf(sides, table, event),
      rows,
      tables: [{ table: table.id, rows, isLink: table.ends !== null }],
      survivors: [],
      condition: conditionOf(event),
      when:
        event.writers.length === 1 && first !== undefined
          ? await readCommitTime(sides, table, changed.keyOf(first))
          : null,
      roots: rows,
      ties: [],
      overwrite: overwriteOf(found, event),
    })
  }
  return incidents
}
