/**
 * Splits a plan into units for `--commit-every`: the references between its rows are read from the backup, and rows that are connected
 * stay together. Rows that earlier units of the same plan have brought back are left out. Nothing is written anywhere.
 */
import { editCatalog } from '../catalog/edits.ts'
import { RowgraftError } from '../errors.ts'
import { keysOf } from '../keys/key-columns.ts'
import { firingTriggers, usedSequences } from '../plan/effects/effects.ts'
import { hashPlan, type Plan } from '../plan/plan.ts'
import type { StandIns, Step } from '../plan/step.ts'
import { RowGroups, splitStandIns, splitStep, type UnitOf } from '../plan/units.ts'
import { readParents } from '../rows/references.ts'
import { type Sides, tableOf } from '../rows/sides.ts'
import { measureImages } from './measure/measure.ts'

export interface SplitPlanInput {
  readonly sides: Sides
  readonly plan: Plan
  /** Rows of a unit, about. */
  readonly size: number
  /** Packed backup keys, by table, of rows that units of this plan have written. */
  readonly done: ReadonlyMap<string, ReadonlySet<string>>
}

/** The rows that stand in, by table and packed backup key, with the units that refer to them. */
type Needed = Map<string, Map<string, Set<number>>>

/** Joins rows that refer to each other; calls `onStandIn` for references to rows that stand in. */
const joinRows = async ({ sides, plan }: SplitPlanInput, groups: RowGroups): Promise<readonly StandInReference[]> => {
  const standing = new Map<string, Set<string>>()
  for (const { table, backup } of plan.standIns) {
    standing.set(table, new Set([...(standing.get(table) ?? []), ...keysOf(backup)]))
  }
  const written = new Set(plan.steps.map(({ table }) => table))
  const found: StandInReference[] = []
  for (const relation of sides.catalog.relations) {
    const { child, parent } = relation
    if (!written.has(child) || !(written.has(parent) || standing.has(parent))) continue
    const { rows } = await readParents(sides, { relation, child: tableOf(sides.catalog, child) }, groups.keys(child))
    for (const { key, other } of rows) {
      groups.join([child, key], [parent, other])
      if (standing.get(parent)?.has(other)) found.push({ child, key, parent, other })
    }
  }
  return found
}

interface StandInReference {
  readonly child: string
  readonly key: string
  readonly parent: string
  readonly other: string
}

const neededBy = (references: readonly StandInReference[], unitOf: UnitOf): Needed => {
  const needed: Needed = new Map()
  for (const { child, key, parent, other } of references) {
    const unit = unitOf(child, key)
    if (unit === undefined) continue
    const rows = needed.get(parent) ?? new Map<string, Set<number>>()
    needed.set(parent, rows)
    rows.set(other, (rows.get(other) ?? new Set()).add(unit))
  }
  return needed
}

const measure = (sides: Sides, steps: readonly Step[], method: Plan['digest']['method']) =>
  measureImages(sides, steps, method)

/** Throws `plan-stale` where the backup no longer holds what was planned: units could not tell. */
const checkWhole = async (sides: Sides, { steps, digest }: Plan): Promise<void> => {
  if ((await measure(sides, steps, digest.method)).digest === digest.value) return
  throw new RowgraftError('plan-stale', 'the rows of the backup are not those the plan was made from', {
    detail: "The digest of the rows' images differs from the plan's.",
    hint: 'Make the plan again.',
  })
}

/** What a plan says of rows that it does not write: told once, by the first unit. */
const silent = {
  leftOut: [],
  notInBackup: [],
  coverage: [],
  unchanged: [],
  alreadyLinked: [],
  alsoMissing: [],
  lost: [],
  missingFiles: [],
} satisfies Partial<Plan>

/** What was said of parents that live has: it is asked again of each unit, as units before it may have written to them. */
const answeredParents = ({ conflicts, answers }: Plan): Pick<Plan, 'conflicts' | 'answers'> => {
  const parents = conflicts.filter(({ kind }) => kind === 'parent changed')
  const ids = new Set(parents.map(({ id }) => id))
  return { conflicts: parents, answers: Object.fromEntries(Object.entries(answers).filter(([id]) => ids.has(id))) }
}

/** The units of a plan in the order they are to be run; none where everything is done. */
export const splitPlan = async (input: SplitPlanInput): Promise<readonly Plan[]> => {
  const { plan, size, done } = input
  const sides: Sides = { ...input.sides, catalog: editCatalog(input.sides.catalog, plan.options) }
  await checkWhole(sides, plan)
  sides.onStage({ stage: 'split' })
  const groups = new RowGroups()
  for (const { table, keys } of plan.steps) {
    for (const key of keysOf(keys)) if (!done.get(table)?.has(key)) groups.add(table, key)
  }
  const references = await joinRows({ ...input, sides }, groups)
  const { count, unitOf } = groups.pack(size)
  const needed = neededBy(references, unitOf)
  const steps: Step[][] = Array.from({ length: count }, () => [])
  const standIns: StandIns[][] = Array.from({ length: count }, () => [])
  for (const step of plan.steps) for (const [unit, part] of splitStep(step, unitOf)) steps[unit]?.push(part)
  for (const rows of plan.standIns) {
    const parts = splitStandIns(rows, (table, key) => [...(needed.get(table)?.get(key) ?? [])])
    for (const [unit, part] of parts) standIns[unit]?.push(part)
  }
  const tables = new Map(sides.catalog.live.tables.map((table) => [table.id, table]))
  const units: Plan[] = []
  for (const [index, own] of steps.entries()) {
    const { digest, bytes } = await measure(sides, own, plan.digest.method)
    const unit: Omit<Plan, 'hash'> = {
      ...plan,
      ...(index === 0 ? {} : silent),
      // An incident is back when its last rows are.
      selection: index === count - 1 ? plan.selection : { selectors: [], columns: null },
      unit: { of: plan.hash, number: index + 1, total: count },
      digest: { method: plan.digest.method, value: digest },
      steps: own,
      standIns: standIns[index] ?? [],
      ...answeredParents(plan),
      answered: {},
      triggers: firingTriggers(tables, own, plan.options.triggers),
      sequences: usedSequences(tables, own, sides.catalog),
      bytes,
    }
    units.push({ ...unit, hash: hashPlan(unit) })
  }
  return units
}
