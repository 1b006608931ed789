/**
 * The conditions that separate rows of one table that are gone from rows that stayed: first of all the whole table, then partitions that
 * live does not have, then whatever explains most, and again with what is left. What no condition explains is one rest.
 */
import type { SharedTable } from '../../../catalog/shared.ts'
import { unpackKey } from '../../../keys/key.ts'
import type { Sides } from '../../../rows/sides.ts'
import type { Loss } from '../missing.ts'
import { everyRow, keysAlone, type RowCondition } from './condition.ts'
import { countHits, countPopulation, findHit, type HitCounts, type RowsByFate } from './counts.ts'
import { featuresOf } from './features.ts'
import { findPartitions } from './partitions.ts'
import { type Population, populationOf } from './population.ts'
import { type Counted, type Field, proposeCondition } from './propose.ts'

/** What a condition of several roots says about the backup. */
export interface FoundCondition extends RowCondition, HitCounts {
  /** Nothing else of the table was lost that way. */
  readonly isOnly: boolean
}

/** Roots of one table that one condition explains, if any does. */
export interface Gathered {
  readonly condition: FoundCondition | null
  readonly loss: Loss
  /** Packed. */
  readonly roots: readonly string[]
  /** Where they stand among all roots of the table. */
  readonly places: readonly number[]
}

export interface Gathering extends RowsByFate {
  readonly table: SharedTable
  /** How its rows were lost. */
  readonly loss: Loss
  /** Some of the rows that are missing. */
  readonly roots: readonly string[]
  /** True for a row that is missing, or was marked before. */
  readonly isLost: (key: string) => boolean
}

const mostRounds = 8

/** Keys that are worth a list. */
const mostKeys = 10

/** Gathers the roots of one table into groups; each root is in one of them. */
export const gatherRoots = async (sides: Sides, gathering: Gathering): Promise<readonly Gathered[]> => {
  const { table, roots, missing } = gathering
  const groups = new Groups(gathering)
  if (roots.length === 1) return groups.finish()
  const population = populationOf(table)
  const all = (await countPopulation(sides, population)) - gathering.others.length
  if (all === missing.length) {
    groups.take({ ...everyRow, of: all, hits: all, changed: 0, again: 0 }, null)
    return groups.finish()
  }
  const field: Field = {
    population,
    rows: all,
    features: featuresOf(sides, table),
    outcome: gathering,
    isLost: gathering.isLost,
  }
  const take = async (condition: Counted): Promise<boolean> => {
    const isAll = condition.hits === missing.length
    const hit = isAll ? null : await findHit(sides, population, { condition, keys: groups.openKeys() })
    return groups.take(condition, hit)
  }
  for (const condition of await countPartitions(sides, population, gathering)) await take(condition)
  for (let round = 0; round < mostRounds && groups.open > 1; round++) {
    const found = await proposeCondition(sides, field, groups.openKeys())
    if (found === null || !(await take(found))) break
  }
  return groups.finish()
}

/** The groups of a table's roots, while they are made. */
class Groups {
  readonly #gathering: Gathering
  readonly #groups: Gathered[] = []
  /** Places of the roots that are in no group yet. */
  #open: readonly number[]

  constructor(gathering: Gathering) {
    this.#gathering = gathering
    this.#open = [...gathering.roots.keys()]
  }

  get open(): number {
    return this.#open.length
  }

  /** Keys of the roots that are in no group yet. */
  openKeys(): readonly string[] {
    const { roots } = this.#gathering
    return this.#open.length === roots.length ? roots : this.#open.map((place) => roots[place] ?? '')
  }

  /** Puts roots into a group: those that stand in these places among the open ones, or all. False where there are none. */
  take(condition: Counted, hit: ReadonlySet<number> | null): boolean {
    const own = hit === null ? this.#open : this.#open.filter((_, at) => hit.has(at))
    if (own.length === 0) return false
    this.#add({ ...condition, isOnly: condition.hits === this.#gathering.missing.length }, own)
    this.#open = hit === null ? [] : this.#open.filter((_, at) => !hit.has(at))
    return true
  }

  /** All groups, with a last one of what nothing explains: by their keys, if these are few. */
  finish(): readonly Gathered[] {
    const { table, missing } = this.#gathering
    const [keys, rows] = [this.openKeys(), this.#open.length]
    if (rows > 1 && rows <= mostKeys) {
      const counts = { of: rows, hits: rows, changed: 0, again: 0, isOnly: rows === missing.length }
      this.#add({ ...keysAlone(table, keys.map(unpackKey)), ...counts }, this.#open)
    } else if (rows > 0) this.#add(null, this.#open)
    return this.#groups
  }

  #add(condition: FoundCondition | null, places: readonly number[]): void {
    const { loss, roots } = this.#gathering
    const own = places.length === roots.length ? roots : places.map((place) => roots[place] ?? '')
    this.#groups.push({ condition, loss, roots: own, places })
  }
}

/** Partitions all of whose rows are gone. */
const countPartitions = async (
  sides: Sides,
  population: Population,
  gathering: Gathering,
): Promise<readonly Counted[]> => {
  const conditions = await findPartitions(sides, population.table)
  const counts = await countHits(sides, population, { conditions, outcome: gathering })
  return conditions.flatMap((condition, place) => {
    const own = counts[place]
    return own === undefined || own.hits < own.of ? [] : [{ ...condition, ...own }]
  })
}
