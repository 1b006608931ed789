/**
 * The conditions that separate rows of one table that are gone from rows that stayed.
 *
 * Conditions are found in a sample of the roots, and judged by the backup over everything: for how many rows each holds, and how many of
 * these are missing. The one that explains most roots is taken first, of equals the simplest; then again with what is left.
 */
import { sql } from 'kysely'
import type { SharedTable } from '../../../catalog/shared.ts'
import { list } from '../../../database/names.ts'
import type { Sides } from '../../../rows/sides.ts'
import { inBatches, keyedRows, ordinal } from '../../../sql/rows.ts'
import type { Loss } from '../missing.ts'
import { type Candidate, countPopulation, countWithout, findPartitions, findValues } from './candidates.ts'
import { type Population, populationOf, withoutRows } from './population.ts'
import { findRanges } from './ranges.ts'

/** What a condition of several roots says about the backup. */
export interface FoundCondition extends Candidate {
  /** Rows of the backup for which it holds and that were lost. */
  readonly hits: number
  /** Rows of the backup for which it holds, but those that had been lost in another way. */
  readonly of: number
  /** Nothing else of the table was lost that way. */
  readonly isOnly: boolean
}

/** Roots of one table, packed, that one condition explains, if any does. */
export interface Gathered {
  readonly condition: FoundCondition | null
  readonly loss: Loss
  readonly roots: readonly string[]
}

export interface Gathering {
  readonly table: SharedTable
  /** How its rows were lost. */
  readonly loss: Loss
  readonly roots: readonly string[]
  /** Every row of the table that was lost that way, packed; the roots are among them. */
  readonly missing: readonly string[]
  /** Of marked rows: those that are gone for good, packed. They did not stay. */
  readonly others: readonly string[]
}

/** Roots without a common condition stand alone, if there are no more of them than this. */
const mostAlone = 10

/** As many as fit into the bits of a mask, with room for ranges. */
const mostCandidates = 30
const mostValues = 20
const mostRounds = 6

/** Of the rows that a condition holds for, so many must be gone for it to be worth a word. */
const leastShare = 0.9

const simplicity: readonly Candidate['kind'][] = ['partition', 'all', 'parent', 'value', 'key range', 'time range']

/** Of conditions that explain as much, the simplest; what is old goes by its time. */
const rankOf = ({ kind, isLowest }: Candidate): number =>
  simplicity.indexOf(kind) - (kind === 'time range' && isLowest ? 1.5 : 0)

interface Judged extends FoundCondition {
  readonly bit: number
}

/** What is known of the conditions of one table. */
interface Judgement {
  readonly judged: readonly Judged[]
  /** For each root, in their order, a bit per condition that holds for it. */
  readonly masks: Int32Array
}

/** Gathers the roots of one table into groups; each root is in one of them. */
export const gatherRoots = async (sides: Sides, gathering: Gathering): Promise<readonly Gathered[]> => {
  const { table, loss, roots, missing } = gathering
  if (roots.length === 1) return [{ condition: null, loss, roots }]
  const population = populationOf(table)
  const all = await countPopulation(sides, population)
  const of = all.of - gathering.others.length
  if (of === missing.length) return [{ condition: { ...all, hits: of, of, isOnly: true }, loss, roots }]
  const groups: Gathered[] = []
  const rejected = new Set<string>()
  let left = roots
  for (let round = 0; round < mostRounds && left.length > 1; round++) {
    const { judged, masks } = await judgeRound(
      sides,
      population,
      { ...gathering, roots: left },
      { isFirst: round === 0, rejected },
    )
    const found = pickConditions(table, judged, left, masks)
    if (found.groups.length === 0) break
    for (const { sql: text } of judged) rejected.add(text)
    groups.push(...found.groups.map((group) => ({ ...group, loss })))
    left = found.left
  }
  if (left.length === 0) return groups
  if (left.length > mostAlone) return [...groups, { condition: null, loss, roots: left }]
  return [...groups, ...left.map((root) => ({ condition: null, loss, roots: [root] }))]
}

/** Values first; partitions and ranges in the first round alone, and ranges only where no value explains everything. */
const judgeRound = async (
  sides: Sides,
  population: Population,
  gathering: Gathering,
  { isFirst, rejected }: { readonly isFirst: boolean; readonly rejected: ReadonlySet<string> },
): Promise<Judgement> => {
  const { roots, missing, others } = gathering
  const open = missing.length - roots.length + others.length
  const values = (await findValues(sides, population, roots)).filter(
    ({ candidate, most }) =>
      !rejected.has(candidate.sql) && (candidate.isEnd || candidate.of * leastShare <= most + open),
  )
  const wanted = values.map(({ candidate }) => candidate)
  const partitions = isFirst ? await findPartitions(sides, population) : []
  const none: Judgement = { judged: [], masks: new Int32Array(roots.length) }
  const simple = await countWithout(sides, population, [...partitions, ...wanted.slice(0, mostValues)], others)
  const early = await judge(sides, gathering, simple, none)
  const isSettled = early.judged.some((own) => isExact(own) && early.masks.every((mask) => holds(mask, own)))
  return !isFirst || isSettled
    ? early
    : judge(sides, gathering, await findRanges(sides, withoutRows(population, others), missing), early)
}

