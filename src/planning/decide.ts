/**
 * Rules about rows, gone through until none decides anything new: what one decides, those before it have judged without.
 *
 * In come the selected rows with their states, out goes a `Decision`: what comes along, what becomes of each key, what stays out.
 */
import { displayKey } from '../keys/key.ts'
import type { Decider } from '../plan/finding.ts'
import type { Aside } from '../plan/plan.ts'
import { type Sides, tableOf } from '../rows/sides.ts'
import { StateCache } from '../rows/state-cache.ts'
import { type Closure, followEdges } from '../selection/closure/closure.ts'
import type { ClosureOptions } from '../selection/closure/options.ts'
import type { Strangers } from '../selection/closure/survivors.ts'
import type { DecidedRows } from '../selection/closure/walk.ts'
import type { LeftOut } from '../selection/left-out.ts'
import type { Resolved } from '../selection/resolved.ts'
import { type Judged, judgeChosen } from './chosen.ts'
import { withoutEmptied } from './emptied.ts'
import { findDropped } from './measure/transformed-rows.ts'
import { type Probed, probeRows } from './probe/fates.ts'
import { type Attached, type JudgedParents, judgeParents } from './probe/judged-parents.ts'
import { findDoubted, findLookalikes, findStrangers, type Judging, type Lookalike } from './probe/lookalikes.ts'
import type { Mapping } from './probe/mapping.ts'
import { findMoving, type Moving } from './probe/moving.ts'
import { parentFinding } from './probe/taken-findings.ts'
import { probeUpdates } from './probe/updates.ts'
import { RowDecisions, type RowSets } from './row-decisions.ts'

