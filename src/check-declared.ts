/** What the config file says holds for a plan that was made without it, or with another one. */

import { displayKey } from './catalog/row.ts'
import type { SharedCatalog } from './catalog/shared.ts'
import { type Sides, tableOf } from './diff/sides.ts'
import { RowgraftError } from './errors.ts'
import { keysOf, type Plan } from './plan/plan.ts'
import { findNever } from './selection/never.ts'

/** SQL in a plan runs only where the config file says the same: a plan is no way to bring SQL in. */
const refuseOtherConditions = ({ declared }: Plan, { declarations }: SharedCatalog): void => {
  const known = new Set(declarations.relations.map((relation) => JSON.stringify(relation)))
  for (const relation of declared?.relations ?? []) {
    if (relation.condition?.by !== 'sql' || known.has(JSON.stringify(relation))) continue
    throw new RowgraftError(
      'plan-stale',
      `the plan follows ${relation.child}.${relation.name}, which the config file does not declare so`,
      {
        detail: `where ${relation.condition.sql}`,
        hint: 'Make the plan again, or give the config file it was made with by --config.',
      },
    )
  }
}

/** Rows which the config file bars are neither brought back nor written to. */
const refuseNever = async (sides: Sides, plan: Plan): Promise<void> => {
  for (const { table: id, keys } of plan.steps) {
    if (!sides.catalog.never.has(id)) continue
    const table = tableOf(sides.catalog, id)
    const [first, ...more] = await findNever(sides, table, keysOf(keys))
    if (first === undefined) continue
    throw new RowgraftError('plan-stale', `the plan has ${more.length + 1} row(s) of "${id}" that must not come back`, {
      detail: `"never" in the config file bars them, for example row ${displayKey(first)}.`,
      hint: 'Make the plan again: it leaves them out.',
    })
  }
}

/** Throws `plan-stale` for a plan that follows other conditions than the config file has, or has rows which that bars. */
export const checkDeclared = async (
  plan: Plan,
  catalog: SharedCatalog,
  withSides: (check: (sides: Sides) => Promise<void>) => Promise<void>,
): Promise<void> => {
  refuseOtherConditions(plan, catalog)
  if (catalog.never.size > 0) await withSides((sides) => refuseNever(sides, plan))
}