const holds = (mask: number, { bit }: Judged): boolean => (mask & (1 << bit)) !== 0

/** Counts for each candidate how many missing rows it holds for, and notes for which of the roots; adds that to what is known. */
const judge = async (
  sides: Sides,
  { table, roots, missing }: Gathering,
  candidates: readonly Candidate[],
  known: Judgement,
): Promise<Judgement> => {
  const first = known.judged.length
  const kept = candidates.slice(0, mostCandidates - first)
  if (kept.length === 0) return known
  const hits = kept.map(() => 0)
  const masks = known.masks.slice()
  const places = new Map(roots.map((root, place) => [root, place]))
  const bits = kept.map(({ where }, place) => sql`case when ${where} then ${sql.lit(1 << place)} else 0 end`)
  for (const batch of inBatches(missing)) {
    const rows = await sides.backup.rows(sql`
      select m.ord::text, m.mask::text
      from (
        select ${ordinal('k')} as ord, ${list(bits, ' + ')} as mask
        from ${keyedRows(table.backup, table.identity, batch)}
      ) m
      where m.mask <> 0`)
    for (const [ord, text] of rows) {
      const [rootPlace, mask] = [places.get(batch[Number(ord) - 1] ?? ''), Number(text)]
      for (const place of kept.keys()) if ((mask & (1 << place)) !== 0) hits[place] = (hits[place] ?? 0) + 1
      if (rootPlace !== undefined) masks[rootPlace] = (masks[rootPlace] ?? 0) | (mask << first)
    }
  }
  const judged = kept.map((candidate, place): Judged => {
    const own = hits[place] ?? 0
    return { ...candidate, hits: own, isOnly: own === missing.length, bit: first + place }
  })
  return { judged: [...known.judged, ...judged], masks }
}

const isExact = ({ hits, of }: Judged): boolean => hits === of

/** A condition that is worth a line, for so many roots. Links belong to the end that lost most, whatever else it has. */
const isWorth = (condition: Judged, explained: number): boolean => {
  const least = condition.kind === 'value' || condition.kind.endsWith('range') ? 3 : 2
  if (explained < least) return false
  return isExact(condition) || condition.isEnd || (explained >= 10 && condition.hits >= condition.of * leastShare)
}

/** A condition that is not exact must explain far more than one that is; of links, anything far more than an end of theirs. */
const weigh = (table: SharedTable, condition: Judged, explained: number): number => {
  if (condition.isEnd) return explained
  const isOfEnds = table.ends !== null && condition.kind !== 'all' && condition.kind !== 'partition'
  return (isExact(condition) ? explained : explained / 2) / (isOfEnds ? 4 : 1)
}

/** Takes the best condition, and again with what it leaves. Roots for which the same conditions hold are counted as one. */
const pickConditions = (
  table: SharedTable,
  judged: readonly Judged[],
  roots: readonly string[],
  masks: Int32Array,
): { readonly groups: readonly Omit<Gathered, 'loss'>[]; readonly left: readonly string[] } => {
  const groups: Omit<Gathered, 'loss'>[] = []
  const left = Map.groupBy(roots.keys(), (place) => masks[place] ?? 0)
  const rootsWith = (isWanted: (mask: number) => boolean): readonly string[] =>
    [...left]
      .flatMap(([mask, places]) => (isWanted(mask) ? places : []))
      .sort((a, b) => a - b)
      .map((place) => roots[place] ?? '')
  for (;;) {
    const ranked = judged
      .map((condition) => {
        let explained = 0
        for (const [mask, places] of left) if (holds(mask, condition)) explained += places.length
        return { condition, explained }
      })
      .filter(({ condition, explained }) => isWorth(condition, explained))
      .map((own) => ({ ...own, weight: weigh(table, own.condition, own.explained) }))
      .sort(
        (a, b) =>
          Number(b.condition.kind === 'partition') - Number(a.condition.kind === 'partition') ||
          b.weight - a.weight ||
          Number(isExact(b.condition)) - Number(isExact(a.condition)) ||
          rankOf(a.condition) - rankOf(b.condition) ||
          judged.indexOf(a.condition) - judged.indexOf(b.condition),
      )
    const best = ranked[0]?.condition
    if (best === undefined) return { groups, left: rootsWith(() => true) }
    groups.push({ condition: best, roots: rootsWith((mask) => holds(mask, best)) })
    for (const mask of left.keys()) if (holds(mask, best)) left.delete(mask)
  }
}
