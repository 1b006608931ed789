/** What a plan says about rows that live has under another parent by now, and what gives them back. Pure. */
import { isRenamed } from '../catalog/catalog.ts'
import type { SharedCatalog, SharedTable } from '../catalog/shared.ts'
import type { GivesBack, Plan } from '../plan/plan.ts'
import { tableOf } from '../rows/sides.ts'
import type { Elsewhere } from '../selection/closure/elsewhere.ts'
import { writeEqual } from '../selection/incidents/conditions/writing.ts'

/** A statement is read with the names of the backup; a condition, with those of live. */
const givesBack = (table: SharedTable, { relation: { columns }, before, now }: Elsewhere): GivesBack => {
  const where = writeEqual(table, columns, before)
  const moved = columns.flatMap((name, place) => (before[place] === now[place] ? [] : [{ name, value: now[place] }]))
  if (isRenamed(table.backup)) return { by: 'columns', where, columns: moved.map(({ name }) => name) }
  const set = moved.map(({ name, value }) => writeEqual(table, [name], [value])).join(', ')
  return { by: 'statement', statement: `update ${table.id} set ${set} where ${where}` }
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
        givesBack: isTold ? givesBack(tableOf(catalog, relation.child), own) : null,
      }
    })
