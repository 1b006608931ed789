/** The plan stage: from a selection to a plan, in one snapshot of each side. Nothing is written anywhere. */

import { declaredAbout, isUndeclared } from '../catalog/declared.ts'
import { resolveEdits } from '../catalog/edits.ts'
import { fingerprint } from '../catalog/read/fingerprint.ts'
import type { DatabaseIdentity } from '../catalog/read/identity.ts'
import type { SharedCatalog } from '../catalog/shared.ts'
import { displayKey } from '../keys/key.ts'
import { keysOf } from '../keys/key-columns.ts'
import { ConflictLog, refuseUnfitting } from '../plan/conflicts.ts'
import { firingTriggers, locksParents, outwardFindings, usedRelations, usedSequences } from '../plan/effects/effects.ts'
import { listNotUndoable, refuseUnpublishable } from '../plan/effects/publications.ts'
import { refuseMissing } from '../plan/effects/rights.ts'
import type { Answer } from '../plan/finding.ts'
import { findNarrower, likelyRenamed, takenDefaults, usedSources } from '../plan/notes/drift.ts'
import { derivedColumns, serverBound, unfollowedKeys } from '../plan/notes/hints.ts'
import type { PlanOptions } from '../plan/options.ts'
import { hashPlan, type Plan } from '../plan/plan.ts'
import type { Step } from '../plan/step.ts'
import { namedKeys, type Sides, tableOf } from '../rows/sides.ts'
import { judgeSurvivors } from '../selection/closure/survivors.ts'
import { nameIncidents } from '../selection/incidents/select.ts'
import { resolveSelection, restorableTable } from '../selection/resolve.ts'
import { barNever, type Resolved } from '../selection/resolved.ts'
import type { Selection } from '../selection/selection.ts'
import { placedMethod } from '../sql/column-digest.ts'
import { type GivenTransforms, withEdits } from '../transform/edited.ts'
import { buildAttached, buildStandIns, buildSteps, type DecidedPlan } from './build-steps.ts'
import { type Decision, decideRows } from './decide.ts'
import { listElsewhere } from './elsewhere.ts'
import { countLinked, listAlsoMissing, listLeftOut } from './left-out.ts'
import { checkLockRoom } from './measure/locks.ts'
import { combineDigests, type Measured, measureImages, readGuards } from './measure/measure.ts'
import { type PlanFacts, readPlanFacts, type Written } from './measure/plan-facts.ts'
import { checkRoom } from './measure/room.ts'
import { refuseNotRounding } from './measure/rounding.ts'
import { readSetValues } from './measure/set-values.ts'
import { measureTransforms } from './measure/transformed-rows.ts'
import { findNeededBelow, type NeededBelow } from './needed-below.ts'

export interface MakePlanInput {
  readonly sides: Sides
  /** By table, as the config file names them. */
  readonly transforms: GivenTransforms
  readonly selection: Selection
  readonly options: PlanOptions
  readonly answers: Readonly<Record<string, Answer>>
  readonly live: DatabaseIdentity
  readonly backup: DatabaseIdentity
  /** Ids of incidents that runs in live have brought back. */
  readonly restoredIncidents: ReadonlySet<string>
  /** Looks for the files that written rows name. */
  readonly findMissingFiles: (sides: Sides, steps: readonly Step[]) => Promise<Plan['missingFiles']>
}

/** Makes a plan. Throws on unusable selections and missing privileges; conflicts are part of the plan. */
export const makePlan = async (input: MakePlanInput): Promise<Plan> => {
  const edited = await editSides(input)
  const decided = await decide(edited, input.sides.catalog)
  const { sides, options, log } = decided
  const written = buildWritten(decided)
  const measured = await measureSteps(sides, written.steps)
  for (const finding of outwardFindings(written.triggers, options.triggers)) log.decide(finding)
  refuseUnfitting(log, options.onConflict)
  await refuseUnable(decided, written)
  const facts = await readPlanFacts(sides, { ...written, bytes: measured.bytes }, options)
  const missingFiles = await input.findMissingFiles(sides, written.steps)
  sides.onStage({ stage: 'build' })
  const plan = assemble(edited, decided, { ...written, measured, facts, missingFiles })
  return { ...plan, hash: hashPlan(plan) }
}

