/** What a plan says about rows that live has under another parent by now, and the command that gives them back. Pure. */
import { columnOf, isRenamed } from '../catalog/catalog.ts'
import type { SharedCatalog, SharedTable } from '../catalog/shared.ts'
import { displayAlone, shellWord } from '../database/display.ts'
import { quote } from '../database/names.ts'
import type { Row } from '../database/session/outcome.ts'
import type { Plan } from '../plan/plan.ts'
import { tableOf } from '../rows/sides.ts'
import type { Elsewhere } from '../selection/closure/elsewhere.ts'

/** A value as SQL has it: bare where it is a number for the server, too. */
const literal = (table: SharedTable, name: string, value: string): string => {
  const isNumber = /^(smallint|integer|bigint|numeric)$/.test(columnOf(table.backup, name)?.baseType ?? '')
  return isNumber && /^-?\d+(\.\d+)?$/.test(value) ? value : quote(value)
}

const equals = (table: SharedTable, columns: readonly string[], values: Row): readonly string[] =>
  columns.map((name, place) => `${displayAlone(name)} = ${literal(table, name, values[place] ?? '')}`)

/** A statement is read with the names of the backup; a condition, with those of live. */
const commandFor = (table: SharedTable, { relation: { columns }, before, now }: Elsewhere): string => {
  const where = equals(table, columns, before).join(' and ')
  const moved = columns.filter((_, place) => before[place] !== now[place])
  if (isRenamed(table.backup)) {
    const flags = `--where ${shellWord(where)} --columns ${shellWord(moved.map(displayAlone).join(','))}`
    return `rowgraft restore ${shellWord(table.id)} ${flags}`
  }
  const set = equals(
    table,
    moved,
    now.filter((value, place) => value !== before[place]),
  ).join(', ')
  return `rowgraft restore --statement ${shellWord(`update ${table.id} set ${set} where ${where}`)}`
}

/** Largest first. */
export const listElsewhere = (
  catalog: SharedCatalog,
  elsewhere: readonly Elsewhere[],
): NonNullable<Plan['elsewhere']> =>
  [...elsewhere]
    .sort((a, b) => b.rows - a.rows)
    .map((own) => {
      const { relation, before, now, rows } = own
      const isTold = now.length > 0
      return {
        table: relation.child,
        parent: relation.parent,
        via: relation.id,
        before,
        now,
        rows,
        command: isTold ? commandFor(tableOf(catalog, relation.child), own) : null,
      }
    })
