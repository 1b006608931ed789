/** Why a row is in a plan: the rows it came along with, back to a selected one. Pure. */
import { RowgraftError } from '../errors.ts'
import { keysOf } from '../keys/key-columns.ts'
import { LeftOutError } from './left-out.ts'
import type { Plan, TableKey } from './plan.ts'
import type { PlanRelation, Step } from './step.ts'

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
export const cameFrom = (step: Step, via: PlanRelation): string => (step.because === 'parent' ? via.child : via.parent)

/** A link of rows of one step: the packed `keys` of those it may be, and the `position` of one among them all; null for several. */
export const linkOf = (
  plan: Plan,
  step: Step,
  { keys, position }: { readonly keys: readonly string[]; readonly position: number | null },
): ChainLink => {
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

/** A row that a plan writes. */
export interface StepRow {
  readonly step: Step
  readonly key: string
  /** Among the step's rows, from 0. */
  readonly position: number
}

/** A row that is asked for: its packed key, and how it was typed. */
export interface AskedRow {
  readonly table: string
  readonly key: string
  readonly shown: string
}

/** Finds a row. Throws `bad-key` for one that the plan does not write, saying what becomes of it. */
export const findStepRow = (plan: Plan, { table, key, shown }: AskedRow): StepRow => {
  for (const step of plan.steps) {
    const position = step.table === table ? keysOf(step.keys).indexOf(key) : -1
    if (position >= 0) return { step, key, position }
  }
  const isAsked = (row: TableKey): boolean => row.table === table && row.key === shown
  const message = `the plan writes no row ${shown} of "${table}"`
  const hint = 'Run "rowgraft show" with the plan alone to see all of it.'
  const leftOut = plan.leftOut.find(isAsked)
  if (leftOut !== undefined) throw new LeftOutError(message, { leftOut, hint })
  const detail = plan.notInBackup.some(isAsked) ? 'the backup does not have it' : undefined
  throw new RowgraftError('bad-key', message, { detail, hint })
}

/** The chain of a row, as far as the plan alone tells it. Throws as `findStepRow`. */
export const chainOf = (plan: Plan, table: string, key: string, shown: string): readonly ChainLink[] => {
  const { step, position } = findStepRow(plan, { table, key, shown })
  const [, ...others] = wayFrom(plan, step)
  return [
    linkOf(plan, step, { keys: [key], position }),
    ...others.map((other) => linkOf(plan, other, { keys: keysOf(other.keys), position: null })),
  ]
}
