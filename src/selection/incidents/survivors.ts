/** Survivors under their incident, by the same evidence as closure, and the time that they tell. */
import { sql } from 'kysely'
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
  const hasTimes = relinked.length > 0 && (await keepsCommitTimes(sides))
  const found = new Map<number, { readonly counts: readonly SurvivorCount[]; readonly when: string | null }>()
  for (const [incident, own] of Map.groupBy(relinked, incidentOf)) {
    const counts = [...Map.groupBy(own, ({ relation, emptied }) => packNames([relation.id, ...emptied])).values()]
    const witness = own.find((survivor) => judged.get(survivor) === 'relink' && survivor.age !== null)
    found.set(incident, {
      counts: counts.flatMap((rows) => {
        const [first] = rows
        return first === undefined ? [] : [{ table: first.relation.child, columns: first.emptied, rows: rows.length }]
      }),
      when: hasTimes && witness !== undefined ? await readCommitTime(sides, witness) : null,
    })
  }
  return found
}

const keepsCommitTimes = async (sides: Sides): Promise<boolean> => {
  const [row] = await sides.live.rows(sql`select pg_catalog.current_setting('track_commit_timestamp', true)`)
  return row?.[0] === 'on'
}

/** When the transaction that last wrote a survivor was committed; null where the server has forgotten. */
const readCommitTime = async (sides: Sides, { relation, key }: Survivor): Promise<string | null> => {
  const table = tableOf(sides.catalog, relation.child)
  const show = [sql`pg_catalog.pg_xact_commit_timestamp(t.xmin)`]
  const shown = await readShown(sides.live, table, { keys: [key], show })
  return shown.get(key)?.[0] ?? null
}
