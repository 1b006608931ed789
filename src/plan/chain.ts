/** Why a row is in a plan: from reason to reason, back to a row that was selected. Pure; a plan holds no values to tell rows apart by. */
import type { Relation } from '../catalog/relations.ts'
import { RowgraftError } from '../errors.ts'
import { keysOf, type Plan, type Step } from './plan.ts'

/** A relation that rows of the plan came by. */
export type PlanRelation = Pick<Relation, 'id' | 'child' | 'columns' | 'parent' | 'parentColumns'>

/** One row of the chain, or several of which it is one. */
export interface ChainLink {
  readonly table: string
  /** Packed keys of the rows it may be; the first link has one. */
  readonly keys: readonly string[]
  readonly action: Step['action']
  readonly because: Step['because']
  /** How it came; null for a selected row. */
  readonly via: PlanRelation | null
  /** It gets a new key. */
  readonly isNew: boolean
}

/** The table at the other end of the relation that a step's rows came by. */
const cameFrom = (step: Step, via: PlanRelation): string => (step.because === 'parent' ? via.child : via.parent)

const linkOf = (plan: Plan, step: Step, keys: readonly string[], position: number | null): ChainLink => {
  const { table, action, because } = step
  const via = plan.relations.find(({ id }) => id === step.via) ?? null
  const isNew = step.allocate === 'all' || (position !== null && (step.allocate?.includes(position) ?? false))
  return { table, keys, action, because, via, isNew }
}

/** The shortest way from a step to one of selected rows; the last step has none where the rows it came from are not written. */
const wayFrom = (plan: Plan, start: Step): readonly Step[] => {
  const seen = new Set<Step>([start])
  let ways: readonly (readonly Step[])[] = [[start]]
  let longest: readonly Step[] = [start]
  while (ways.length > 0) {
    const done = ways.find((way) => way.at(-1)?.because === 'selected')
    if (done !== undefined) return done
    longest = ways[0] ?? longest
    ways = ways.flatMap((way) => {
      const last = way.at(-1)
      const via = plan.relations.find(({ id }) => id === last?.via)
      if (last === undefined || via === undefined) return []
      const next = plan.steps.filter((step) => step.table === cameFrom(last, via) && !seen.has(step))
      for (const step of next) seen.add(step)
      return next.map((step) => [...way, step])
    })
  }
  return longest
}

const tell = (plan: Plan, table: string, shown: string): string | null => {
  const left = plan.leftOut.find((row) => row.table === table && row.key === shown)
  if (left !== undefined) return `it is left out: ${left.why}`
  return plan.notInBackup.some((row) => row.table === table && row.key === shown) ? 'the backup does not have it' : null
}

/** The chain of a row. Throws `bad-key` for a row that the plan does not write, saying what becomes of it. */
export const chainOf = (plan: Plan, table: string, key: string, shown: string): readonly ChainLink[] => {
  for (const step of plan.steps) {
    if (step.table !== table) continue
    const position = keysOf(step.keys).indexOf(key)
    if (position === -1) continue
    const [, ...others] = wayFrom(plan, step)
    return [
      linkOf(plan, step, [key], position),
      ...others.map((other) => linkOf(plan, other, keysOf(other.keys), null)),
    ]
  }
  throw new RowgraftError('bad-key', `the plan writes no row ${shown} of "${table}"`, {
    detail: tell(plan, table, shown) ?? undefined,
    hint: 'Run "rowgraft show" with the plan alone to see all of it.',
  })
}
