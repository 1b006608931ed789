/**
 * The UPDATEs that explain rows of one transaction. A sample of those in which the same columns differ suggests what each was set to; every
 * row is asked then. What is left goes round again.
 */
import type { SharedTable } from '../../../catalog/shared.ts'
import type { Sides } from '../../../rows/sides.ts'
import { takeSome } from '../conditions/sample.ts'
import type { ChangedRows } from './changed-rows.ts'
import type { LikelyAssignment } from './expression.ts'
import { findHolding, mostAssignments } from './fingerprints.ts'
import { type PairedSample, readPairedSample, type Suggested, suggestFor } from './suggest.ts'

/** An UPDATE, and the rows that speak for it. */
export interface Update {
  readonly assignments: readonly LikelyAssignment[]
  readonly rows: readonly number[]
}

/** Fewer rows are no event. */
export const fewestRows = 3

const sampleSize = 120
const mostRounds = 6

/** What holds for so much of a sample is asked of every row. */
const usual = 0.9
const leastShare = 0.1

/** Where rows are looked for. */
export interface UpdateSearch {
  readonly sides: Sides
  readonly changed: ChangedRows
  /** True for a column that an UPDATE found before explains in all of these rows. */
  readonly isExplained: (column: string, rows: readonly number[]) => boolean
}

const suggestAll = async (
  sides: Sides,
  table: SharedTable,
  { columns, sample }: { readonly columns: readonly string[]; readonly sample: PairedSample },
): Promise<readonly Suggested[]> => {
  const found: Suggested[] = []
  for (const name of columns.slice(0, mostAssignments)) {
    const suggested = await suggestFor(sides, table, { name, sample })
    if (suggested !== null) found.push(suggested)
  }
  return found
}

/** What most rows of the sample have in common; where that is nothing, what most of those have that one value was put into. */
const suggestUpdate = async (
  sides: Sides,
  table: SharedTable,
  { columns, keys }: { readonly columns: readonly string[]; readonly keys: readonly string[] },
): Promise<readonly LikelyAssignment[]> => {
  const sample = await readPairedSample(sides, table, keys)
  const found = await suggestAll(sides, table, { columns, sample })
  const common = found.filter(({ places }) => places.length >= usual * keys.length)
  if (common.length > 0) return common.map(({ assignment }) => assignment)
  const [best] = found.toSorted((a, b) => b.places.length - a.places.length)
  if (best === undefined || best.places.length < Math.max(2, leastShare * keys.length)) return []
  const some = best.places.map((place) => keys[place] ?? '')
  const others = await suggestAll(sides, table, {
    columns: columns.filter((name) => name !== best.assignment.column),
    sample: await readPairedSample(sides, table, some),
  })
  return [best, ...others.filter(({ places }) => places.length >= usual * some.length)].map(
    ({ assignment }) => assignment,
  )
}

const everyBit = (assignments: readonly LikelyAssignment[]): number => 2 ** assignments.length - 1

/** The rows in which all assignments hold, and at least one has changed something. */
const rowsOf = async (
  { sides, changed }: UpdateSearch,
  rows: readonly number[],
  assignments: readonly LikelyAssignment[],
): Promise<readonly number[]> => {
  const keys = rows.map((row) => changed.keyOf(row))
  const masks = await findHolding(sides, changed.table, { keys, assignments })
  const names = assignments.map(({ column }) => column)
  return rows.filter(
    (row, place) =>
      masks[place] === everyBit(assignments) && changed.columnsOf(row).some((name) => names.includes(name)),
  )
}

/** What else was set in all of the rows, though it changed nothing in most of them. */
const findOthers = async (
  search: UpdateSearch,
  { assignments, rows }: Update,
): Promise<readonly LikelyAssignment[]> => {
  const { sides, changed, isExplained } = search
  const known = assignments.map(({ column }) => column)
  const counts = new Map<string, number[]>()
  for (const { columns, rows: own } of changed.bySet(rows)) {
    for (const name of columns)
      if (!known.includes(name)) counts.set(name, [...(counts.get(name) ?? []), ...takeSome(own, sampleSize)])
  }
  const found: LikelyAssignment[] = []
  for (const [name, own] of counts) {
    if (own.length < fewestRows || isExplained(name, own)) continue
    const keys = takeSome(own, sampleSize).map((row) => changed.keyOf(row))
    const suggested = await suggestFor(sides, changed.table, {
      name,
      sample: await readPairedSample(sides, changed.table, keys),
    })
    if (suggested === null || suggested.places.length < keys.length) continue
    const masks = await findHolding(sides, changed.table, {
      keys: rows.map((row) => changed.keyOf(row)),
      assignments: [suggested.assignment],
    })
    if (masks.every((mask) => mask === 1)) found.push(suggested.assignment)
  }
  return found
}

/** The UPDATE behind the columns that differ in most of the rows; null where there is none. */
const findUpdate = async (
  search: UpdateSearch,
  rows: readonly number[],
  seed: readonly number[],
): Promise<Update | null> => {
  const { sides, changed, isExplained } = search
  const names = [...new Set(changed.bySet(seed).flatMap(({ columns }) => columns))]
  const columns = names.filter((name) => !isExplained(name, seed))
  if (columns.length === 0) return null
  const keys = takeSome(seed, sampleSize).map((row) => changed.keyOf(row))
  const assignments = await suggestUpdate(sides, changed.table, { columns, keys })
  if (assignments.length === 0) return null
  const found = { assignments, rows: await rowsOf(search, rows, assignments) }
  if (found.rows.length < fewestRows) return null
  return { ...found, assignments: [...assignments, ...(await findOthers(search, found))] }
}

/** The UPDATEs that explain the rows, those of most rows first. */
export async function* findUpdates(search: UpdateSearch, rows: readonly number[]): AsyncGenerator<Update> {
  let left = rows
  for (let round = 0; round < mostRounds && left.length >= fewestRows; round++) {
    const [largest] = search.changed.bySet(left)
    const seed = largest !== undefined && largest.rows.length >= fewestRows ? largest.rows : left
    const update = await findUpdate(search, left, seed)
    if (update !== null) yield update
    const gone = search.changed.flag(update?.rows ?? seed)
    left = left.filter((row) => gone[row] === 0)
  }
}