export interface DecideOptions {
  readonly closure: ClosureOptions
  readonly keys: 'auto' | 'keep' | 'new'
  /** Restore only these columns of rows that live still has. */
  readonly columns: readonly string[] | null
  readonly leftToLive: readonly string[]
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
  /** Rows whose key was changed in live, packed, per table. */
  readonly renamed: ReadonlyMap<string, ReadonlySet<string>>
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

/** What is asked of the rules, and all that they know: it is the same in every round but for what has been decided. */
interface Deciding extends Judging {
  readonly resolved: Resolved
  readonly options: DecideOptions
  /** Selected rows that may be other records by now. */
  readonly doubted: Awaited<ReturnType<typeof findDoubted>>
  readonly decisions: RowDecisions
}

/** What the rules find in a round that changes no decision. */
interface Round {
  readonly chosen: Judged
  readonly moving: Moving
  readonly closure: Closure
  readonly parents: JudgedParents
  readonly probed: Probed
}

/** Decides everything. Conflicts without an answer are left standing: their rows go on as if nothing was in the way. */
export const decideRows = async (
  sides: Sides,
  resolved: Resolved,
  options: DecideOptions & { readonly decider: Decider },
): Promise<Decision> => {
  const decisions = new RowDecisions(sides.restored)
  // What is found to be restored already is known to every state read from here on.
  const known: Sides = { ...sides, restored: decisions.twins }
  const judging = { sides: known, states: new StateCache(known, decisions), decider: options.decider }
  for (const { table, states } of resolved.chosen.values()) await judging.states.adopt(table, states)
  const doubted = await findDoubted(judging, resolved, options.columns)
  const deciding: Deciding = { ...judging, resolved, options, doubted, decisions }
  for (;;) {
    const round = await playRound(deciding)
    if (round !== null) return conclude(deciding, round)
  }
}

/** Goes through the rules. Each stands on what those before it have found: null as soon as one has decided something new. */
const playRound = async (deciding: Deciding): Promise<Round | null> => {
  const { decisions, sides } = deciding
  deciding.decider.nextRound()
  decisions.nextRound()
  const chosen = chooseRows(deciding)
  if (decisions.hasChanged) return null
  const moving = await findMoving(sides, chosen.updates)
  await leaveOutBlocked(deciding, chosen.updates, moving)
  if (decisions.hasChanged) return null
  const closure = await follow(deciding, chosen, decisions)
  leaveOutOrphans(deciding, closure)
  if (decisions.hasChanged) return null
  const parents = await askAboutParents(deciding, closure, chosen)
  if (decisions.hasChanged) return null
  await dropRows(deciding, closure, chosen.updates)
  if (decisions.hasChanged) return null
  await leaveOutBlocked(deciding, revivals(deciding, closure), moving)
  if (decisions.hasChanged) return null
  const probed = await settleKeys(deciding, closure, moving)
  return decisions.hasChanged ? null : { chosen, moving, closure, parents, probed }
}

/** The selected rows, sorted by what live holds of them as things stand. */
const judgeSelected = ({ sides, states, resolved, options, ...own }: Deciding, excluded: RowSets): Judged =>
  judgeChosen(currentStates(resolved, states), {
    keys: sides.keys,
    columns: options.columns,
    leftToLive: options.leftToLive,
    keyPolicy: options.keys,
    doubted: own.doubted,
    renamed: own.decisions.renamed,
    decider: own.decider,
    excluded,
  })

const chooseRows = (deciding: Deciding): Judged => {
  const chosen = judgeSelected(deciding, deciding.decisions.excluded)
  for (const [id, keys] of chosen.beside) deciding.decisions.add(deciding.decisions.beside, id, keys)
  return chosen
}

/** Leaves out live rows that cannot take the values they are to get back. */
const leaveOutBlocked = async (deciding: Deciding, updates: Updates, moving: Moving): Promise<void> => {
  const { sides, decisions } = deciding
  for (const [id, rows] of updates) {
    const blocked = await probeUpdates({ ...deciding, moving }, tableOf(sides.catalog, id), rows)
    decisions.add(decisions.excluded, id, blocked)
  }
}

/** What comes along with the selected rows. */
const follow = (
  { sides, states, options }: Deciding,
  { resolved, updates, repaired }: Judged,
  decided: DecidedRows,
): Promise<Closure> => {
  // A row put back as a whole brings along what belongs to it; a row restored in some columns brings nothing.
  const isPartial = (id: string, key: string): boolean =>
    options.columns !== null || (repaired.get(id)?.has(key) ?? false)
  return followEdges({ sides, states, decided, options: options.closure }, resolved, { rows: updates, isPartial })
}

/** Leaves out rows whose parent was answered not to be theirs, or whose parent nobody has. */
const leaveOutOrphans = ({ sides, decider, options, decisions }: Deciding, closure: Closure): void => {
  for (const { relation, key, parent } of closure.refusedParents) {
    decisions.tell(relation.child, key, { kind: 'parent refused', table: relation.parent, key: displayKey(parent) })
    decisions.add(decisions.excluded, relation.child, [key])
  }
  for (const orphan of closure.orphans) {
    const answer = decider.decide(parentFinding(sides, orphan, options.closure))
    if (answer === 'skip') decisions.add(decisions.excluded, orphan.relation.child, [orphan.key])
  }
}

/** Asks about parents that may be other records by now. */
const askAboutParents = async (deciding: Deciding, closure: Closure, { updates }: Judged): Promise<JudgedParents> => {
  const { resolved, options, decisions } = deciding
  const parents = await judgeParents(deciding, closure, { under: resolved.under, updates, keys: options.keys })
  for (const [id, keys] of parents.beside) decisions.add(decisions.beside, id, keys)
  for (const [id, keys] of parents.refused) {
    const anchors = keys.filter((key) => resolved.under.get(id)?.includes(key))
    const revived = keys.filter((key) => closure.members.get(id)?.deleted.has(key))
    decisions.add(decisions.refused, id, keys)
    decisions.add(decisions.excluded, id, [...anchors, ...revived])
    for (const key of anchors) decisions.tell(id, key, { kind: 'anchor refused' })
  }
  return parents
}

/** Leaves out what transforms leave out. */
const dropRows = async ({ sides, decisions }: Deciding, { members }: Closure, updates: Updates): Promise<void> => {
  for (const [id, own] of sides.transforms ?? []) {
    const keys = [...(members.get(id)?.keys() ?? []), ...(updates.get(id)?.keys() ?? [])]
    const out = await findDropped(sides, own, keys)
    decisions.add(decisions.dropped, id, out)
    decisions.add(decisions.excluded, id, out)
  }
}

/** Rows that live has marked as deleted, with the column of the mark. */
const revivals = ({ sides }: Deciding, { members }: Closure): Updates =>
  new Map(
    [...members].map(([id, { deleted }]) => {
      const { softDelete } = tableOf(sides.catalog, id)
      return [id, new Map([...deleted].map((key) => [key, softDelete === null ? [] : [softDelete]]))]
    }),
  )

/** What becomes of each key: rows that live has all the same, or has others for, change what comes along. */
const settleKeys = async (deciding: Deciding, closure: Closure, moving: Moving): Promise<Probed> => {
  const { sides, states, decider, options, decisions } = deciding
  const { inPlace, beside } = decisions
  const probed = await probeRows(sides, closure, { keys: options.keys, decider, inPlace, beside, moving })
  for (const [id, keys] of probed.skipped) decisions.add(decisions.excluded, id, keys)
  for (const [id, rows] of probed.twins) {
    for (const [key, liveKey] of rows) {
      decisions.addTwin(tableOf(sides.catalog, id), key, liveKey)
      states.set(id, key, { state: 'restored', liveKey })
    }
  }
  for (const [id, members] of closure.members) {
    const { standIns, overwritten } = probed.mapping.of(id)
    const stoodIn = [...standIns.keys()].filter((key) => members.has(key) && members.isInserted(key))
    decisions.add(
      decisions.matched,
      id,
      stoodIn.filter((key) => !overwritten.has(key)),
    )
    decisions.add(
      inPlace,
      id,
      stoodIn.filter((key) => standIns.get(key) === key),
    )
  }
  return probed
}

const conclude = async (deciding: Deciding, round: Round): Promise<Decision> => {
  const { resolved, options, decisions } = deciding
  const { chosen, moving, closure, parents, probed } = round
  return {
    closure: withoutWritten(closure, chosen.updates, probed.mapping),
    mapping: probed.mapping,
    updates: await withoutEmptied(deciding.sides, closure, chosen.updates),
    aside: moving.aside,
    attached: parents.attached,
    refused: decisions.refused,
    renamed: decisions.renamed,
    strangers: await findStrangers(deciding, closure),
    lookalikes: await findLookalikes(deciding, closure, options.keys),
    leftOut: [...chosen.leftOut, ...decisions.leftOut],
    dropped: decisions.dropped,
    unchanged: chosen.unchanged,
    untouched: resolved.untouched,
    followers: await findFollowers(deciding, round),
  }
}

/** What would have come along, had nothing been left out. */
const findFollowers = async (deciding: Deciding, { chosen, closure }: Round): Promise<Decision['followers']> => {
  const { excluded, matched } = deciding.decisions
  if (![...excluded.values()].some(({ size }) => size > 0)) return new Map()
  const whole = judgeSelected(deciding, new Map())
  const decided = { excluded: new Map(), matched, refused: new Map() }
  const all = await follow(deciding, { ...chosen, resolved: whole.resolved }, decided)
  return countFollowers(closure, all, excluded)
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

/** The selected rows with their states as things stand when they are read. */
const currentStates = (resolved: Resolved, states: StateCache): Resolved => ({
  ...resolved,
  chosen: new Map(
    [...resolved.chosen].map(([id, own]) => [id, { ...own, states: states.judged(own.table, own.states) }]),
  ),
})