/** What the rules have decided, and what they were given. */
interface Decided extends DecidedPlan {
  readonly sides: Sides
  readonly options: PlanOptions
  /** Ids of the tables left out. */
  readonly without: ReadonlySet<string>
  readonly resolved: Resolved
  readonly log: ConflictLog
  readonly below: readonly NeededBelow[]
}

/** Finds the rows that are wanted, and decides about them. Incidents are told by what the backup itself holds: `asBackedUp`. */
const decide = async (
  { sides, options, selection, answers, restoredIncidents }: MakePlanInput,
  asBackedUp: SharedCatalog,
): Promise<Decided> => {
  const log = new ConflictLog({ byId: answers, byTable: options.onConflict, again: options.again })
  const known: Sides = options.again ? { ...sides, restored: namedKeys(sides.catalog) } : sides
  sides.onStage({ stage: 'select' })
  const without = new Set(options.without.map((name) => restorableTable(known.catalog, name).id))
  const direct = await nameIncidents({ ...known, catalog: asBackedUp }, selection, restoredIncidents)
  const resolved = await barNever(known, await resolveSelection(known, direct))
  const decision = await decideRows(known, resolved, {
    closure: { ...options, without },
    keys: options.keys,
    columns: selection.columns,
    leftToLive: [...options.acceptTrigger, ...(options.acceptRounding ?? [])],
    decider: log,
  })
  const isMet = log.conflicts.every(({ id }) => log.answers[id] !== 'skip' && log.answers[id] !== 'allocate')
  const reached = !isMet ? reachedRows(decision, resolved) : new Set<string>()
  log.forget(({ table, key }) => !reached.has(`${table}\0${key}`))
  const survivors =
    options.relink === 'none'
      ? new Map()
      : judgeSurvivors(decision.closure.survivors, decision.strangers, options.relink)
  const below = await findNeededBelow(known, decision, { ...options, without })
  return { sides: known, options, without, resolved, log, catalog: known.catalog, decision, survivors, below }
}

/** The steps, and what of live they use. */
interface WrittenPlan extends Omit<Written, 'bytes'> {
  readonly triggers: Plan['triggers']
  /** Ids of the tables written, and of those with rows that stand in. */
  readonly used: readonly string[]
}

const buildWritten = (decided: Decided): WrittenPlan => {
  const { sides, catalog, options } = decided
  const tables = new Map(catalog.live.tables.map((table) => [table.id, table]))
  sides.onStage({ stage: 'build' })
  const steps = buildSteps(decided)
  const standIns = buildStandIns(decided)
  return {
    steps,
    standIns,
    triggers: firingTriggers(tables, steps, options.triggers),
    sequences: usedSequences(tables, steps, catalog),
    used: [...new Set([...steps, ...standIns].map(({ table }) => table))].sort(),
  }
}

/** Refuses what could not be run: for want of privileges, of new keys or of locks, or because of a publication. */
const refuseUnable = async (
  { sides: { live }, catalog, options }: Decided,
  { steps, standIns, sequences, used }: WrittenPlan,
): Promise<void> => {
  if (!options.forOthers) refuseMissing(catalog.live, { steps, sequences, standIns })
  refuseUnpublishable(catalog.live, steps, 'not-restorable')
  await checkRoom(live, catalog.live, sequences)
  await checkLockRoom(
    live,
    used.map((id) => tableOf(catalog, id).live),
  )
}

/** What has been read about the steps. */
interface Read {
  readonly measured: Awaited<ReturnType<typeof measureSteps>>
  readonly facts: PlanFacts
  readonly missingFiles: Plan['missingFiles']
}

