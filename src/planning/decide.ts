import { displayKey } from '../keys/key.ts'
import type { Decider } from '../plan/finding.ts'
import type { Aside } from '../plan/plan.ts'
import { type Sides, tableOf } from '../rows/sides.ts'
import { StateCache } from '../rows/state-cache.ts'
import { type Closure, followEdges } from '../selection/closure/closure.ts'
import type { ClosureOptions } from '../selection/closure/options.ts'
import type { Strangers } from '../selection/closure/survivors.ts'
import type { LeftOut } from '../selection/left-out.ts'
import type { Resolved } from '../selection/resolved.ts'
import { judgeChosen } from './chosen.ts'
import { withoutEmptied } from './emptied.ts'
import { findDropped } from './measure/transformed-rows.ts'
import { probeRows } from './probe/fates.ts'
import { type Attached, judgeParents } from './probe/judged-parents.ts'
import { findDoubted, findLookalikes, findStrangers, type Lookalike } from './probe/lookalikes.ts'
import type { Mapping } from './probe/mapping.ts'
import { findMoving } from './probe/moving.ts'
import { parentFinding } from './probe/taken-findings.ts'
import { probeUpdates } from './probe/updates.ts'

export interface DecideOptions {
  readonly closure: ClosureOptions
  readonly keys: 'auto' | 'keep' | 'new'
  /** Restore only these columns of rows that live still has. */
  readonly columns: readonly string[] | null
  readonly acceptTrigger: readonly string[]
}

/** A selected row that live still has, with the columns to be put back. */
export type Updates = ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>

export interface Decision {
  readonly closure: Closure
  readonly mapping: Mapping
  readonly updates: Updates
  /** Of those, rows that are moved aside before others take their unique values. */
  readonly aside: readonly Aside[]
  /** Live rows, changed since the backup, that rows come to refer to. */
  readonly attached: readonly Attached[]
  /** Rows that live has with other values, and to which nothing is attached, packed, per table. */
  readonly refused: ReadonlyMap<string, ReadonlySet<string>>
  /** Survivors that may be other records by now. */
  readonly strangers: Strangers
  /** Rows that live has all the same, and that may be other records by now. */
  readonly lookalikes: readonly Lookalike[]
  /** Selected rows that stay out, beside those of the closure. */
  readonly leftOut: readonly LeftOut[]
  /** Rows that their transform leaves out, packed, per table. */
  readonly dropped: ReadonlyMap<string, ReadonlySet<string>>
  /** Selected rows that live holds unchanged, per table. */
  readonly unchanged: ReadonlyMap<string, number>
  readonly untouched: Resolved['untouched']
  /** How many rows came only because of rows answered `skip`, and stay out with them, per table. */
  readonly followers: ReadonlyMap<string, number>
}

type RowSets = Map<string, Set<string>>

/** Adds rows to a set per table; true if one of them was new. */
const grow = (sets: RowSets, table: string, keys: Iterable<string>): boolean => {
  const known = sets.get(table) ?? new Set<string>()
  const before = known.size
  for (const key of keys) known.add(key)
  sets.set(table, known)
  return known.size > before
}

const hasRows = (sets: RowSets): boolean => [...sets.values()].some(({ size }) => size > 0)

