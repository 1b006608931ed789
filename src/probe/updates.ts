/** Rows of live that are to be updated: what stands in the way of the values they take. */
import { sql } from 'kysely'
import { asText, fromTable, inBatches, joinOn, keySource, ordinal, packKey } from '../catalog/row.ts'
import type { SharedTable } from '../catalog/shared.ts'
import type { Sides } from '../diff/sides.ts'
import { readBackupValues } from './backup-values.ts'
import type { Decider } from './finding.ts'
import { findLabels } from './labels.ts'
import { findLargeObjects } from './large-objects.ts'
import type { Moving } from './moving.ts'
import { uniqueFinding } from './taken-findings.ts'
import { canProbe, probeUnique } from './uniques.ts'

/** The keys of rows as live has them: equal ones may read otherwise, as 1.0 and 1 do. */
export const readLiveKeys = async (
  sides: Sides,
  table: SharedTable,
  keys: readonly string[],
): Promise<ReadonlyMap<string, string>> => {
  const found = new Map<string, string>()
  for (const batch of inBatches(keys)) {
    const rows = await sides.live.rows(sql`
      select ${ordinal('k')}::text, ${asText('t', table.identity)}
      from ${keySource(table.live, table.identity, batch)}
      join ${fromTable(table.live)} as t on ${joinOn(table.identity, 't', 'k')}`)
    for (const [ord, ...key] of rows) found.set(batch[Number(ord) - 1] ?? '', packKey(key.map((value) => value ?? '')))
  }
  return found
}

/** Rows whose restored columns live cannot take, or another live row's unique value stands in the way of; those answered `skip` are returned. */
export const probeUpdates = async (
  sides: Sides,
  table: SharedTable,
  rows: ReadonlyMap<string, readonly string[]>,
  moving: Moving,
  decider: Decider,
): Promise<readonly string[]> => {
  const skipped: string[] = []
  for (const find of [findLabels, findLargeObjects]) {
    for (const [key, finding] of await find(sides, table, [...rows.keys()])) {
      if (!finding.columns.some((name) => rows.get(key)?.includes(name))) continue
      if (decider.decide(finding) === 'skip') skipped.push(key)
    }
  }
  for (const unique of table.live.uniques) {
    if (!canProbe(table, unique)) continue
    const touched = [...rows].filter(([, columns]) => columns.some((name) => unique.columns.includes(name)))
    const values = await readBackupValues(
      sides,
      table,
      touched.map(([key]) => key),
      unique.columns,
    )
    const probed = [...values].map(([key, row]) => ({ key, values: row }))
    const found = await probeUnique(sides.live, table, unique, probed)
    const own = await readLiveKeys(sides, table, [...found.keys()])
    for (const [key, live] of found) {
      const others = moving.staying(
        table,
        unique,
        live.filter((other) => other !== own.get(key)),
      )
      if (others.length === 0) continue
      const taken = { unique, values: values.get(key) ?? [] }
      const answer = decider.decide(uniqueFinding(table, key, taken, others, ['skip']))
      if (answer === 'skip') skipped.push(key)
    }
  }
  return skipped
}
