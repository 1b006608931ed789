/** The condition that separates rows that an UPDATE changed from those that stayed. */
import type { SharedTable } from '../../../catalog/shared.ts'
import { any, type Query } from '../../../database/names.ts'
import type { Sides } from '../../../rows/sides.ts'
import type { RowCondition } from '../conditions/condition.ts'
import { gatherRoots } from '../conditions/conditions.ts'

export interface Separating {
  /** As a person would write it. */
  readonly sql: string
  /** On the alias `t`, of the backup. */
  readonly where: Query
  /** The reference that has the same value in all rows, if that is it. */
  readonly parent: RowCondition['parent']
}

/** More conditions than these together say nothing. */
const mostTogether = 8

/** Null where no condition holds for all of the rows. `others`, packed like the rows: those of which it is not known whether they stayed. */
export const separate = async (
  sides: Sides,
  table: SharedTable,
  { rows, others }: { readonly rows: readonly string[]; readonly others: readonly string[] },
): Promise<Separating | null> => {
  const known = new Set([...rows, ...others])
  const isLost = (key: string): boolean => known.has(key)
  const outcome = { missing: rows, others, changed: [], again: [] }
  const gathered = await gatherRoots(sides, { table, loss: 'gone', roots: rows, isLost, ...outcome })
  // A list of keys separates any rows from any others.
  const conditions = gathered.flatMap(({ condition }) =>
    condition === null || condition.kind === 'keys' ? [] : [condition],
  )
  const [only] = conditions
  if (only === undefined || conditions.length < gathered.length || conditions.length > mostTogether) return null
  if (conditions.length === 1) return { sql: only.sql, where: only.where, parent: only.parent }
  return {
    sql: conditions.map(({ sql }) => (/\band\b/i.test(sql) ? `(${sql})` : sql)).join(' or '),
    where: any(conditions.map(({ where }) => where)),
    parent: null,
  }
}