/** Decides everything. Conflicts without an answer are left standing: their rows go on as if nothing was in the way. */
export const decideRows = async (
  sides: Sides,
  resolved: Resolved,
  options: DecideOptions,
  decider: Decider,
): Promise<Decision> => {
  const excluded: RowSets = new Map()
  const matched: RowSets = new Map()
  const dropped: RowSets = new Map()
  const twins = new Map<string, Map<string, string>>([...sides.restored].map(([table, rows]) => [table, new Map(rows)]))
  // What is found to be restored already is known to every state read from here on.
  const known: Sides = { ...sides, restored: twins }
  // Reused rows for which the live row of the same key stands in.
  const inPlace: RowSets = new Map()
  // Rows that live has with other values: those that come back beside them, and those to which nothing is attached.
  const [beside, refused]: readonly [RowSets, RowSets] = [new Map(), new Map()]
  const keptOut = new Map<string, LeftOut>()
  const states = new StateCache(known, { inPlace, beside })
  const judgement = { sides: known, states, decider }
  for (const { table, states: read } of resolved.chosen.values()) await states.adopt(table, read)
  const doubted = await findDoubted(judgement, resolved, options.columns)
  for (;;) {
    decider.nextRound()
    const { columns, acceptTrigger, keys: keyPolicy } = options
    const judging = { keys: known.keys, columns, acceptTrigger, keyPolicy, doubted, decider }
    const chosen = judgeChosen(currentStates(resolved, states), { ...judging, excluded })
    let isStable = true
    for (const [id, keys] of chosen.beside) if (grow(beside, id, keys)) isStable = false
    if (!isStable) continue
    const moving = await findMoving(known, chosen.updates)
    for (const [id, rows] of chosen.updates) {
      const blocked = await probeUpdates(known, tableOf(sides.catalog, id), rows, moving, decider)
      if (grow(excluded, id, blocked)) isStable = false
    }
    if (!isStable) continue
    // A row put back as a whole brings along what belongs to it; a row restored in some columns brings nothing.
    const isPartial = (id: string, key: string): boolean =>
      options.columns !== null || (chosen.repaired.get(id)?.has(key) ?? false)
    const updates = { rows: chosen.updates, isPartial }
    const decided = { excluded, matched, refused }
    const closure = await followEdges(known, chosen.resolved, updates, options.closure, decided, states)
    for (const { relation, key, parent } of closure.refusedParents) {
      const reason = { kind: 'parent refused', table: relation.parent, key: displayKey(parent) } as const
      keptOut.set(`${relation.child}\0${key}`, { table: relation.child, key: displayKey(key), reason })
      if (grow(excluded, relation.child, [key])) isStable = false
    }
    for (const missing of closure.missingParents) {
      const { relation, key } = missing
      const answer = decider.decide(parentFinding(known, missing, options.closure))
      if (answer === 'skip' && grow(excluded, relation.child, [key])) isStable = false
    }
    if (!isStable) continue
    const parents = await judgeParents(judgement, closure, {
      under: resolved.under,
      updates: chosen.updates,
      keys: options.keys,
    })
    for (const [id, keys] of parents.beside) if (grow(beside, id, keys)) isStable = false
    for (const [id, keys] of parents.refused) {
      const anchors = keys.filter((key) => resolved.under.get(id)?.includes(key))
      const revived = keys.filter((key) => closure.members.get(id)?.deleted.has(key))
      if (grow(refused, id, keys)) isStable = false
      if (grow(excluded, id, [...anchors, ...revived])) isStable = false
      const reason = { kind: 'anchor refused' } as const
      for (const key of anchors) keptOut.set(`${id}\0${key}`, { table: id, key: displayKey(key), reason })
    }
    if (!isStable) continue
    if (await dropRows(known, closure, chosen.updates, { excluded, dropped })) continue
    for (const [id, { deleted }] of closure.members) {
      const table = tableOf(sides.catalog, id)
      const revived = new Map([...deleted].map((key) => [key, table.softDelete === null ? [] : [table.softDelete]]))
      const blocked = await probeUpdates(known, table, revived, moving, decider)
      if (grow(excluded, id, blocked)) isStable = false
    }
    if (!isStable) continue
    const probed = await probeRows(known, closure.members, closure.standIns, {
      keys: options.keys,
      decider,
      inPlace,
      beside,
      moving,
    })
    for (const [id, keys] of probed.skipped) if (grow(excluded, id, keys)) isStable = false
    for (const [id, rows] of probed.twins) {
      const all = twins.get(id) ?? new Map<string, string>()
      twins.set(id, all)
      for (const [key, liveKey] of rows) {
        all.set(key, liveKey)
        states.set(id, key, { state: 'restored', liveKey })
        // It came back beside live's row before.
        beside.get(id)?.delete(key)
        isStable = false
      }
    }
    for (const [id, members] of closure.members) {
      const { standIns, overwritten } = probed.mapping.of(id)
      const stoodIn = [...standIns.keys()].filter((key) => members.has(key) && members.isInserted(key))
      const isMatched = (key: string): boolean => !overwritten.has(key)
      const isInPlace = (key: string): boolean => standIns.get(key) === key
      if (grow(matched, id, stoodIn.filter(isMatched))) isStable = false
      if (grow(inPlace, id, stoodIn.filter(isInPlace))) isStable = false
    }
    if (!isStable) continue
    const followers = async (): Promise<Decision['followers']> => {
      const { resolved: whole } = judgeChosen(currentStates(resolved, states), { ...judging, excluded: new Map() })
      const decidedAll = { excluded: new Map(), matched, refused: new Map() }
      const all = await followEdges(known, whole, updates, options.closure, decidedAll, states)
      return countFollowers(closure, all, excluded)
    }
    return {
      closure: withoutWritten(closure, chosen.updates, probed.mapping),
      mapping: probed.mapping,
      updates: await withoutEmptied(known, closure, chosen.updates),
      aside: moving.aside,
      attached: parents.attached,
      refused,
      strangers: await findStrangers(judgement, closure),
      lookalikes: await findLookalikes(judgement, closure, options.keys),
      leftOut: [...chosen.leftOut, ...keptOut.values()],
      dropped,
      unchanged: chosen.unchanged,
      untouched: resolved.untouched,
      followers: hasRows(excluded) ? await followers() : new Map(),
    }
  }
}

/** The closure without survivors whose references come back with the rest of their rows, which are overwritten. */
const withoutWritten = (closure: Closure, updates: Updates, mapping: Mapping): Closure => ({
  ...closure,
  survivors: closure.survivors.filter(({ relation, key, emptied }) => {
    const { standIns, overwritten } = mapping.of(relation.child)
    const isPutBack = emptied.every((name) => updates.get(relation.child)?.get(key)?.includes(name))
    return !isPutBack && !(overwritten.has(key) && standIns.get(key) === key)
  }),
})

/** Rows that a closure without any row left out has more, the rows left out aside. */
const countFollowers = ({ members }: Closure, all: Closure, excluded: RowSets): ReadonlyMap<string, number> =>
  new Map(
    [...all.members].map(([id, rows]) => {
      const isFollower = (key: string): boolean => !members.get(id)?.has(key) && !excluded.get(id)?.has(key)
      let count = 0
      for (const key of rows.keys()) if (isFollower(key)) count++
      return [id, count] as const
    }),
  )

/** Leaves out what transforms leave out; true if there was any. */
const dropRows = async (
  sides: Sides,
  { members }: Closure,
  updates: Updates,
  { excluded, dropped }: { readonly excluded: RowSets; readonly dropped: RowSets },
): Promise<boolean> => {
  let isAny = false
  for (const [id, own] of sides.transforms ?? []) {
    const keys = [...(members.get(id)?.keys() ?? []), ...(updates.get(id)?.keys() ?? [])]
    const out = await findDropped(sides, own, keys)
    grow(dropped, id, out)
    if (grow(excluded, id, out)) isAny = true
  }
  return isAny
}

/** The selected rows with their states as things stand when they are read. */
const currentStates = (resolved: Resolved, states: StateCache): Resolved => ({
  ...resolved,
  chosen: new Map(
    [...resolved.chosen].map(([id, own]) => [id, { ...own, states: states.judged(own.table, own.states) }]),
  ),
})
