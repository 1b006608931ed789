/** Survivors under their incident, by the same evidence as closure, and the time that they tell. */
import { sql } from 'kysely'
import type { SharedTable } from '../../catalog/shared.ts'
import { packNames } from '../../keys/key.ts'
import { readShown } from '../../rows/by-key.ts'
import { type Sides, tableOf } from '../../rows/sides.ts'
import { judgeSurvivors, noStrangers, type Survivor } from '../closure/survivors.ts'

/** Live rows of one table whose reference was emptied. */
export interface SurvivorCount {
  readonly table: string
  /** The columns that are empty since. */
  readonly columns: readonly string[]
  readonly rows: number
}

/** Counts the survivors that would be re-linked, per incident, and reads when their references were emptied. */
export const readSurvivorCounts = async (
  sides: Sides,
  survivors: readonly Survivor[],
  incidentOf: (survivor: Survivor) => number,
): Promise<ReadonlyMap<number, { readonly counts: readonly SurvivorCount[]; readonly when: string | null }>> => {
  const judged = judgeSurvivors(survivors, noStrangers, 'evidence')
  const relinked = survivors.filter((survivor) => {
    const relinking = judged.get(survivor)
    return relinking === 'relink' || relinking === 'edited since'
  })
  const found = new Map<number, { readonly counts: readonly SurvivorCount[]; readonly when: string | null }>()
  for (const [incident, own] of Map.groupBy(relinked, incidentOf)) {
    const counts = [...Map.groupBy(own, ({ relation, emptied }) => packNames([relation.id, ...emptied])).values()]
    const witness = own.find((survivor) => judged.get(survivor) === 'relink' && survivor.age !== null)
    found.set(incident, {
      counts: counts.flatMap((rows) => {
        const [first] = rows
        return first === undefined ? [] : [{ table: first.relation.child, columns: first.emptied, rows: rows.length }]
      }),
      when:
        witness === undefined
          ? null
          : await readCommitTime(sides, tableOf(sides.catalog, witness.relation.child), witness.key),
    })
  }
  return found
}

const keepsCommitTimes = async (sides: Sides): Promise<boolean> => {
  const [row] = await sides.live.rows(sql`select pg_catalog.current_setting('track_commit_timestamp', true)`)
  return row?.[0] === 'on'
}

/** When the transaction that last wrote a row of live was committed; null where the server keeps no such times, or has forgotten. */
export const readCommitTime = async (sides: Sides, table: SharedTable, key: string): Promise<string | null> => {
  if (!(await keepsCommitTimes(sides))) return null
  const show = [sql`pg_catalog.pg_xact_commit_timestamp(t.xmin)`]
  const shown = await readShown(sides.live, table, { keys: [key], show })
  return shown.get(key)?.[0] ?? null
}
