/** The plan stage: from a selection to a plan, in one snapshot of each side. Nothing is written anywhere. */

import { declaredAbout, isUndeclared } from '../catalog/declared.ts'
import { resolveEdits } from '../catalog/edits.ts'
import { fingerprint } from '../catalog/read/fingerprint.ts'
import type { DatabaseIdentity } from '../catalog/read/identity.ts'
import { readMaterialisedViews } from '../catalog/read/views.ts'
import { displayKey } from '../keys/key.ts'
import { keysOf, streamKeys } from '../keys/key-columns.ts'
import { ConflictLog } from '../plan/conflicts.ts'
import { firingTriggers, locksParents, outwardFindings, usedRelations, usedSequences } from '../plan/effects/effects.ts'
import { listNotUndoable, refuseUnpublishable } from '../plan/effects/publications.ts'
import { refuseMissing } from '../plan/effects/rights.ts'
import type { Answer } from '../plan/finding.ts'
import { findNarrower, renameHints, takenDefaults, usedSources } from '../plan/notes/drift.ts'
import { rowsWriting, setEdits } from '../plan/notes/edits.ts'
import { derivedColumns, serverBound, unfollowedKeys } from '../plan/notes/hints.ts'
import type { PlanOptions } from '../plan/options.ts'
import { hashPlan, type Plan } from '../plan/plan.ts'
import type { Step } from '../plan/step.ts'
import { namedKeys, readUnseenFrom, type Sides, tableOf } from '../rows/sides.ts'
import { listNotFollowed } from '../rows/typed-rows.ts'
import { judgeSurvivors } from '../selection/closure/survivors.ts'
import { nameIncidents } from '../selection/incidents/select.ts'
import { resolveSelection, restorableTable } from '../selection/resolve.ts'
import { barNever, type Resolved } from '../selection/resolved.ts'
import type { Selection } from '../selection/selection.ts'
import { placedMethod } from '../sql/column-digest.ts'
import { type GivenTransforms, withEdits } from '../transform/edited.ts'
import { buildAttached, buildStandIns, buildSteps } from './build-steps.ts'
import { type Decision, decideRows } from './decide.ts'
import { countLinked, listAlsoMissing, listLeftOut } from './left-out.ts'
import { checkLockRoom } from './measure/locks.ts'
import { combineDigests, countLost, type Measured, measureImages, readGuards } from './measure/measure.ts'
import { readFootprint, readSequenceMoves } from './measure/read-footprint.ts'
import { checkRoom } from './measure/room.ts'
import { readSetValues } from './measure/set-values.ts'
import { countMapped, measureTransforms } from './measure/transformed-rows.ts'
import { unindexedReferences } from './measure/unindexed.ts'

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
  const { selection } = input
  const { sides, options } = await editSides(input)
  const log = new ConflictLog({ byId: input.answers, byTable: options.onConflict, again: options.again })
  const known: Sides = options.again ? { ...sides, restored: namedKeys(sides.catalog) } : sides
  const without = new Set(options.without.map((name) => restorableId(known, name)))
  // Incidents are told by what the backup itself holds.
  const direct = await nameIncidents({ ...known, catalog: input.sides.catalog }, selection, input.restoredIncidents)
  const resolved = await barNever(known, await resolveSelection(known, direct, known.withUserSearchPath))
  const decision = await decideRows(known, resolved, {
    closure: { ...options, without },
    keys: options.keys,
    columns: selection.columns,
    decider: log,
  })
  const isMet = log.conflicts.every(({ id }) => log.answers[id] !== 'skip' && log.answers[id] !== 'allocate')
  const reached = !isMet ? reachedRows(decision, resolved) : new Set<string>()
  log.forget(({ table, key }) => !reached.has(`${table}\0${key}`))
  const survivors =
    options.relink === 'none'
      ? new Map()
      : judgeSurvivors(decision.closure.survivors, decision.strangers, options.relink)
  const decided = { catalog: sides.catalog, decision, survivors }
  const tables = new Map(sides.catalog.live.tables.map((table) => [table.id, table]))
  const bare = buildSteps(decided)
  const standIns = buildStandIns(decided)
  const measured = await measureSteps(known, bare)
  const triggers = firingTriggers(tables, bare, options.triggers)
  for (const finding of outwardFindings(triggers, options.triggers)) log.decide(finding)
  const sequences = usedSequences(tables, bare, sides.catalog)
  if (!options.forOthers) refuseMissing(sides.catalog.live, bare, sequences, standIns)
  refuseUnpublishable(sides.catalog.live, bare, 'not-restorable')
  await checkRoom(known.live, sides.catalog.live, sequences)
  const used = [...new Set([...bare, ...standIns].map(({ table }) => table))].sort()
  await checkLockRoom(
    known.live,
    used.map((id) => tableOf(sides.catalog, id).live),
  )
  const declared = declaredAbout(sides.catalog.declarations, new Set(used))
  const plan: Omit<Plan, 'hash'> = {
    v: 1,
    kind: 'plan',
    made: new Date().toISOString(),
    live: input.live,
    backup: input.backup,
    unseenFrom: await readUnseenFrom(sides.live),
    undoes: null,
    selection,
    options,
    digest: { method: placedMethod(sides.hashing), value: measured.digest },
    fingerprints: Object.fromEntries(used.map((id) => [id, fingerprint(tableOf(sides.catalog, id).live)])),
    ...(isUndeclared(declared) ? {} : { declared }),
    steps: measured.steps,
    standIns,
    relations: usedRelations(sides.catalog, bare),
    conflicts: log.conflicts,
    leftOut: listLeftOut(decision, survivors, log),
    ...(decision.attached.length === 0 ? {} : { attached: buildAttached(decided) }),
    notInBackup: resolved.notInBackup,
    coverage: resolved.coverage,
    unchanged: [...decision.unchanged].map(([table, rows]) => ({ table, rows })),
    alreadyLinked: countLinked(decision),
    alsoMissing: listAlsoMissing(decision, sides.catalog, { ...options, without: [...without] }),
    lost: [...(await lostValues(known, bare)), ...measured.lost],
    triggers,
    sequences: await readSequenceMoves(known.live, sequences, bare, (id) => tableOf(sides.catalog, id)),
    defaults: takenDefaults(sides.catalog, bare),
    narrower: findNarrower(sides.catalog, bare),
    materialisedViews: await readMaterialisedViews(
      sides.live,
      [...new Set(bare.map(({ table }) => table))].map((id) => tableOf(sides.catalog, id).live),
    ),
    missingFiles: await input.findMissingFiles(known, bare),
    aside: decision.aside,
    notUndoable: listNotUndoable(sides.catalog.live, bare),
    locksParents: locksParents(sides.catalog, bare),
    bytes: measured.bytes,
    footprint: await readFootprint({
      live: known.live,
      catalog: sides.catalog.live,
      steps: bare,
      sequences,
      standIns,
      bytes: measured.bytes,
    }),
    sources: usedSources(sides.catalog.backup, used),
    edits: [...setEdits(bare, options), ...(await mappedEdits(sides, options, bare)), ...measured.edits],
    notFollowed: await listNotFollowed(known, insertedKeys(bare)),
    hints: [
      ...renameHints(sides.catalog, bare),
      ...unfollowedKeys(sides.catalog, bare, standIns),
      ...derivedColumns(sides.catalog, bare),
      ...serverBound(sides.catalog, bare),
      ...(await unindexedReferences(known.live, sides.catalog, bare)),
    ],
    answers: log.answers,
    answered: log.answers,
  }
  return { ...plan, hash: hashPlan(plan) }
}