const assemble = (
  { live, backup, selection, options }: MakePlanInput,
  decided: Decided,
  { steps, standIns, triggers, used, measured, facts, missingFiles }: WrittenPlan & Read,
): Omit<Plan, 'hash'> => {
  const { sides, catalog, decision, survivors, resolved, log, without, below } = decided
  const declared = declaredAbout(catalog.declarations, new Set(used))
  return {
    v: 1,
    kind: 'plan',
    made: new Date().toISOString(),
    live,
    backup,
    unseenFrom: facts.unseenFrom,
    undoes: null,
    selection,
    options,
    digest: { method: placedMethod(sides.hashing), value: measured.digest },
    fingerprints: Object.fromEntries(used.map((id) => [id, fingerprint(tableOf(catalog, id).live)])),
    ...(isUndeclared(declared) ? {} : { declared }),
    steps: measured.steps,
    standIns,
    relations: usedRelations(catalog, steps),
    conflicts: log.conflicts,
    leftOut: listLeftOut(decision, survivors, log),
    ...(decision.attached.length === 0 ? {} : { attached: buildAttached(decided) }),
    ...(decision.closure.elsewhere.length === 0
      ? {}
      : { elsewhere: listElsewhere(catalog, decision.closure.elsewhere) }),
    notInBackup: resolved.notInBackup,
    coverage: resolved.coverage,
    unchanged: [...decision.unchanged].map(([table, rows]) => ({ table, rows })),
    alreadyLinked: countLinked(decision),
    alsoMissing: listAlsoMissing(decision, catalog, { ...options, without: [...without], below }),
    lost: [...facts.lost, ...measured.lost],
    triggers,
    sequences: facts.sequences,
    defaults: takenDefaults(catalog, steps),
    narrower: findNarrower(catalog, steps),
    materialisedViews: facts.materialisedViews,
    missingFiles,
    aside: decision.aside,
    notUndoable: listNotUndoable(catalog.live, steps),
    locksParents: locksParents(catalog, steps),
    bytes: measured.bytes,
    footprint: facts.footprint,
    sources: usedSources(catalog.backup, used),
    edits: [...facts.edits, ...measured.edits],
    notFollowed: facts.notFollowed,
    notes: [
      ...likelyRenamed(catalog, steps),
      ...unfollowedKeys(catalog, steps, standIns),
      ...derivedColumns(catalog, steps),
      ...serverBound(catalog, steps),
      ...facts.unindexed,
    ],
    answers: log.answers,
    answered: log.answers,
  }
}

/** Both sides as if the backup held the values that the user gives, and those as live spells them. */
const editSides = async (input: MakePlanInput): Promise<MakePlanInput> => {
  const { sides, options, transforms } = input
  const { set, mapEnum } = resolveEdits(sides.catalog, options)
  refuseNotRounding(sides.catalog, options.acceptRounding ?? [])
  const spelled = { mapEnum, set: await readSetValues(sides.live, sides.catalog.live, set) }
  const edited = withEdits(sides.catalog, transforms, spelled)
  return { ...input, sides: { ...sides, ...edited }, options: { ...options, ...spelled } }
}

/** Rows that were selected, or are still reached, as displayed: those that came only because of a row left out are not worth a word. */
const reachedRows = (decision: Decision, resolved: Resolved): ReadonlySet<string> => {
  const { members, met } = decision.closure
  const reached = new Set<string>()
  const add = (table: string, keys: Iterable<string>): void => {
    for (const key of keys) reached.add(`${table}\0${displayKey(key)}`)
  }
  for (const [table, { states }] of resolved.chosen) add(table, states.keys())
  for (const [table, repairs] of resolved.repairs) add(table, repairs.keys())
  for (const [table, rows] of members) add(table, rows.keys())
  for (const [table, keys] of met) add(table, keys)
  for (const [table, keys] of decision.refused) add(table, keys)
  return reached
}

/** Adds guards to steps that rely on live rows, and digests what will be written, in the order it will be staged. */
const measureSteps = async (
  sides: Sides,
  steps: readonly Step[],
): Promise<Measured & { readonly steps: readonly Step[] } & Pick<Plan, 'edits' | 'lost'>> => {
  const guarded: Step[] = []
  for (const step of steps) {
    const isGuarded = step.action === 'update' && step.because !== 'survivor'
    const table = tableOf(sides.catalog, step.table)
    if (isGuarded) sides.onStage({ stage: 'guard', table: table.id, total: step.rows })
    guarded.push(
      isGuarded ? { ...step, guards: await readGuards(sides.live, table, keysOf(step.live ?? step.keys)) } : step,
    )
  }
  const plain = await measureImages(
    sides,
    guarded.filter(({ table }) => sides.transforms?.has(table) !== true),
    placedMethod(sides.hashing),
  )
  const made = await measureTransforms(sides, guarded)
  const digest = combineDigests([plain.digest, made.digest])
  return { ...made, steps: guarded, digest, bytes: plain.bytes + made.bytes }
}
