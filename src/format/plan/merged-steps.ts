/**
 * The steps of a plan as they are listed: those that read alike are one, what was selected comes first in its table, and deletes stand
 * in the order they run, children first.
 */
import type { Plan } from '../../plan/plan.ts'
import type { Step } from '../../plan/step.ts'
import { keyRows } from '../names.ts'
import { reasonOf } from './step.ts'

const integer = /^-?\d+$/

const compareRows = (left: readonly string[], right: readonly string[]): number => {
  for (const [position, value] of left.entries()) {
    const other = right[position] ?? ''
    if (value === other) continue
    if (integer.test(value) && integer.test(other)) return BigInt(value) < BigInt(other) ? -1 : 1
    return value < other ? -1 : 1
  }
  return 0
}

const allRows = ({ rows }: Step): readonly number[] => Array.from({ length: rows }, (_, position) => position)

/** Puts steps together; rows are sorted by key, and positions of rows follow. */
const merge = (steps: readonly Step[]): readonly Step[] => {
  const [first, ...rest] = steps
  if (first === undefined || rest.length === 0) return steps
  const starts = steps.map((_, index) => steps.slice(0, index).reduce((sum, { rows }) => sum + rows, 0))
  const keys = steps.flatMap((step) => keyRows(step.keys))
  const live = steps.flatMap((step) => keyRows(step.live ?? []))
  const order = keys.map((_, row) => row).sort((a, b) => compareRows(keys[a] ?? [], keys[b] ?? []))
  const places = new Map(order.map((row, place) => [row, place]))
  const place = (step: number, rows: readonly number[]): readonly number[] =>
    rows.map((row) => places.get((starts[step] ?? 0) + row) ?? 0)
  const columns = (rows: readonly (readonly string[])[]): readonly (readonly string[])[] =>
    (rows[0] ?? []).map((_, column) => order.map((row) => rows[row]?.[column] ?? ''))
  const collect = (rowsOf: (step: Step) => readonly number[]): readonly number[] =>
    steps.flatMap((step, index) => place(index, rowsOf(step))).sort((a, b) => a - b)
  const editedSince = collect((step) => step.editedSince ?? [])
  const emptied = steps.flatMap((step, index) =>
    (step.nulled ?? []).map(({ columns: names, rows }) => ({ columns: names, rows: place(index, rows) })),
  )
  const nulled = [...Map.groupBy(emptied, ({ columns: names }) => JSON.stringify(names)).values()].map((group) => ({
    columns: group[0]?.columns ?? [],
    rows: group.flatMap(({ rows }) => rows).sort((a, b) => a - b),
  }))
  return [
    {
      ...first,
      rows: keys.length,
      keys: columns(keys),
      allocate: collect((step) => (step.allocate === 'all' ? allRows(step) : (step.allocate ?? []))),
      ...(live.length === 0 ? {} : { live: columns(live) }),
      ...(editedSince.length === 0 ? {} : { editedSince }),
      ...(nulled.length === 0 ? {} : { nulled }),
    },
  ]
}

/** The steps in the order they are listed. */
export const mergedSteps = (plan: Plan): readonly Step[] => {
  const alike = Map.groupBy(plan.steps, (step) =>
    JSON.stringify([step.action, step.table, step.live === undefined, reasonOf(plan, { ...step, rows: 2 })]),
  )
  const merged = [...alike.values()].flatMap(merge)
  const tables = [...Map.groupBy(merged, ({ action, table }) => `${action} ${table}`).values()]
  const listed = tables.flatMap((steps) => [
    ...steps.filter(({ because }) => because === 'selected'),
    ...steps.filter(({ because }) => because !== 'selected'),
  ])
  return [
    ...listed.filter(({ action }) => action !== 'delete'),
    ...listed.filter(({ action }) => action === 'delete').reverse(),
  ]
}
