/** What is in the way of rows that are put back into live rows: labels, large objects, unique values. */
import type { SharedTable } from '../../catalog/shared.ts'
import type { Decider } from '../../plan/finding.ts'
import type { Sides } from '../../rows/sides.ts'
import { readBackupValues, readLiveKeys } from '../../rows/values.ts'
import { canProbe } from '../../sql/uniques.ts'
import { findLabels } from './enum-labels.ts'
import { findLargeObjects } from './large-objects.ts'
import type { Moving } from './moving.ts'
import { uniqueFinding } from './taken-findings.ts'
import { probeUnique } from './unique-values.ts'

/** What probing updates needs to know. */
export interface UpdateProbe {
  readonly sides: Sides
  readonly decider: Decider
  readonly moving: Moving
}

/** Rows whose restored columns live cannot take, or another live row's unique value stands in the way of; those answered `skip` are returned. */
export const probeUpdates = async (
  { sides, decider, moving }: UpdateProbe,
  table: SharedTable,
  rows: ReadonlyMap<string, readonly string[]>,
): Promise<readonly string[]> => {
  const skipped: string[] = []
  for (const find of [findLabels, findLargeObjects]) {
    for (const [key, finding] of await find(sides, table, [...rows.keys()])) {
      if (!finding.columns.some((name) => rows.get(key)?.includes(name))) continue
      if (decider.decide(finding) === 'skip') skipped.push(key)
    }
  }
  for (const unique of table.live.uniques) {
    if (!canProbe({ table, unique })) continue
    const touched = [...rows].filter(([, columns]) => columns.some((name) => unique.columns.includes(name)))
    const values = await readBackupValues(sides, table, {
      keys: touched.map(([key]) => key),
      columns: unique.columns,
    })
    const probed = [...values].map(([key, row]) => ({ key, values: row }))
    const found = await probeUnique(sides.live, { table, unique }, probed)
    const own = await readLiveKeys(sides, table, [...found.keys()])
    for (const [key, live] of found) {
      const others = moving.staying(
        { table, unique },
        live.filter((other) => other !== own.get(key)),
      )
      if (others.length === 0) continue
      const taken = { unique, values: values.get(key) ?? [] }
      const answer = decider.decide(uniqueFinding({ table, key }, taken, { live: others, possible: ['skip'] }))
      if (answer === 'skip') skipped.push(key)
    }
  }
  return skipped
}
