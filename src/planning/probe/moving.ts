/** Live rows that give up a unique value because the plan updates them: what needs that value need not wait for an answer. */
import { findParking } from '../../plan/effects/parking.ts'
import type { Aside } from '../../plan/plan.ts'
import { type Sides, tableOf } from '../../rows/sides.ts'
import { readBackupValues, readLiveKeys } from '../../rows/values.ts'
import { canProbe, type UniqueOf } from '../../sql/uniques.ts'
import { probeUnique } from './unique-values.ts'

interface Leaving {
  readonly column: string | null
  readonly keys: ReadonlySet<string>
  readonly moved: Set<string>
}

const idOf = ({ table, unique }: UniqueOf): string => `${table.id}\0${unique.name}`

export class Moving {
  readonly #leaving = new Map<string, Leaving>()

  /** Adds updated rows that take other values of a constraint than they have. */
  add(of: UniqueOf, { column, keys }: Omit<Leaving, 'moved'>): void {
    this.#leaving.set(idOf(of), { column, keys, moved: new Set() })
  }

  /** Live rows that stay in the way: those that leave are noted as moved aside. */
  staying(of: UniqueOf, live: readonly string[]): readonly string[] {
    const leaving = this.#leaving.get(idOf(of))
    if (leaving === undefined) return live
    for (const key of live) if (leaving.keys.has(key)) leaving.moved.add(key)
    return live.filter((key) => !leaving.keys.has(key))
  }

  get aside(): readonly Aside[] {
    return [...this.#leaving].flatMap(([id, { column, moved }]) => {
      const [table = '', constraint = ''] = id.split('\0')
      return moved.size === 0 ? [] : [{ table, constraint, column, rows: moved.size }]
    })
  }
}

/** Finds the rows that leave their values, among those of which some columns are restored. */
export const findMoving = async (
  sides: Sides,
  updates: ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>,
): Promise<Moving> => {
  const moving = new Moving()
  for (const [id, rows] of updates) {
    const table = tableOf(sides.catalog, id)
    for (const unique of table.live.uniques) {
      if (unique.kind === 'primary' || !canProbe({ table, unique })) continue
      const parkings = [...rows].flatMap(([key, columns]) => {
        const parking = findParking({ table, unique }, columns, sides.catalog.relations)
        const touches = columns.some((name) => unique.columns.includes(name))
        return touches && (unique.isDeferrable || parking !== null) ? [{ key, parking }] : []
      })
      if (parkings.length === 0) continue
      const column = unique.isDeferrable ? null : (parkings[0]?.parking?.column ?? null)
      const leaving = parkings.map(({ key }) => key)
      const stayed = await findStaying(sides, { table, unique }, leaving)
      const live = await readLiveKeys(
        sides,
        table,
        leaving.filter((key) => !stayed.has(key)),
      )
      moving.add({ table, unique }, { column, keys: new Set(live.values()) })
    }
  }
  return moving
}

/** Of the rows given, those that will still hold the value they hold: the backup's collides with their own. */
const findStaying = async (sides: Sides, of: UniqueOf, keys: readonly string[]): Promise<ReadonlySet<string>> => {
  const { table, unique } = of
  const values = await readBackupValues(sides, table, { keys, columns: unique.columns })
  const probed = [...values].map(([key, row]) => ({ key, values: row }))
  const found = await probeUnique(sides.live, of, probed)
  const own = await readLiveKeys(sides, table, [...found.keys()])
  return new Set([...found].flatMap(([key, live]) => (live.includes(own.get(key) ?? '') ? [key] : [])))
}
