/** Live rows that may be other records by now, parents aside (`judged-parents.ts`): selected rows, survivors, and children that live has all the same. */
import type { SharedTable } from '../../catalog/shared.ts'
import { displayKey } from '../../keys/key.ts'
import type { Decider } from '../../plan/finding.ts'
import { readHabits } from '../../rows/records/habits.ts'
import { followingColumns, weighLikeness, weighMoved } from '../../rows/records/likeness.ts'
import type { Differing, Likeness } from '../../rows/records/weigh-columns.ts'
import type { Sides } from '../../rows/sides.ts'
import { tableOf } from '../../rows/sides.ts'
import type { StateCache } from '../../rows/state-cache.ts'
import type { RowState } from '../../rows/states.ts'
import type { Closure } from '../../selection/closure/closure.ts'
import type { Strangers, Survivor } from '../../selection/closure/survivors.ts'
import type { Resolved } from '../../selection/resolved.ts'
import { canComeBeside } from './taken-findings.ts'

/** What judging needs to know. */
export interface Judging {
  readonly sides: Sides
  readonly states: StateCache
  readonly decider: Decider
}

/** A row of live that is left alone because it may be another record than the backup's of that key. */
export interface Lookalike {
  readonly table: string
  /** As displayed. */
  readonly key: string
  readonly columns: readonly string[]
  /** The backup's row could come back beside it. */
  readonly canComeBeside: boolean
}

/**
 * Selected rows that may be other records by now, packed, per table: those that an earlier run brought back under other keys, and those of
 * which only some columns are to be put back (`columns`). What somebody rewrote in most rows is no sign of it there.
 */
export const findDoubted = async (
  { sides, states }: Omit<Judging, 'decider'>,
  { chosen }: Pick<Resolved, 'chosen'>,
  columns: readonly string[] | null,
): Promise<ReadonlyMap<string, ReadonlyMap<string, Likeness>>> => {
  const doubted = new Map<string, ReadonlyMap<string, Likeness>>()
  for (const [id, { table, states: read }] of sides.restored.size === 0 && columns === null ? [] : chosen) {
    const moved = { rows: movedOf(read), except: followingColumns(sides, table) }
    const differing = columns === null ? new Map() : differingOf(read)
    const known = differing.size === 0 ? [] : [...(columns ?? []), ...(await readHabits(sides, table)).rewritten]
    const explained = new Map([...differing.keys()].map((key) => [key, known] as const))
    const likenesses = [
      ...(await weighMoved(sides, table, moved)),
      ...(await weighLikeness({ sides, states, explained }, table, differing)),
    ]
    // Whoever names a row and a column knows the row: one other value is no reason to ask.
    const isDoubted = ([key, { isClear, of }]: (typeof likenesses)[number]): boolean =>
      !isClear && (moved.rows.has(key) || of > 1)
    doubted.set(id, new Map(likenesses.filter(isDoubted)))
  }
  return doubted
}

/** So many survivors written in one transaction make it the one that emptied their references. */
const fewestTogether = 3

/**
 * Survivors that may be other records by now: their references are not theirs to get back. One that was last written together with
 * several others of the same parent, which are the same still, had its reference emptied with theirs. That a reference was emptied speaks
 * for the row: where there are others, one other value does not outweigh it.
 */
export const findStrangers = async (
  { sides, states }: Omit<Judging, 'decider'>,
  closure: Closure,
): Promise<Strangers> => {
  const unhooked = unhookedColumns(closure)
  const suspects = new Map<Survivor, Likeness>()
  for (const [id, own] of Map.groupBy(closure.survivors, ({ relation }) => relation.child)) {
    const table = tableOf(sides.catalog, id)
    const byKey = Map.groupBy(own, ({ key }) => key)
    const differing = await readDiffering(states, table, byKey.keys())
    const weighing = { sides, states, explained: unhooked.get(id) ?? new Map() }
    for (const [key, likeness] of await weighLikeness(weighing, table, differing)) {
      if (!likeness.isClear) for (const survivor of byKey.get(key) ?? []) suspects.set(survivor, likeness)
    }
  }
  const parentOf = ({ relation, parent }: Survivor): string => `${relation.parent}\0${parent}`
  const clear = closure.survivors.filter((one) => !suspects.has(one))
  const byParent = Map.groupBy(clear, parentOf)
  const open = [...suspects].filter(([one]) => {
    const together = byParent.get(parentOf(one))?.filter(({ age }) => age !== null && age === one.age) ?? []
    return together.length < fewestTogether
  })
  const isSure = ([one, { of }]: (typeof open)[number]): boolean => of > 1 || !byParent.has(parentOf(one))
  return {
    sure: new Set(open.filter(isSure).map(([one]) => one)),
    possible: new Set(open.filter((own) => !isSure(own)).map(([one]) => one)),
  }
}

/** Children that live has all the same, and that may be other records by now: then the backup's are lost, and do not come along. */
export const findLookalikes = async (
  { sides, states }: Omit<Judging, 'decider'>,
  { namesakes }: Closure,
  keys: 'auto' | 'keep' | 'new',
): Promise<readonly Lookalike[]> => {
  const found: Lookalike[] = []
  for (const [id, rows] of namesakes) {
    const table = tableOf(sides.catalog, id)
    const differing = await readDiffering(states, table, rows)
    for (const [key, { isClear, changed }] of await weighLikeness({ sides, states }, table, differing)) {
      if (isClear) continue
      found.push({ table: id, key: displayKey(key), columns: changed, canComeBeside: canComeBeside(table, keys) })
    }
  }
  return found
}

/** The columns that differ, of the rows that live has with other values, marked as deleted or not. */
export const differingOf = (states: Iterable<readonly [string, RowState]>): Differing =>
  new Map(
    [...states].flatMap(([key, state]) =>
      state.state === 'changed' || state.state === 'deleted' ? [[key, state.columns] as const] : [],
    ),
  )

/** The live keys of rows that an earlier run brought back. */
export const movedOf = (states: Iterable<readonly [string, RowState]>): ReadonlyMap<string, string> => {
  const moved = new Map<string, string>()
  for (const [key, state] of states) if (state.state === 'restored') moved.set(key, state.liveKey)
  return moved
}

const readDiffering = async (states: StateCache, table: SharedTable, keys: Iterable<string>): Promise<Differing> =>
  differingOf(await states.read(table, [...keys]))

/** The references of survivors: that they were emptied is the deletion's doing. */
export const unhookedColumns = ({ survivors }: Closure): ReadonlyMap<string, Differing> => {
  const unhooked = new Map<string, Map<string, readonly string[]>>()
  for (const { relation, key } of survivors) {
    const own = unhooked.get(relation.child) ?? new Map<string, readonly string[]>()
    unhooked.set(relation.child, own)
    own.set(key, [...(own.get(key) ?? []), ...relation.columns])
  }
  return unhooked
}