/** Both sides as if the backup held the values that the user gives, and those as live spells them. */
const editSides = async ({
  sides,
  options,
  transforms,
}: MakePlanInput): Promise<Pick<MakePlanInput, 'sides' | 'options'>> => {
  const { set, mapEnum } = resolveEdits(sides.catalog, options)
  const spelled = { mapEnum, set: await readSetValues(sides.live, sides.catalog.live, set) }
  const edited = withEdits(sides.catalog, transforms, spelled)
  return { sides: { ...sides, ...edited }, options: { ...options, ...spelled } }
}

/** What `--map-enum` makes of the rows written. */
const mappedEdits = async (sides: Sides, { mapEnum }: PlanOptions, steps: readonly Step[]): Promise<Plan['edits']> => {
  const edits: Plan['edits'][number][] = []
  for (const [, [first, ...others]] of Map.groupBy(mapEnum, ({ table, column }) => JSON.stringify([table, column]))) {
    if (first === undefined) continue
    const { table, column } = first
    const counts = await countMapped(sides, tableOf(sides.catalog, table), column, rowsWriting(steps, table, column))
    for (const { from, to } of [first, ...others]) {
      const rows = counts.get(from) ?? 0
      if (rows > 0) edits.push({ table, column, by: 'map-enum', from, to, rows })
    }
  }
  return edits
}

/** Packed keys of the rows to be inserted, by table. */
const insertedKeys = (steps: readonly Step[]): ReadonlyMap<string, Iterable<string>> => {
  const inserts = Map.groupBy(
    steps.filter(({ action }) => action === 'insert'),
    ({ table }) => table,
  )
  return new Map([...inserts].map(([table, own]) => [table, streamKeys(own.map(({ keys }) => keys))]))
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

const restorableId = (sides: Sides, name: string): string => restorableTable(sides.catalog, name).id

/** Adds guards to steps that rely on live rows, and digests what will be written, in the order it will be staged. */
const measureSteps = async (
  sides: Sides,
  steps: readonly Step[],
): Promise<Measured & { readonly steps: readonly Step[] } & Pick<Plan, 'edits' | 'lost'>> => {
  const guarded: Step[] = []
  for (const step of steps) {
    const isGuarded = step.action === 'update' && step.because !== 'survivor'
    const table = tableOf(sides.catalog, step.table)
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

const lostValues = async (sides: Sides, steps: readonly Step[]): Promise<Plan['lost']> => {
  const lost: { table: string; column: string; values: number }[] = []
  for (const [id, keys] of insertedKeys(steps)) {
    // What a transform did not take out of its rows is counted with them.
    const table = tableOf(sides.catalog, id)
    if (sides.transforms?.has(id) || !table.drift.some(({ kind }) => kind === 'only in backup')) continue
    for (const { column, values } of await countLost(sides, table, keys)) {
      lost.push({ table: id, column, values })
    }
  }
  return lost
}
